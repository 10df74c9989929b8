package facesession

import (
	"context"
	"crypto/rand"
	"time"

	"oneton/store"
)

// claim is a step that one caller checks, and nobody else does meanwhile.
type claim struct {
	s                  *Service
	id, binding, token string
	// mine is by what the claim is known to be the caller's yet.
	mine string
	// macs are those of the frames, in an order in which no two callers wait for each
	// other.
	macs []string
	// open is the session as it was claimed.
	open session
}

// take claims the step that is due. It is late when the step has run out, which fails
// the attempt. A caller whose last frame would have been taken later than now has not
// waited for it.
func (c claim) take(ctx context.Context, last time.Duration) (open session, late bool, err error) {
	open, err = c.s.change(ctx, "claim step", c.id, c.binding, func(tx store.Tx, open *session) (*outcome, error) {
		late = false
		if open.phase != told || !same(open.token, c.token) {
			return nil, ErrStep
		}
		if late = !open.now.Before(open.stepEnds); late {
			return fail(tx, open, LivenessFailed, nil)
		}
		if last > open.now.Sub(open.toldAt) {
			return nil, &FramesError{TooFast}
		}
		first, err := comes(tx, c.macs, open.endsAt.Add(c.s.cfg.ResultLife))
		if err == nil && !first {
			err = &FramesError{Repeated}
		}
		if err != nil {
			return nil, err
		}
		open.phase, open.token, open.claimedAt = checking, hashOf(c.mine), open.now
		return nil, nil
	})
	return open, late, err
}

// held is ErrStep when the step is the caller's no more.
func (c claim) held(open *session) error {
	if open.phase != checking || !same(open.token, c.mine) {
		return ErrStep
	}
	return nil
}

// release leaves the step as it was before the claim, with the time that it took.
func (c claim) release(ctx context.Context) error {
	_, err := c.s.change(context.WithoutCancel(ctx), "release step", c.id, c.binding, func(tx store.Tx, open *session) (*outcome, error) {
		if err := c.held(open); err != nil {
			return nil, err
		}
		if err := forget(tx, c.macs); err != nil {
			return nil, err
		}
		open.stepEnds = open.stepEnds.Add(open.now.Sub(open.claimedAt))
		open.phase, open.token, open.claimedAt = told, hashOf(c.token), time.Time{}
		return nil, nil
	})
	return err
}

// settle makes true what came of the step.
func (c claim) settle(ctx context.Context, j judged) (p Progress, err error) {
	next, mine := rand.Text(), false
	open, err := c.s.change(ctx, "settle step", c.id, c.binding, func(tx store.Tx, open *session) (*outcome, error) {
		mine = false
		if err := c.held(open); err != nil {
			return nil, err
		}
		mine, open.claimedAt = true, time.Time{}
		switch {
		case j.cause != OK:
			return fail(tx, open, j.cause, j.seen)
		case j.seen != nil:
			return &outcome{code: OK, seen: j.seen}, nil
		}
		open.step++
		if j.kept != nil {
			if _, err := tx.Exec(`INSERT INTO face_session_pictures (session, place, score, content, passive) VALUES ($1, $2, $3, $4, $5)`, open.hash, open.step, j.score, j.kept, j.passive); err != nil {
				return nil, err
			}
		}
		c.s.tell(open, next)
		return nil, nil
	})
	if err != nil || !mine {
		c.undo(ctx, j.seen, err)
	}
	if err != nil {
		return Progress{}, err
	}
	if p, err = c.s.progress(open); err == nil && mine {
		p.Failed, p.Reason, p.Step = j.cause, j.reason, open.due(next)
	}
	return p, err
}
