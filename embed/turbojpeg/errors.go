package turbojpeg

import "errors"

var (
	// ErrMissing means that the machine has no libjpeg-turbo that can be used.
	ErrMissing = errors.New("turbojpeg: library not found")

	// ErrUndecided means that the library did not decode the file cleanly.
	ErrUndecided = errors.New("turbojpeg: not decoded")
)
