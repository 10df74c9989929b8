package node

import (
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/rs/zerolog"
)

// errPanicked means that a part of the server ended in a panic.
var errPanicked = errors.New("a part of the server panicked")

// guarded runs work, and makes a panic of it an error, which is logged with its
// stack.
func guarded(log zerolog.Logger, doing string, work func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%s: %w: %v", doing, errPanicked, v)
			log.Error().Err(err).Bytes("stack", debug.Stack()).Msg("panic")
		}
	}()
	return work()
}
