package decode

import (
	"errors"
	"fmt"
	"strings"
)

// ErrMediaType means that a body is of a type that the call does not take; see
// MediaTypeError.
var ErrMediaType = errors.New("decode: unsupported content type")

// MediaTypeError is an ErrMediaType with the types that the call takes.
type MediaTypeError struct {
	Accepts []string
}

// Error names the types, and is safe to show.
func (e *MediaTypeError) Error() string {
	return "the body must be " + strings.Join(e.Accepts, " or ") + ", named by Content-Type"
}

// Unwrap makes errors.Is(err, ErrMediaType) true.
func (e *MediaTypeError) Unwrap() error { return ErrMediaType }

// Error is a request that is not what its schema says. Its text is safe to
// show: it never repeats a value, which may be a photo or a secret.
type Error struct {
	// Field is the path of the field at fault, as in policy.fpir; empty when
	// the fault is not one field's.
	Field string
	// Reason says what is wrong with it, to follow the field's name.
	Reason string

	// malformed says that the body is not JSON.
	malformed bool
}

// Error names the field and the reason.
func (e *Error) Error() string {
	if e.Field == "" {
		return "the request " + e.Reason
	}
	return e.Field + " " + e.Reason
}

// Invalid is an Error of a field that the schema allows and its reader does not.
func Invalid(field, reason string) error { return &Error{Field: field, Reason: reason} }

func fault(field, format string, args ...any) error {
	return &Error{Field: field, Reason: fmt.Sprintf(format, args...)}
}

func malformed(field string) error {
	return &Error{Field: field, Reason: "is not valid JSON", malformed: true}
}
