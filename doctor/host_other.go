//go:build !linux && !darwin

package doctor

import "syscall"

const errNotFolder = syscall.ENOTDIR

// writable cannot be told without writing.
func writable(string) error { return nil }

// freeBytes is not known.
func freeBytes(string) (uint64, error) { return 0, skipped("this system does not tell") }
