package identify

import (
	"errors"
	"fmt"
	"strings"

	"oneton/photo"
	"oneton/store"
)

// These errors say why a request cannot be served as asked; nothing was
// changed. Errors of the store, the index and the embedder pass through
// wrapped.
var (
	// ErrInvalid means that an argument is malformed; see ArgumentError.
	ErrInvalid = errors.New("identify: invalid argument")

	// ErrTooManyFaces means that a subject would have more than MaxFaces.
	ErrTooManyFaces = errors.New("identify: subject has too many faces")

	// ErrNoFace means that no face was found in a photo that must show one.
	ErrNoFace = errors.New("identify: no face in the photo")

	// ErrSeveralFaces means that the photo shows several faces of which none
	// is clearly the subject.
	ErrSeveralFaces = errors.New("identify: several faces in the photo")

	// ErrFaceTooSmall means that the face has too few pixels to be compared.
	ErrFaceTooSmall = errors.New("identify: face too small")

	// ErrLowQuality means that the gallery's quality gate refused the photo, or
	// that a face to enrol cannot be compared; see QualityError.
	ErrLowQuality = errors.New("identify: quality too low")

	// ErrSpoof means that the gallery's liveness check takes the face for an
	// imitation.
	ErrSpoof = errors.New("identify: face looks like an imitation")

	// ErrLivenessUnknown means that the gallery's liveness check could not
	// tell whether the face is real; see LivenessError.
	ErrLivenessUnknown = errors.New("identify: liveness unknown")

	// ErrPolicyDamaged means that the gallery's policy is damaged, and can be
	// mended by a whole one. It is a store.ErrDamaged.
	ErrPolicyDamaged = fmt.Errorf("%w: the gallery's policy", store.ErrDamaged)

	// ErrPositionNotReached means that the index has not come as far as a
	// search was told to wait for. It may have later, and elsewhere.
	ErrPositionNotReached = errors.New("identify: index has not reached the position")

	// ErrPositionAhead means that the change log has not come as far as a
	// search was told to wait for: the position is of another log, or of this
	// one before it was restored from a backup.
	ErrPositionAhead = errors.New("identify: position is ahead of the change log")
)

// ArgumentError is an error about one argument of a request.
type ArgumentError struct {
	// Argument is its path, as in policy.fpir; of several photos, photo[1] is
	// the second.
	Argument string
	// Err is what is wrong with it: an ErrInvalid, or of a photo or a pack
	// whatever became of it.
	Err error
}

// Error names the argument.
func (e *ArgumentError) Error() string { return e.Argument + ": " + e.Err.Error() }

// Unwrap is what is wrong with the argument.
func (e *ArgumentError) Unwrap() error { return e.Err }

// about says that err is of the argument.
func about(argument string, err error) error {
	if err == nil {
		return nil
	}
	return &ArgumentError{Argument: argument, Err: err}
}

// aboutPhoto says that err is of the photo or, where its pack is not loaded,
// of the argument that chose the pack.
func aboutPhoto(argument, pack string, err error) error {
	if errors.Is(err, photo.ErrPack) {
		return about(pack, err)
	}
	return about(argument, err)
}

// aboutPack says which argument chose a pack that is not loaded.
func aboutPack(pack string, err error) error {
	if errors.Is(err, photo.ErrPack) {
		return about(pack, err)
	}
	return err
}

// invalid is an ErrInvalid whose reason follows the argument's name, and is
// safe to show to the caller.
func invalid(argument, reason string, args ...any) error {
	return about(argument, fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(reason, args...)))
}

// The kinds of what a tenant has.
const (
	KindGallery = "gallery"
	KindSubject = "subject"
	KindFace    = "face"
	KindPhoto   = "photo"
)

// ResourceError is a store.ErrNotFound or store.ErrExists with what it is
// that is not there, or is there already.
type ResourceError struct {
	Kind string
	// Name is the gallery's, or the subject's or face's id; empty for any.
	Name string
	// In is what it is looked for in, nil for the tenant.
	In  *ResourceError
	Err error
}

// Error names the kind alone: an error is logged, and an id is its owner's.
func (e *ResourceError) Error() string { return e.Kind + ": " + e.Err.Error() }

// Unwrap is the store's error.
func (e *ResourceError) Unwrap() error { return e.Err }

// galleryError says which gallery err is about, if it is about one.
func galleryError(name string, err error) error {
	return resourceError(&ResourceError{Kind: KindGallery, Name: name, Err: err})
}

// subjectError says which subject err is about, if it is about one.
func subjectError(g store.Gallery, id store.SubjectID, err error) error {
	return resourceError(&ResourceError{Kind: KindSubject, Name: string(id), In: &ResourceError{Kind: KindGallery, Name: g.Name}, Err: err})
}

func resourceError(e *ResourceError) error {
	if errors.Is(e.Err, store.ErrNotFound) || errors.Is(e.Err, store.ErrExists) {
		return e
	}
	return e.Err
}

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
