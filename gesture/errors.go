package gesture

import "errors"

// ErrOff means that the models are not installed.
var ErrOff = errors.New("gesture: off")

// These errors mean that a clip was read and that nothing can be said of it. Their
// texts say what to do, and hold nothing of the clip.
var (
	// ErrNoFace means that too few of its pictures show a face that is large enough.
	ErrNoFace = errors.New("gesture: no face")

	// ErrSeveral means that it shows several people of whom none is the subject.
	ErrSeveral = errors.New("gesture: several people")

	// ErrSwitched means that its subject becomes another person.
	ErrSwitched = errors.New("gesture: the person changes")

	// ErrShort means that it is too short, or has too few pictures a second, to show
	// how a face moves.
	ErrShort = errors.New("gesture: too short")
)
