package embed

import (
	"errors"
	"fmt"
	"strings"

	"oneton/picture"
)

// These errors mean that the photo cannot be read; nothing else was done. They
// are package picture's.
var (
	// ErrEmpty means that no bytes were sent.
	ErrEmpty = picture.ErrEmpty

	// ErrUnsupported means that the content is not a JPEG, PNG, WebP or BMP, or a
	// variant of one that is not read (such as an animation).
	ErrUnsupported = picture.ErrUnsupported

	// ErrCorrupt means that the content starts as an image but does not
	// decode.
	ErrCorrupt = picture.ErrCorrupt

	// ErrTooLarge means that the image has more bytes, pixels or a longer
	// side than the limits allow.
	ErrTooLarge = picture.ErrTooLarge

	// ErrTooComplex means that decoding takes more work or time than photos
	// need.
	ErrTooComplex = picture.ErrTooComplex

	// ErrTooSmall means that the image has too few pixels to hold a face.
	ErrTooSmall = picture.ErrTooSmall
)

// MediaType is what a photo's content is, such as image/jpeg, or ErrUnsupported.
func MediaType(photo []byte) (string, error) { return picture.MediaType(photo) }

// ErrPack means that no such model pack is loaded; see PackError.
var ErrPack = errors.New("embed: unknown model pack")

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
