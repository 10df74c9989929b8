package node

import (
	"context"
	"errors"
	"net"
	"time"

	"golang.org/x/sync/errgroup"
)

// Serve answers on the listener until ctx ends, then drains and returns. It logs
// what an operator should know of the start.
func (n *Node) Serve(ctx context.Context, ln net.Listener) error {
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

// tasks are what is done beside answering, until their context ends. What one
// process at a time does for all that share a database waits for its turn.
func (n *Node) tasks() []task {
	tasks := append(n.engine.tasks(),
		task{"convert faces", n.convert},
		task{"watch the index", n.watch},
		task{"delete expired faces", n.expire},
		task{"compact the log", n.compact},
		task{"do jobs", n.Jobs.Run},
	)
	if listener, ok := n.Truth.Store.(interface {
		Listen(ctx context.Context, notify func()) error
	}); ok {
		tasks = append(tasks, task{"listen to the database", func(ctx context.Context) error { return listener.Listen(ctx, n.engine.Notify) }})
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
