package clip

import "errors"

// These errors mean that a clip cannot be read. Their texts say what to do, and
// hold nothing of the clip.
var (
	// ErrEmpty means that no bytes were sent.
	ErrEmpty = errors.New("clip: empty")

	// ErrUnsupported means that the content is no clip of a kind that is read.
	ErrUnsupported = errors.New("clip: unsupported format")

	// ErrVideoOff means that the content is a video and that this machine has no
	// ffmpeg to read it with.
	ErrVideoOff = errors.New("clip: video is off")

	// ErrCorrupt means that the content begins as a clip but does not decode.
	ErrCorrupt = errors.New("clip: corrupt")

	// ErrTooLarge means that the clip has more bytes, or its pictures more
	// pixels, than the limits allow.
	ErrTooLarge = errors.New("clip: too large")

	// ErrTooLong means that the clip lasts longer, or has more pictures, than the
	// limits allow.
	ErrTooLong = errors.New("clip: too long")

	// ErrTooComplex means that decoding takes more work or time than clips need.
	ErrTooComplex = errors.New("clip: too complex")
)
