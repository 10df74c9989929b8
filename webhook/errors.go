package webhook

import (
	"errors"
	"fmt"
)

// These errors say why a request cannot be served as asked; nothing was changed.
// Those of the store pass through wrapped: store.ErrNotFound for an endpoint or a
// delivery that the tenant has not.
var (
	// ErrInvalid means that an argument is malformed; see ArgumentError.
	ErrInvalid = errors.New("webhook: invalid argument")

	// ErrAddress means that a URL leads to an address that webhooks must not be sent
	// to, as one of a private network.
	ErrAddress = errors.New("webhook: address is not public")

	// ErrUnverified means that what answers at a URL did not return the challenge.
	ErrUnverified = errors.New("webhook: receiver did not return the challenge")

	// ErrTooMany means that the tenant has as many endpoints as one may have.
	ErrTooMany = errors.New("webhook: too many endpoints")

	// ErrBusy means that as many receivers of the tenant are being asked as may be
	// at once.
	ErrBusy = errors.New("webhook: busy")

	// ErrDisabled means that the endpoint is disabled, and nothing is sent to it.
	ErrDisabled = errors.New("webhook: endpoint is disabled")

	// ErrTooLarge means that an event has more than MaxBody bytes.
	ErrTooLarge = errors.New("webhook: event is too large")

	// ErrType means that an event is of a type that no room declares.
	ErrType = errors.New("webhook: unknown type of event")

	// ErrSealed means that the keys of an endpoint were sealed under a secret that
	// the service does not have; rotating makes new ones.
	ErrSealed = errors.New("webhook: keys cannot be opened")
)

// ArgumentError is an ErrInvalid about one argument of a request.
type ArgumentError struct {
	// Argument is its name: url, types, description, overlap or state.
	Argument string
	// Reason says what is wrong, and is safe to show to the caller.
	Reason string
	// Err is ErrInvalid, or what else it is.
	Err error
}

// Error names the argument.
func (e *ArgumentError) Error() string { return fmt.Sprintf("%v: %s %s", e.Err, e.Argument, e.Reason) }

// Unwrap is Err.
func (e *ArgumentError) Unwrap() error { return e.Err }

func invalid(argument, reason string, args ...any) error {
	return &ArgumentError{Argument: argument, Reason: fmt.Sprintf(reason, args...), Err: ErrInvalid}
}
