// Package postgres is the store that several processes share: one PostgreSQL
// database, version 13 or newer, in UTF-8, with fsync on as it is by default.
// Every acknowledged write is in the server's write-ahead log, on the disk.
//
// Writing transactions follow one after the other, whichever process they
// come from: each takes the log's lock first and holds it until its commit is
// visible, so that positions rise by commit order, are not used again, and no reader
// of the log can skip one. What that costs is won back by commits that many
// callers share.
//
// Deleted rows are invisible at once; PostgreSQL removes their bytes from its
// files when it vacuums, and from its write-ahead log as that is recycled.
package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"oneton/changelog"
	"oneton/store"
)

const (
	// defaultTimeout bounds a statement where Config does not.
	defaultTimeout = 5 * time.Second
	// answerGrace is how much longer than the server's own limit an answer is
	// waited for: a statement that is merely slow ends with an answer, and
	// keeps its connection.
	answerGrace = time.Second
	// pingTimeout bounds the question whether a connection is alive.
	pingTimeout = 2 * time.Second
	// deafTimeout is after how long the server gives up a connection on which
	// it hears nothing; it is well above aliveInterval + pingTimeout.
	deafTimeout = 10 * time.Second
	// connLifetime renews pooled connections, so that they spread over the
	// servers that a name stands for.
	connLifetime = time.Hour
)

// Config says where the database is.
type Config struct {
	// URL is a PostgreSQL connection URI or key=value string, with what it
	// says of TLS (sslmode, sslrootcert, sslcert, sslkey), of several hosts
	// and of the search_path. It must lead to the server itself or to a pooler
	// in session mode.
	URL string
	// Readers is how many reads run at once; 0 means four for each CPU.
	Readers int
	// Timeout bounds a connection attempt, a statement and the wait for other
	// writers; 0 means 5 s. A call fails with store.ErrUnavailable within a
	// few times that.
	Timeout time.Duration
	// Observer is told of writes; nil is nobody.
	Observer store.Observer
}

// Store is the truth in one PostgreSQL database. It is safe for concurrent
// use.
type Store struct {
	timeout  time.Duration
	observer store.Observer
	readers  *pgxpool.Pool
	// writer holds the one connection that writes.
	writer *pgxpool.Pool
	// looks is set where nothing may be written.
	looks bool
	// mark is the last transaction's; the writes' goroutine has it.
	mark   uuid.UUID
	writes chan *write
	// dropped wakes who removes what dropped galleries held.
	dropped chan struct{}
	closing chan struct{}
	// stopped and purged are closed when the goroutines have ended.
	stopped, purged chan struct{}
	once            sync.Once
}

var _ changelog.Log = (*Store)(nil)

// Open connects to the database and migrates it to this version's schema. It
// returns store.ErrNewerSchema when a newer version has migrated it already.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	pool, err := poolConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	s := &Store{
		timeout:  cmp.Or(cfg.Timeout, defaultTimeout),
		observer: cfg.Observer,
		writes:   make(chan *write),
		closing:  make(chan struct{}),
		dropped:  make(chan struct{}, 1),
		stopped:  make(chan struct{}),
		purged:   make(chan struct{}),
	}
	if err := migrate(ctx, pool.ConnConfig); err != nil {
		return nil, s.failed(ctx, "open database", opening(err))
	}
	pool.MaxConns = int32(cmp.Or(cfg.Readers, 4*runtime.GOMAXPROCS(0))) //nolint:gosec // a small number
	if s.readers, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, s.failed(ctx, "open database", err)
	}
	pool = pool.Copy()
	pool.MaxConns = 1
	if s.writer, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		s.readers.Close()
		return nil, s.failed(ctx, "open database", err)
	}
	go s.commitAll()
	go s.purgeAll()
	if err := s.fillChecksums(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close ends the store once the reads and writes under way are answered; later
// calls of any method return store.ErrClosed. Leases are lost.
func (s *Store) Close() error {
	s.once.Do(func() {
		close(s.closing)
		<-s.stopped
		<-s.purged
		s.readers.Close()
		if s.writer != nil {
			s.writer.Close()
		}
	})
	return nil
}

// poolConfig is how every connection is made, and what its session is told.
func poolConfig(cfg Config) (*pgxpool.Config, error) {
	if cfg.URL == "" {
		return nil, errors.New("it is empty")
	}
	pool, err := pgxpool.ParseConfig(cfg.URL)
	if err != nil {
		return nil, err // tells the URL without its password
	}
	timeout := cmp.Or(cfg.Timeout, defaultTimeout)
	pool.PingTimeout = min(pingTimeout, timeout)
	pool.MaxConnLifetime = connLifetime
	pool.MaxConnLifetimeJitter = connLifetime / 4
	pool.AfterConnect = afterConnect
	conn := pool.ConnConfig
	conn.ConnectTimeout = cmp.Or(conn.ConnectTimeout, timeout)

	session := conn.RuntimeParams
	switch session["synchronous_commit"] {
	case "", "on":
		session["synchronous_commit"] = "on"
	case "remote_apply": // which promises more
	default:
		return nil, errors.New("synchronous_commit must be on or remote_apply: nothing acknowledged may be lost")
	}
	limit := strconv.FormatInt(timeout.Milliseconds(), 10)
	for name, value := range map[string]string{
		"application_name":              "oneton",
		"default_transaction_isolation": "read committed",
		"statement_timeout":             limit,
		// A process that is cut off while it writes lets go of the log's lock.
		"idle_in_transaction_session_timeout": limit,
		// One that holds a lease lets go of it after deafTimeout.
		"tcp_user_timeout":        strconv.FormatInt(deafTimeout.Milliseconds(), 10),
		"tcp_keepalives_idle":     "4",
		"tcp_keepalives_interval": "2",
		"tcp_keepalives_count":    "3",
	} {
		if _, ok := session[name]; !ok {
			session[name] = value
		}
	}
	return pool, nil
}

// afterConnect lets times be read in UTC.
func afterConnect(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// connect makes a connection beside the pools, for a session that lasts.
func (s *Store) connect(ctx context.Context) (*pgx.Conn, error) {
	select {
	case <-s.closing:
		return nil, store.ErrClosed
	default:
	}
	return pgx.ConnectConfig(ctx, s.readers.Config().ConnConfig)
}
