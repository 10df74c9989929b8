package signature

import "errors"

// These errors are the room's.
var (
	// ErrInvalid means that a text is no JWS that one of the keys signed.
	ErrInvalid = errors.New("signature: not signed by a key of this installation, or malformed")
	// ErrLife means that claims have no end, or one that is later than Longest from now.
	ErrLife = errors.New("signature: claims need an exp within the longest life")
	// ErrWaiting means that a new key is published already and waits to sign.
	ErrWaiting = errors.New("a new key waits to sign already")
	// ErrUnknown means that there is no key of that id.
	ErrUnknown = errors.New("there is no signing key of that id")
	// ErrSealed means that a private key does not open under this machine's secret.
	ErrSealed = errors.New("signature: private key does not open under this secret")
)
