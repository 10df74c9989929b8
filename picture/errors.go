package picture

import "errors"

// These errors mean that a picture cannot be read.
var (
	// ErrEmpty means that no bytes were given.
	ErrEmpty = errors.New("picture: empty image")

	// ErrUnsupported means that the content is not a JPEG, PNG, WebP or BMP, or a
	// variant of one that is not read (such as an animation).
	ErrUnsupported = errors.New("picture: unsupported image format")

	// ErrCorrupt means that the content starts as an image but does not
	// decode.
	ErrCorrupt = errors.New("picture: corrupt image")

	// ErrTooLarge means that the image has more bytes, pixels or a longer
	// side than the limits allow.
	ErrTooLarge = errors.New("picture: image too large")

	// ErrTooComplex means that decoding takes more work or time than photos
	// need.
	ErrTooComplex = errors.New("picture: image too complex")

	// ErrTooSmall means that a side is shorter than the limits allow.
	ErrTooSmall = errors.New("picture: image too small")
)
