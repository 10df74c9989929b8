package node

import (
	"context"
	"errors"
	"net"
	"os"
	"time"

	"golang.org/x/sync/errgroup"

	"oneton/store"
)

// Serve answers on the listener until ctx ends, then drains and returns. It logs
// what an operator should know of the start.
func (n *Node) Serve(ctx context.Context, ln net.Listener) (err error) {
	if n.alone {
		err = n.recover(ctx)
	} else {
		var held *os.File
		if held, err = share(n.cfg, ln.Addr(), func() error { return n.recover(ctx) }); held != nil {
			defer func() { err = errors.Join(err, held.Close()) }()
		}
	}
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return ln.Close() // told to stop before it began
	}
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	n.announce(ln.Addr())
	defer func() { n.log.Info().Msg("stopped") }()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	work, failed := errgroup.WithContext(background)
	// Without any of its parts the server answers what is under way and ends.
	for _, t := range append(n.tasks(), task{"serve", func(context.Context) error { return n.Server.Serve(ln) }}) {
		work.Go(func() error { return t.run(failed, n.log) })
	}
	work.Go(func() error {
		defer stop() // the rest works until the last request is answered
		select {
		case <-ctx.Done():
		case <-failed.Done():
		}
		drain, cancel := context.WithTimeout(background, answering(n.cfg.Drain, n.cfg.Server.DrainDelay))
		defer cancel()
		return n.Server.Shutdown(drain)
	})
	if err := work.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// recover begins jobs anew that a process has left which was killed, where this one has
// the database for itself; where others may be at them, leases tell.
func (n *Node) recover(ctx context.Context) error {
	if _, shared := n.Truth.Store.(store.Listener); shared {
		return nil
	}
	return n.Jobs.Recover(ctx)
}

// tasks are what is done beside answering, until their context ends. What one
// process at a time does for all that share a database waits for its turn.
func (n *Node) tasks() []task {
	tasks := append(n.engine.tasks(),
		task{"convert faces", n.convert},
		task{"watch the index", n.watch},
		task{"delete expired faces", n.expire},
		task{"delete ended subjects", n.deleteEnded},
		task{"compact the log", n.compact},
		task{"do jobs", n.Jobs.Run},
		task{"remove ended face sessions", n.sweepFaceSessions},
	)
	if listener, ok := n.Truth.Store.(interface {
		Listen(ctx context.Context, notify func()) error
	}); ok {
		tasks = append(tasks, task{"listen to the database", func(ctx context.Context) error { return listener.Listen(ctx, n.engine.Notify) }})
	}
	if n.admin != nil {
		tasks = append(tasks, task{"serve the operator", n.admin.Run})
	}
	return tasks
}

// mostClosing is how much of a stop is kept for saving and closing at most.
const mostClosing = 5 * time.Second

// answering is how much of a stop is for requests under way; the rest is for
// saving and closing.
func answering(stop, delay time.Duration) time.Duration {
	return stop - min((stop-delay)/4, mostClosing)
}
