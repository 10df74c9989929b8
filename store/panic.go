package store

import (
	"fmt"
	"runtime/debug"
)

// Guard runs a caller's part of a write, and makes a panic of it ErrPanicked,
// with its stack, so that it costs no other caller's write.
func Guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanicked, v, debug.Stack())
		}
	}()
	return do()
}
