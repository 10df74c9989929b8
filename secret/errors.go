package secret

import "errors"

// These errors say why a process must not go on with its secret.
var (
	// ErrMissing means that there is none where the database needs one.
	ErrMissing = errors.New("the database has been set up with one already, which its keys need: copy it from another server or a backup; " +
		"where it is lost, put 32 random bytes there and run 'oneton secret adopt'")
	// ErrOther means that the database was set up with another one.
	ErrOther = errors.New("this is not the secret that the database was set up with, and no key made under that one would be valid: " +
		"copy that one here from another server or a backup; where it is lost, 'oneton secret adopt' lets the database take this one")
	// ErrFile means that a file holds no secret.
	ErrFile = errors.New("it must have 32 random bytes for each of 1 to 16 versions, all different")
)
