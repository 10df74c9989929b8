package facesession

import (
	"errors"
	"fmt"
	"time"

	"oneton/argument"
	"oneton/store"
)

// These errors say why nothing was done. Errors of the store, of photos and of the
// checks pass through wrapped.
var (
	// ErrInvalid means that an argument is malformed; see argument.Error.
	ErrInvalid = errors.New("facesession: invalid argument")

	// ErrNonceUsed means that the client has used the nonce before, or that the session
	// has another.
	ErrNonceUsed = errors.New("facesession: nonce was used")

	// ErrNotFound means that the client has no such picture, or none any more.
	ErrNotFound = fmt.Errorf("facesession: no such picture: %w", store.ErrNotFound)

	// ErrGone means that a session is unknown, has ended by its time, or was purged.
	ErrGone = errors.New("facesession: session has expired or is unknown")

	// ErrUnauthorized means that the client that opened the session may not call any more.
	ErrUnauthorized = errors.New("facesession: client is not valid any more")

	// ErrElsewhere means that a session is open in another tab.
	ErrElsewhere = errors.New("facesession: session is open in another tab")

	// ErrStep means that a step's token is unknown, was used, is not the one that is due,
	// or came too late.
	ErrStep = errors.New("facesession: no such step is due")

	// ErrFrames means that a step's frames cannot be what a camera has just seen; see
	// FramesError.
	ErrFrames = errors.New("facesession: frames refused")

	// ErrBusy means that something of the session is being looked at; it may be tried
	// again soon.
	ErrBusy = errors.New("facesession: session is busy")

	// ErrCrowded means that a tenant has as many sessions under way as it may; see
	// CrowdedError.
	ErrCrowded = errors.New("facesession: too many sessions are open")

	// ErrOff means that nothing here can check a step.
	ErrOff = errors.New("facesession: no step can be checked here")

	// ErrSealed means that something cannot be opened: it is damaged, or was sealed under
	// a secret that is not here.
	ErrSealed = errors.New("facesession: cannot be opened")
)

// invalid is an argument.Error that is ErrInvalid.
func invalid(name, reason string, args ...any) error {
	return argument.New(ErrInvalid, name, reason, args...)
}

// CrowdedError is an ErrCrowded.
type CrowdedError struct {
	// Most is how many may be.
	Most int
	// After is in what time one more may be opened, at the latest.
	After time.Duration
}

// Error says how many may be open.
func (e *CrowdedError) Error() string { return fmt.Sprintf("%v: the limit is %d", ErrCrowded, e.Most) }

// Unwrap is ErrCrowded.
func (e *CrowdedError) Unwrap() error { return ErrCrowded }

// FramesReason is why frames are refused, in a word that stays the same.
type FramesReason string

// The reasons of a FramesError.
const (
	TooFew     FramesReason = "too_few"
	TooMany    FramesReason = "too_many"
	TooLarge   FramesReason = "too_large"
	NotJPEG    FramesReason = "not_jpeg"
	OutOfOrder FramesReason = "out_of_order"
	Gap        FramesReason = "gap"
	TooShort   FramesReason = "too_short"
	TooFast    FramesReason = "too_fast"
	Repeated   FramesReason = "repeated"
)

// FramesError is an ErrFrames. Nothing has changed; the step is due yet.
type FramesError struct{ Reason FramesReason }

// Error names the reason.
func (e *FramesError) Error() string { return ErrFrames.Error() + ": " + string(e.Reason) }

// Unwrap is ErrFrames.
func (e *FramesError) Unwrap() error { return ErrFrames }

// Code says to a page, and by it to the client's own, why a session gave no result.
type Code string

// The codes.
const (
	// OK is that of success.
	OK               Code = ""
	UserCancel       Code = "USER_CANCEL"
	Unauthorized     Code = "UNAUTHORIZED"
	ExpiredOrUnknown Code = "SESSION_EXPIRED_OR_NOT_FOUND"
	TooManyAttempts  Code = "SESSION_INVALIDATED_TOO_MANY_ATTEMPTS"
	MediaNotAllowed  Code = "MEDIA_NOT_ALLOWED_ERROR"
	MediaNotFound    Code = "MEDIA_NOT_FOUND_ERROR"
	Unexpected       Code = "UNEXPECTED_ERROR"
	// NoMatch and LivenessFailed are why an attempt failed.
	NoMatch        Code = "FACE_NO_MATCH"
	LivenessFailed Code = "FACE_LIVENESS_FAILED"
	// Invalid is that of a malformed request.
	Invalid Code = "INVALID_INPUT"
)

// CodeOf is the code that an error of a page's call is told by.
func CodeOf(err error) Code {
	for _, c := range []struct {
		is   error
		code Code
	}{
		{ErrGone, ExpiredOrUnknown},
		{ErrUnauthorized, Unauthorized},
		{ErrInvalid, Invalid},
		{ErrFrames, Invalid},
		{ErrNonceUsed, Invalid},
		{ErrStep, Invalid},
	} {
		if errors.Is(err, c.is) {
			return c.code
		}
	}
	return Unexpected
}
