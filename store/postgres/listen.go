package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

const (
	// listenRetry is the pause before a lost connection is made again.
	listenRetry = time.Second
	// aliveInterval is how often a silent connection is asked for life.
	aliveInterval = time.Second
)

// Listen calls notify soon after any process has added to the log, and each
// time that it begins to listen, since notifications may have been missed
// before. It reconnects when the connection is lost, and returns when ctx ends,
// with ctx's error, or when the store is closed. notify must not block; a
// follower's Notify is meant. Whoever needs every change polls as well.
func (s *Store) Listen(ctx context.Context, notify func()) error {
	return s.listenAll(ctx, channel, notify)
}

// ListenFor implements store.Listener.
func (s *Store) ListenFor(ctx context.Context, room string, notify func()) error {
	return s.listenAll(ctx, channelOf(room), notify)
}

func (s *Store) listenAll(ctx context.Context, channel string, notify func()) error {
	ctx, cancel := s.untilClosed(ctx)
	defer cancel()
	for {
		_ = s.listen(ctx, channel, notify) // tried again, and polling bridges the gap
		if err := pause(ctx, listenRetry); err != nil {
			return err
		}
	}
}

func (s *Store) listen(ctx context.Context, channel string, notify func()) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	if _, err := conn.Exec(ctx, `LISTEN `+channel); err != nil {
		return err
	}
	for {
		notify()
		if err := waitNotified(ctx, conn); err != nil {
			return err
		}
	}
}

// waitNotified returns nil when a notification has come, and an error when the
// connection or ctx has ended: the connection is asked for life while it says
// nothing.
func waitNotified(ctx context.Context, conn *pgx.Conn) error {
	for {
		wait, cancel := context.WithTimeout(ctx, aliveInterval)
		_, err := conn.WaitForNotification(wait)
		cancel()
		if err == nil || conn.IsClosed() || ctx.Err() != nil {
			return err
		}
		ping, cancel := context.WithTimeout(ctx, pingTimeout)
		err = conn.Ping(ping)
		cancel()
		if err != nil {
			return err
		}
	}
}

// untilClosed is ctx, ended by ErrClosed when the store is closed.
func (s *Store) untilClosed(ctx context.Context) (context.Context, func()) {
	ctx, end := context.WithCancelCause(ctx)
	go func() {
		select {
		case <-s.closing:
			end(store.ErrClosed)
		case <-ctx.Done():
		}
	}()
	return ctx, func() { end(context.Canceled) }
}

// pause waits, or returns why ctx has ended.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(d):
		return nil
	}
}

// closeConn ends a connection, politely if that takes no time.
func closeConn(conn *pgx.Conn) {
	ctx, cancel := context.WithTimeout(context.Background(), pingTimeout)
	defer cancel()
	_ = conn.Close(ctx)
}
