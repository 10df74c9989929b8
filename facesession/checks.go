package facesession

import (
	"context"
	"time"
)

// Checks tells what frames of a camera show. Nothing of them is kept.
type Checks interface {
	// Plan draws the steps of an attempt at random; each can be checked here. There is
	// none where nothing can.
	Plan() []StepKind
	// Guide tells somebody before a camera what to do for a better picture.
	Guide(ctx context.Context, jpeg []byte) (Guidance, error)
	// Check tells whether the frames show what a step asks for, done by one live person,
	// who is in each of the earlier frames, too: those that former steps of the attempt
	// kept. What the frames do not show is no error; pool.ErrBusy is.
	Check(ctx context.Context, kind StepKind, frames []Frame, earlier [][]byte) (Finding, error)
}

// StepKind is what a step asks for.
type StepKind string

// The kinds of steps. Sides are the person's own.
const (
	Look      StepKind = "look"
	TurnLeft  StepKind = "turn_left"
	TurnRight StepKind = "turn_right"
	Blink     StepKind = "blink"
	Smile     StepKind = "smile"
)

// Frame is one picture of a camera.
type Frame struct {
	// At is when it was taken, since its step was shown.
	At   time.Duration
	JPEG []byte
}

// Finding is what a step's frames show.
type Finding struct {
	Passed bool
	// Reason is why not, in a word that stays the same.
	Reason string
	// Best is which frame is best compared with a photo; -1 is none.
	Best int
	// Score is how good that is for it, from 0 on; the attempt's best is compared.
	Score float64
	// Passive is what the passive check says of that frame: real, spoof or unknown;
	// empty where there is none. It is Passed that decides.
	Passive string
}

// Guidance is what to do for a better picture.
type Guidance struct {
	Code GuidanceCode
	// Box is where the face is; nil where there is none, or several.
	Box *Area
}

// Area is a rectangle in parts of a picture's width and height, from the left and top.
type Area struct{ Left, Top, Width, Height float64 }

// GuidanceCode is a guidance in a word that stays the same.
type GuidanceCode string

// The guidances.
const (
	GuideOK           GuidanceCode = "ok"
	GuideNoFace       GuidanceCode = "no_face"
	GuideSeveralFaces GuidanceCode = "several_faces"
	GuideCloser       GuidanceCode = "closer"
	GuideFurther      GuidanceCode = "further"
	GuideCentre       GuidanceCode = "centre"
	GuideTooDark      GuidanceCode = "too_dark"
	GuideTooBright    GuidanceCode = "too_bright"
	GuideBlurred      GuidanceCode = "blurred"
	GuideHoldStill    GuidanceCode = "hold_still"
	GuideLookStraight GuidanceCode = "look_straight"
)
