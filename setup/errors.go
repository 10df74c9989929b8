package setup

import (
	"errors"
	"fmt"
)

// These errors tell why a set-up is not whole. Each comes wrapped in one
// sentence that names the package or file and says what to do.
var (
	// ErrGroup means that a group is not one of Groups.
	ErrGroup = errors.New("setup: unknown group")

	// ErrPlatform means that no library is known for this operating system
	// and processor.
	ErrPlatform = errors.New("setup: no library for this platform")

	// ErrMissing means that a file is not there and that nothing was to be
	// fetched.
	ErrMissing = errors.New("setup: file is missing")

	// ErrClient means that the package client is not installed.
	ErrClient = errors.New("setup: package client is not installed")

	// ErrDownload means that the package client failed.
	ErrDownload = errors.New("setup: download failed")

	// ErrHash means that a file or archive is not the one that is pinned.
	ErrHash = errors.New("setup: SHA-256 differs")

	// ErrArchive means that an archive cannot be read or lacks a file.
	ErrArchive = errors.New("setup: unusable archive")
)

// FileError says which group's file is not as it should be. It wraps ErrMissing,
// ErrHash, or what kept the file from being read.
type FileError struct {
	Group Group
	// Given names the variable by which the file was brought by hand; empty where
	// it is set-up's to fetch.
	Given string
	Err   error
}

// Error is one sentence that names the file and says what to do.
func (e *FileError) Error() string {
	if e.Given != "" {
		return fmt.Sprintf("%v; bring the file that is pinned, or unset %s and let 'oneton setup --with %s' fetch it", e.Err, e.Given, e.Group)
	}
	return fmt.Sprintf("%v; 'oneton setup --with %s' fetches it", e.Err, e.Group)
}

// Unwrap is the cause.
func (e *FileError) Unwrap() error { return e.Err }
