//go:build !linux

package sqlite

import "os"

func allocate(f *os.File, at, n int64) error { return fillUp(f, at, n) }
