package uqudo

import "errors"

// ErrTokenKey means that a key for signing tokens is too short, or that there is
// none.
var ErrTokenKey = errors.New("uqudo: token key too short")
