package challenge

import (
	"context"
	"errors"
	"math"
	"time"

	"oneton/facesession"
	"oneton/gesture"
)

// Reasons why a step is not passed.
const (
	Unreadable   = "unreadable"
	TooMany      = "too_many"
	TooFew       = "too_few"
	NoFace       = "no_face"
	SeveralFaces = "several_faces"
	OtherPerson  = "other_person"
	Cut          = "cut"
	NotCentred   = "not_centred"
	NotTurned    = "not_turned"
	WrongSide    = "wrong_side"
	Imitation    = "imitation"
	NoBlink      = "no_blink"
	NoSmile      = "no_smile"
	Spoof        = "spoof"
)

// refusals are what films of which nothing can be said are to a step.
var refusals = []struct {
	is     error
	reason string
}{
	{errUnreadable, Unreadable},
	{gesture.ErrNoFace, NoFace},
	{gesture.ErrSeveral, SeveralFaces},
	{gesture.ErrSwitched, OtherPerson},
	{gesture.ErrShort, TooFew},
}

// turns are what is told of a head that was to turn.
var turns = map[gesture.Turn]string{
	gesture.NotTurned: NotTurned, gesture.NotCentred: NotCentred, gesture.WrongSide: WrongSide,
	gesture.Flat: Imitation, gesture.Jumps: Cut,
}

func failed(reason string) facesession.Finding { return facesession.Finding{Reason: reason, Best: -1} }

// Check is facesession.Checks'. Its errors are gesture.ErrOff, the pool's and the
// context's.
func (c *Checks) Check(ctx context.Context, kind facesession.StepKind, frames []facesession.Frame, earlier [][]byte) (facesession.Finding, error) {
	if len(frames) > facesession.MaxFrames || len(earlier) > mostSteps+1 {
		return failed(TooMany), nil
	}
	film, err := c.judge.Watch(ctx, pictures(ctx, frames))
	for _, r := range refusals {
		if errors.Is(err, r.is) {
			return failed(r.reason), nil
		}
	}
	if err != nil {
		return failed(""), err
	}
	if reason := Missing(film, kind); reason != "" {
		return failed(reason), nil
	}
	return c.choose(ctx, film, frames, earlier)
}

// Missing is why a film does not show what a step asks for; empty where it does. Who is
// seen in it is not told by that.
func Missing(film gesture.Film, kind facesession.StepKind) string {
	// A turn tells more of where it is cut.
	switch kind {
	case facesession.TurnLeft:
		if t := film.Turns(gesture.Left); t != gesture.Turned {
			return turns[t]
		}
	case facesession.TurnRight:
		if t := film.Turns(gesture.Right); t != gesture.Turned {
			return turns[t]
		}
	case facesession.Blink:
		if !film.Blinks() {
			return NoBlink
		}
	case facesession.Smile:
		if !film.Smiles() {
			return NoSmile
		}
	default:
		if !looks(film) {
			return NotCentred
		}
	}
	if film.Pieces() > 1 {
		return Cut
	}
	return ""
}

const (
	// ahead is the most that a head is turned, in degrees, that looks into the camera,
	// and lookedFor how long it must.
	ahead     = 16
	lookedFor = 300 * time.Millisecond
)

// looks says whether the person looks into the camera for a while.
func looks(film gesture.Film) bool {
	since := time.Duration(-1)
	for _, s := range film.Sights() {
		switch {
		case math.Abs(s.Yaw) > ahead:
			since = -1
		case since < 0:
			since = s.At
		case s.At-since >= lookedFor:
			return true
		}
	}
	return false
}
