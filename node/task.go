package node

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"
)

// task is work that goes on until its context ends.
type task struct {
	doing string
	do    func(ctx context.Context) error
}

// run does the task; a panic of it is an error.
func (t task) run(ctx context.Context, log zerolog.Logger) error {
	return guarded(log, t.doing, func() error { return t.do(ctx) })
}

// runAll does the tasks at once, until ctx or one of them ends in an error, and
// returns when all have ended.
func runAll(ctx context.Context, log zerolog.Logger, tasks []task) error {
	work, ctx := errgroup.WithContext(ctx)
	for _, t := range tasks {
		work.Go(func() error { return t.run(ctx, log) })
	}
	return work.Wait()
}

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
