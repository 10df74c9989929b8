package message

import "errors"

// These errors say why a message was not handed over. Their texts hold neither
// addresses nor codes.
var (
	// ErrNone means that nothing is set that delivers messages of the kind.
	ErrNone = errors.New("message: nothing is set that delivers it")

	// ErrRefused means that whoever delivers did not take it.
	ErrRefused = errors.New("message: not taken for delivery")

	// ErrConfig means that the settings name what cannot be used.
	ErrConfig = errors.New("message: unusable settings")
)
