package photo

import (
	"errors"
	"fmt"
	"strings"
)

// These errors mean that a photo cannot be read; nothing else was done.
var (
	// ErrEmpty means that no bytes were sent.
	ErrEmpty = errors.New("photo: empty image")

	// ErrUnsupported means that the content is not a JPEG, PNG, WebP or BMP, or a
	// variant of one that is not read (such as an animation).
	ErrUnsupported = errors.New("photo: unsupported image format")

	// ErrCorrupt means that the content starts as an image but does not
	// decode.
	ErrCorrupt = errors.New("photo: corrupt image")

	// ErrTooLarge means that the image has more bytes, pixels or a longer
	// side than the limits allow.
	ErrTooLarge = errors.New("photo: image too large")

	// ErrTooComplex means that decoding takes more work or time than photos
	// need.
	ErrTooComplex = errors.New("photo: image too complex")

	// ErrTooSmall means that the image has too few pixels to hold a face: a side is
	// shorter than the limits allow.
	ErrTooSmall = errors.New("photo: image too small")
)

// ErrPack means that no such model pack is loaded; see PackError.
var ErrPack = errors.New("photo: unknown model pack")

// PackError is an ErrPack with the packs that are loaded.
type PackError struct {
	Pack   string
	Loaded []string
}

// Error names the packs.
func (e *PackError) Error() string {
	return fmt.Sprintf("%v: %q; loaded are %s", ErrPack, e.Pack, strings.Join(e.Loaded, ", "))
}

// Unwrap makes errors.Is(err, ErrPack) true.
func (e *PackError) Unwrap() error { return ErrPack }
