package kyc

import (
	"errors"
	"fmt"
	"strings"

	"oneton/argument"
	"oneton/identify"
	"oneton/photo"
)

// These errors say why nothing was done. Errors of the store and the queue pass
// through wrapped.
var (
	// ErrSession means that a token is of no open session: it is unknown, has ended
	// or was closed, or the key that opened it is not valid any more.
	ErrSession = errors.New("kyc: no open session")

	// ErrInvalid means that an argument is missing or malformed; see argument.Error.
	ErrInvalid = errors.New("kyc: invalid argument")

	// ErrUses means that the session has used an endpoint as often as it may.
	ErrUses = errors.New("kyc: endpoint is used up for this session")

	// ErrNotFound means that the tenant has no such thing; see NotFoundError.
	ErrNotFound = errors.New("kyc: not found")

	// ErrNotInReview means that an attempt is not in review, so that no reviewer
	// decides on it.
	ErrNotInReview = errors.New("kyc: attempt is not in review")

	// ErrNotRegistrable means that no user is registered from an attempt that is not
	// a signup's, or has not the status SUCCESS.
	ErrNotRegistrable = errors.New("kyc: attempt is no successful signup")

	// ErrRegistered means that a user was registered from the attempt, with another
	// document.
	ErrRegistered = errors.New("kyc: attempt has a user")

	// ErrDocumentTaken means that the tenant has another user with that document.
	ErrDocumentTaken = errors.New("kyc: document is another user's")

	// ErrRefused means that a photo, a document or a clip cannot be checked; see
	// RefusedError.
	ErrRefused = errors.New("kyc: refused")

	// ErrWorkflow means that the definition of a workflow cannot work.
	ErrWorkflow = errors.New("kyc: invalid workflow")
)

// invalid is an argument.Error that is ErrInvalid.
func invalid(name, reason string, args ...any) error {
	return argument.New(ErrInvalid, name, reason, args...)
}

// NotFoundError is an ErrNotFound of one thing.
type NotFoundError struct {
	// Kind is attempt, user, job, photo or workflow.
	Kind string
	// ID is what was asked for.
	ID string
}

// Error names the kind alone: an error is logged, and a document's number is its
// holder's.
func (e *NotFoundError) Error() string { return fmt.Sprintf("%v: %s", ErrNotFound, e.Kind) }

// Unwrap is ErrNotFound.
func (e *NotFoundError) Unwrap() error { return ErrNotFound }

// Code says in a word why something cannot be checked; it stays the same.
type Code string

// The codes of a RefusedError.
const (
	PhotoEmpty        Code = "photo_empty"
	PhotoUnsupported  Code = "photo_unsupported"
	PhotoCorrupt      Code = "photo_corrupt"
	PhotoTooLarge     Code = "photo_too_large"
	PhotoTooSmall     Code = "photo_too_small"
	PhotoTooComplex   Code = "photo_too_complex"
	NoFace            Code = "no_face"
	SeveralFaces      Code = "several_faces"
	FaceTooSmall      Code = "face_too_small"
	FaceNotComparable Code = "face_not_comparable"
	FaceImitation     Code = "face_imitation"
	LivenessUnknown   Code = "liveness_unknown"
	DocumentsOff      Code = "documents_off"
	DocumentTooSmall  Code = "document_too_small"
	VideoOff          Code = "video_off"
	ClipUnsupported   Code = "clip_unsupported"
	ClipCorrupt       Code = "clip_corrupt"
	ClipTooLarge      Code = "clip_too_large"
	ClipTooLong       Code = "clip_too_long"
	ClipTooComplex    Code = "clip_too_complex"
	ClipTooShort      Code = "clip_too_short"
	GesturesOff       Code = "gestures_off"
	UnknownUser       Code = "unknown_user"
	UserWithoutFace   Code = "user_without_face"
	WorkflowGone      Code = "workflow_gone"
	CheckFailed       Code = "failed"
)

// RefusedError is an ErrRefused with what was wrong with which argument.
type RefusedError struct {
	Code Code `json:"code"`
	// Argument is as in argument.Error; empty where it is about none.
	Argument string `json:"argument,omitempty"`
	// Reason is a sentence for the caller, without an end.
	Reason string `json:"msg"`
}

// Error names the code and the argument.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("%v: %s: %s", ErrRefused, e.Argument, e.Reason)
}

// Unwrap is ErrRefused.
func (e *RefusedError) Unwrap() error { return ErrRefused }

// Refuse is a RefusedError about what a check was given, for the rooms that do it;
// the argument is filled in by the check.
func Refuse(code Code, reason string) error { return &RefusedError{Code: code, Reason: reason} }

// refusals are what the errors of other rooms are to a caller.
var refusals = []struct {
	is     error
	code   Code
	reason string
}{
	{photo.ErrEmpty, PhotoEmpty, "the file is empty"},
	{photo.ErrUnsupported, PhotoUnsupported, "the file is not a JPEG, PNG, WebP or BMP photo"},
	{photo.ErrCorrupt, PhotoCorrupt, "the photo is damaged; send it again"},
	{photo.ErrTooLarge, PhotoTooLarge, "the photo has more bytes or pixels than are read; send a smaller one"},
	{photo.ErrTooComplex, PhotoTooComplex, "the photo takes more work to read than photos need; send it as a plain JPEG"},
	{photo.ErrTooSmall, PhotoTooSmall, "the photo has too few pixels; send a larger one"},
	{identify.ErrNoFace, NoFace, "no face was found in the photo"},
	{identify.ErrSeveralFaces, SeveralFaces, "the photo shows several faces, of which none is clearly the person"},
	{identify.ErrFaceTooSmall, FaceTooSmall, "the face has too few pixels; take the photo from nearer"},
	{identify.ErrLowQuality, FaceNotComparable, "the face cannot be told apart from others; take a sharper photo in better light"},
	{identify.ErrSpoof, FaceImitation, "the face looks like a picture of one; take the photo of the person"},
	{identify.ErrLivenessUnknown, LivenessUnknown, "it cannot be told whether the photo is of a person; take it from somewhat farther"},
}

// refused is the RefusedError that an error of another room means about an argument,
// or the error itself where it means none.
func refused(argument string, err error) error {
	if r, ok := errors.AsType[*RefusedError](err); ok {
		return &RefusedError{Code: r.Code, Argument: argument, Reason: r.Reason}
	}
	for _, r := range refusals {
		if !errors.Is(err, r.is) {
			continue
		}
		reason := r.reason
		if errors.Is(err, photo.ErrUnsupported) { // what the file is instead, and what to do
			if _, detail, ok := strings.Cut(err.Error(), photo.ErrUnsupported.Error()+": "); ok {
				reason = detail
			}
		}
		return &RefusedError{Code: r.code, Argument: argument, Reason: reason}
	}
	return err
}
