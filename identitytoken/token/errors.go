package token

import "errors"

// These errors say why a token is not opened.
var (
	// ErrMalformed means that a text is no token.
	ErrMalformed = errors.New("token: not an identity token")

	// ErrKey means that the token is sealed under a key that is not among those at
	// hand: it was replaced and has been taken away.
	ErrKey = errors.New("token: sealed under a key that is not here")

	// ErrSeal means that the seal does not hold: the token was altered, or was made
	// for another tenant or another context.
	ErrSeal = errors.New("token: altered, or made for another tenant or context")

	// ErrExpired means that the token's time is over.
	ErrExpired = errors.New("token: expired")

	// ErrAccuracy means that the token was made for another accuracy, or that
	// there is none of that number.
	ErrAccuracy = errors.New("token: other accuracy")

	// ErrOpenOnly means that the keys open tokens and do not compare with them.
	ErrOpenOnly = errors.New("token: these keys open tokens and cannot compare with them")

	// ErrKeys means that keys cannot be used.
	ErrKeys = errors.New("token: unusable keys")
)
