package facesession

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"

	"oneton/store"
)

// Begin begins the next attempt, which is counted here, so that none is had for
// nothing; or goes on with the one under way, as after a reload: the same step until
// the same time, under a new token. A step that was let run out has failed its attempt.
// ErrBusy while a step is checked, and when the tab asked just now.
func (s *Service) Begin(ctx context.Context, id, binding string) (p Progress, err error) {
	if err := s.admit(ctx, "begin", id, binding); err != nil {
		return Progress{}, err
	}
	plan := s.rooms.Checks.Plan()
	if len(plan) == 0 {
		return Progress{}, ErrOff
	}
	token := rand.Text()
	var failed string
	open, err := s.change(ctx, "begin attempt", id, binding, func(tx store.Tx, open *session) (*outcome, error) {
		failed = ""
		switch {
		case open.phase == told && open.now.Before(open.stepEnds):
			open.token = hashOf(token)
			return nil, nil
		case open.phase == told:
			failed = TooLate
		case open.phase == checking && !open.lost(s.cfg):
			return nil, ErrBusy
		case open.phase == checking:
			failed = Lost
		}
		if failed != "" {
			if over, err := fail(tx, open, LivenessFailed, nil); err != nil || over != nil {
				return over, err
			}
		}
		open.attempt++
		open.plan, open.step = plan, 0
		s.tell(open, token)
		return nil, nil
	})
	if err != nil {
		return Progress{}, err
	}
	if p, err = s.progress(open); err != nil {
		return Progress{}, err
	}
	if failed != "" {
		p.Failed, p.Reason = LivenessFailed, failed
	}
	p.Step = open.due(token)
	return p, nil
}

// tell makes the step of the plan due.
func (s *Service) tell(open *session, token string) {
	open.phase, open.token = told, hashOf(token)
	open.toldAt, open.stepEnds = open.now, open.now.Add(s.cfg.StepTime)
}

// due is the step whose token it is; nil where none is due.
func (s session) due(token string) *Step {
	if s.phase != told {
		return nil
	}
	return &Step{
		Token: token, Kind: s.plan[s.step], Attempt: s.attempt, Number: s.step + 1, Of: len(s.plan),
		Left: min(s.stepEnds.Sub(s.now), s.endsAt.Sub(s.now)),
	}
}

// Step checks the frames of the step that is due, which are cleared. The token is used
// up by it, unless the error is a FramesError, or one of the checks, which leave all as
// it was. When the last step is passed, the attempt's best frame is compared with the
// photo, and a match ends the session with a result.
func (s *Service) Step(ctx context.Context, id, binding, token string, frames []Frame) (Progress, error) {
	defer wipe(frames)
	if err := checkFrames(frames); err != nil {
		return Progress{}, err
	}
	if _, err := s.find(ctx, id); err != nil {
		return Progress{}, err
	}
	c := claim{s: s, id: id, binding: binding, token: token, mine: rand.Text()}
	for _, f := range frames {
		c.macs = append(c.macs, s.once.macs([]byte("frame"), f.JPEG)...)
	}
	slices.Sort(c.macs)
	open, late, err := c.take(ctx, frames[len(frames)-1].At)
	if err != nil {
		return Progress{}, err
	}
	if late || open.phase == ended {
		p, err := s.progress(open)
		if late {
			p.Failed, p.Reason = LivenessFailed, TooLate
		}
		return p, err
	}
	c.open = open
	j, err := s.judge(open.working(ctx), open, frames)
	if err != nil {
		return Progress{}, errors.Join(err, c.release(ctx))
	}
	if j.seen != nil {
		defer clear(j.seen.image)
	}
	return c.settle(ctx, j)
}

// wipe overwrites pictures that nobody needs any more.
func wipe(frames []Frame) {
	for _, f := range frames {
		clear(f.JPEG)
	}
}

// judged is what came of a step.
type judged struct {
	// cause is why the attempt failed; OK where it did not.
	cause  Code
	reason string
	// kept is the frame to keep, where it was not the last step; sealed.
	kept    []byte
	score   int64
	passive string
	// seen is what the comparison told, after the last step.
	seen *seen
}

// judge checks frames as the session's step asks for, and after the last compares.
func (s *Service) judge(ctx context.Context, open session, frames []Frame) (j judged, err error) {
	shots, err := s.shots(ctx, open)
	if err != nil {
		return judged{}, err
	}
	defer shots.wipe()
	found, err := s.rooms.Checks.Check(ctx, open.plan[open.step], frames, shots.earlier())
	if err != nil {
		return judged{}, fmt.Errorf("check step: %w", err)
	}
	if !found.Passed {
		return judged{cause: LivenessFailed, reason: found.Reason}, nil
	}
	if found.Best >= 0 && found.Best < len(frames) {
		shots = append(shots, shot{place: open.step + 1, score: millionths(found.Score), jpeg: frames[found.Best].JPEG, passive: found.Passive})
	}
	if open.step+1 < len(open.plan) {
		if last := shots[len(shots)-1]; last.place == open.step+1 {
			j.score, j.passive = last.score, last.passive
			j.kept, err = s.seals.seal(open.id, sealedPicture, last.place, last.jpeg)
		}
		return j, err
	}
	return s.compare(ctx, open, shots)
}

// millionths keep a score in a whole number.
func millionths(score float64) int64 {
	const one, most = 1e6, 1e6
	return int64(min(max(score, 0), most) * one)
}
