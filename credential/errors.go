package credential

import (
	"errors"
	"fmt"
	"time"
)

// These errors say why a pair is not verified or gets no token.
var (
	// ErrAddress means that an email address or a phone number is none that codes
	// are sent to. It comes as an *AddressError.
	ErrAddress = errors.New("credential: unusable address")

	// ErrCode means that the codes are not those that were sent; which of them is
	// wrong, or whether any was sent, is not told.
	ErrCode = errors.New("credential: wrong codes")

	// ErrCodeEnded means that the codes have expired or were used, or that as many
	// were tried as may be: others must be asked for.
	ErrCodeEnded = errors.New("credential: codes are expired or used up")

	// ErrUnverified means that the pair was not verified just before, or a token was
	// had for it since.
	ErrUnverified = errors.New("credential: pair is not verified")

	// ErrOff means that tokens are given to verified pairs only.
	ErrOff = errors.New("credential: tokens for unverified pairs are switched off")

	// ErrLimited means that as much was asked as may be. It comes as a *LimitError.
	ErrLimited = errors.New("credential: too many requests")

	// ErrDelivery means that a code could not be handed over for delivery.
	ErrDelivery = errors.New("credential: delivery failed")

	// ErrNotIssued means that a key is valid but was made by an operator, who alone
	// replaces and revokes it.
	ErrNotIssued = errors.New("credential: key was made by an operator")

	// ErrKey means that there is no key to keep hashes under, or a short one.
	ErrKey = errors.New("credential: key too short")
)

// The fields that an AddressError names.
const (
	Email = "email"
	Phone = "phone"
)

// AddressError says what is wrong with an address, without repeating it.
type AddressError struct {
	// Field is Email or Phone.
	Field string
	// Want is what it must be.
	Want string
}

// Error names the field and what it must be.
func (e *AddressError) Error() string { return fmt.Sprintf("%v: %s %s", ErrAddress, e.Field, e.Want) }

// Unwrap is ErrAddress.
func (e *AddressError) Unwrap() error { return ErrAddress }

// LimitError says when there is room again.
type LimitError struct{ RetryAfter time.Duration }

// Error says when to come back.
func (e *LimitError) Error() string {
	return fmt.Sprintf("%v: try again in %v", ErrLimited, e.RetryAfter.Round(time.Second))
}

// Unwrap is ErrLimited.
func (e *LimitError) Unwrap() error { return ErrLimited }
