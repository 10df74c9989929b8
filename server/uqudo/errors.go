package uqudo

import "errors"

// ErrTokenKey means that the key for signing tokens is too short.
var ErrTokenKey = errors.New("uqudo: token key too short")
