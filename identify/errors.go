package identify

import (
	"errors"
	"fmt"
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

	// ErrSpoof means that the gallery's liveness check takes the face for an
	// imitation.
	ErrSpoof = errors.New("identify: face looks like an imitation")

	// ErrLivenessUnknown means that the gallery's liveness check could not
	// tell whether the face is real; see LivenessError.
	ErrLivenessUnknown = errors.New("identify: liveness unknown")

	// ErrPositionNotReached means that the index has not come as far as a
	// search was told to wait for. It may have later, and elsewhere.
	ErrPositionNotReached = errors.New("identify: index has not reached the position")

	// ErrPositionAhead means that the change log has not come as far as a
	// search was told to wait for: the position is of another log, or of this
	// one before it was restored from a backup.
	ErrPositionAhead = errors.New("identify: position is ahead of the change log")
)

// PhotoError is an error about one photo of several.
type PhotoError struct {
	// Index is the photo's in the request, from 0, of Count photos.
	Index, Count int
	Err          error
}

// Error counts photos from 1.
func (e *PhotoError) Error() string {
	return fmt.Sprintf("read photo %d of %d: %v", e.Index+1, e.Count, e.Err)
}

// Unwrap is what is wrong with the photo.
func (e *PhotoError) Unwrap() error { return e.Err }

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

// LivenessError is an ErrLivenessUnknown with the check's reason.
type LivenessError struct {
	Reason string
}

// Error names the reason.
func (e *LivenessError) Error() string { return ErrLivenessUnknown.Error() + ": " + e.Reason }

// Unwrap makes errors.Is(err, ErrLivenessUnknown) true.
func (e *LivenessError) Unwrap() error { return ErrLivenessUnknown }
