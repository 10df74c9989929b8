package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"oneton/store/postgres"
)

// turnRetry is the pause before a turn that another process has is asked for
// again.
const turnRetry = 500 * time.Millisecond

var (
	errTurnLost  = errors.New("another process may have taken the turn")
	errTurnTaken = errors.New("another process has the turn")
)

// turn is the right to do what one process at a time may do for all that share
// a database.
type turn interface {
	// Done is closed when the right is lost.
	Done() <-chan struct{}
	Release()
}

// acquire waits for the turn of that name: a lease of the database that
// processes of several machines share, or a file beside the one of this
// machine.
func (t *Truth) acquire(ctx context.Context, name string) (turn, error) {
	if db, ok := t.Store.(*postgres.Store); ok {
		return db.Acquire(ctx, name)
	}
	path := filepath.Join(t.data, strings.ReplaceAll(name, "/", "-")+".lock")
	for {
		f, err := lockFile(path, false)
		if err == nil {
			return &fileTurn{file: f, done: make(chan struct{})}, nil
		}
		if !errors.Is(err, errTurnTaken) {
			return nil, fmt.Errorf("take the turn of %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(turnRetry):
		}
	}
}

// during does work as long as the turn lasts: when it is lost the work's context
// ends, and errTurnLost is its cause and what is returned.
func during(ctx context.Context, t turn, work func(ctx context.Context) error) error {
	held, stop := context.WithCancelCause(ctx)
	var beside sync.WaitGroup
	defer beside.Wait()
	defer stop(nil)
	beside.Go(func() {
		select {
		case <-t.Done():
			stop(errTurnLost)
		case <-held.Done():
		}
	})
	err := work(held)
	if err != nil && held.Err() != nil {
		return context.Cause(held)
	}
	return err
}

// fileTurn is a locked file, which only the process's end or Release unlocks.
type fileTurn struct {
	file *os.File
	once sync.Once
	done chan struct{}
}

func (t *fileTurn) Done() <-chan struct{} { return t.done }

func (t *fileTurn) Release() {
	t.once.Do(func() {
		_ = t.file.Close()
		close(t.done)
	})
}
