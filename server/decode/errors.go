package decode

import (
	"errors"
	"fmt"
)

// ErrMediaType means that a body is neither JSON, nor a form, nor an image.
var ErrMediaType = errors.New("decode: unsupported content type")

// Error is a request that is not what its schema says. Its text is safe to
// show: it never repeats a value, which may be a photo or a secret.
type Error struct {
	// Field is the path of the field at fault, as in policy.fpir; empty when
	// the fault is not one field's.
	Field string
	// Reason says what is wrong with it, to follow the field's name.
	Reason string
}

// Error names the field and the reason.
func (e *Error) Error() string {
	if e.Field == "" {
		return "the request " + e.Reason
	}
	return e.Field + " " + e.Reason
}

func fault(field, format string, args ...any) error {
	return &Error{Field: field, Reason: fmt.Sprintf(format, args...)}
}
