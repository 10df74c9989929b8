package pack

import "errors"

// These errors say why a pack cannot be loaded.
var (
	// ErrManifest means that the manifest breaks what Manifest says of it.
	ErrManifest = errors.New("pack: bad manifest")

	// ErrUnknown means that no pack of this name is built in, and no manifest
	// file has this path.
	ErrUnknown = errors.New("pack: no such pack")

	// ErrMissing means that a file of the pack is not there.
	ErrMissing = errors.New("pack: file missing")

	// ErrVersion means that the pack cannot convert what this version made.
	ErrVersion = errors.New("pack: version is not converted")

	// ErrHash means that a file is not the one that the manifest names.
	ErrHash = errors.New("pack: wrong SHA-256")
)
