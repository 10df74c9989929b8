package identify

import (
	"errors"
	"strings"
)

// These errors say why a request cannot be served as asked; nothing was
// changed. Errors of the store, the index and the embedder pass through
// wrapped.
var (
	// ErrInvalid means that an argument is malformed. The text wrapped
	// around it names the argument and is safe to show to the caller.
	ErrInvalid = errors.New("identify: invalid argument")

	// ErrNoFace means that no face was found in a photo that must show one.
	ErrNoFace = errors.New("identify: no face in the photo")

	// ErrSeveralFaces means that the photo shows several faces of which none
	// is clearly the subject.
	ErrSeveralFaces = errors.New("identify: several faces in the photo")

	// ErrFaceTooSmall means that the face has too few pixels to be compared.
	ErrFaceTooSmall = errors.New("identify: face too small")

	// ErrLowQuality means that the gallery's quality gate refused the photo;
	// see QualityError.
	ErrLowQuality = errors.New("identify: quality too low")
)

// QualityError is an ErrLowQuality with the reasons the gate gave.
type QualityError struct {
	Reasons []string
}

// Error names the reasons.
func (e *QualityError) Error() string {
	return ErrLowQuality.Error() + ": " + strings.Join(e.Reasons, ", ")
}

// Unwrap makes errors.Is(err, ErrLowQuality) true.
func (e *QualityError) Unwrap() error { return ErrLowQuality }
