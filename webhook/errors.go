package webhook

import (
	"errors"

	"oneton/argument"
)

// These errors say why a request cannot be served as asked; nothing was changed.
// Those of the store pass through wrapped: store.ErrNotFound for an endpoint or a
// delivery that the tenant has not.
var (
	// ErrInvalid means that an argument is malformed; see argument.Error.
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

	// ErrUnsigned means that what is sent to the endpoint is not signed, so that it has
	// no keys to rotate.
	ErrUnsigned = errors.New("webhook: messages are not signed")

	// ErrErased means that what was sent is erased, and cannot be sent anew.
	ErrErased = errors.New("webhook: message is erased")

	// ErrSealed means that the keys or credentials of an endpoint were sealed under a secret that
	// the service does not have; rotating, or setting them, makes new ones.
	ErrSealed = errors.New("webhook: keys cannot be opened")

	// errUnopened means the same of a result that is to be sent.
	errUnopened = errors.New("webhook: result cannot be opened")
)

// invalid is an argument.Error that is ErrInvalid.
func invalid(name, reason string, args ...any) error {
	return argument.New(ErrInvalid, name, reason, args...)
}
