// Package argument is the error of rooms that refuse one argument of a request: which it
// is, and what it must be.
package argument

import "fmt"

// Error is about one argument.
type Error struct {
	// Argument is its name in the API, as in maxAttempts.
	Argument string
	// Reason follows the name and says what it must be; it is safe to show to the caller.
	Reason string
	// Err is the sentinel of the room that refuses it.
	Err error
}

// New is an Error with a reason that is formatted as by fmt.Sprintf.
func New(is error, argument, reason string, args ...any) *Error {
	return &Error{Argument: argument, Reason: fmt.Sprintf(reason, args...), Err: is}
}

// Error names the room's sentinel and the argument.
func (e *Error) Error() string { return fmt.Sprintf("%v: %s", e.Err, e.Told()) }

// Told is the sentence for the caller, without an end.
func (e *Error) Told() string { return e.Argument + " " + e.Reason }

// Unwrap is the sentinel.
func (e *Error) Unwrap() error { return e.Err }
