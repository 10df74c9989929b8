// Package sqlite is the store that needs no other process: one SQLite file in
// WAL mode with synchronous=FULL. Every acknowledged write has been flushed to
// the disk; several processes may open the file at once.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"modernc.org/sqlite"

	"oneton/changelog"
	"oneton/store"
)

const (
	// fileMode keeps templates from other users of the machine; SQLite gives
	// its -wal and -shm files the same mode.
	fileMode = 0o600
	// busyTimeout is how long a writer waits for another process's.
	busyTimeout = 5 * time.Second
)

// Config says where the database is.
type Config struct {
	// Path names the file; it is created, readable by its owner alone, when
	// it is not there.
	Path string
	// Readers is how many reads run at once; 0 means two for each CPU.
	Readers int
	// Reserve is how many bytes of the disk are kept, in a file beside the
	// database, for removals on a full disk; while they cannot be had, nothing
	// is added. It should be several times the largest photo; 0 is none.
	Reserve int64
	// Observer is told of writes; nil is nobody.
	Observer store.Observer
}

// Store is the truth in one SQLite file. It is safe for concurrent use.
//
// What is deleted is gone for every call at once. Its bytes are overwritten in
// the file, and gone from its write-ahead log, within eraseDelay of being
// removed, as soon as no reader needs the log; WaitErased waits for that.
type Store struct {
	path   string
	writer *sql.DB
	// conn is the writer's only connection.
	conn    *sql.Conn
	readers *statements[*sql.DB]
	writes  chan *write
	// erasures are closed by the writer when nothing is left to erase.
	erasures chan chan<- struct{}
	reserve  reserve
	observer store.Observer
	// looks is set where nothing may be written.
	looks bool
	// unerased is when the first deletion was committed of which something is
	// left in the files, in nanoseconds since 1970; 0 when nothing is.
	unerased atomic.Int64
	closing  chan struct{}
	stopped  chan struct{}
	once     sync.Once
}

var _ changelog.Log = (*Store)(nil)

// Open opens the database and migrates it to this version's schema. It returns
// store.ErrNewerSchema when a newer version has migrated it already.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	r := reserve{path: cfg.Path + ReserveSuffix, size: cfg.Reserve}
	s, err := open(ctx, cfg)
	if err != nil && lacksRoom(err) && r.release() {
		s, err = open(ctx, cfg)
	}
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", cfg.Path, explain(err))
	}
	s.reserve = r
	_ = r.fill() // what grows is refused until it can be had
	go s.commitAll(tx{prepared(s.conn)})
	if err := s.fillChecksums(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", cfg.Path, err), s.Close())
	}
	return s, nil
}

// open makes the connections, and files that are missing.
func open(ctx context.Context, cfg Config) (_ *Store, err error) {
	if err := create(cfg.Path); err != nil {
		return nil, err
	}
	part, err := own()
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, cfg.Path, part); err != nil {
		return nil, err
	}
	s := &Store{
		path:     cfg.Path,
		observer: cfg.Observer,
		writes:   make(chan *write),
		erasures: make(chan chan<- struct{}),
		closing:  make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	if s.writer, err = connect(cfg.Path, "rw", 1); err != nil {
		return nil, err
	}
	if s.conn, err = s.writer.Conn(ctx); err != nil {
		return nil, errors.Join(err, s.writer.Close())
	}
	n := cfg.Readers
	if n == 0 {
		n = 2 * runtime.GOMAXPROCS(0)
	}
	readers, err := connect(cfg.Path, "ro", n)
	if err != nil {
		return nil, errors.Join(err, s.conn.Close(), s.writer.Close())
	}
	s.readers = prepared(readers)
	return s, nil
}

// Close ends the store once the writes under way are committed; later calls
// of any method return store.ErrClosed.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closing)
		<-s.stopped
		// The last connection's end checkpoints the log and removes it.
		err = s.readers.close()
		if s.writer != nil {
			err = errors.Join(err, s.writer.Close())
			_ = s.reserve.keep()
		}
	})
	if err != nil {
		return fmt.Errorf("close database: %w", err)
	}
	return nil
}

// create makes sure that the file is there and that only its owner reads it.
func create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Chmod(fileMode)
}

// connect returns a pool of n connections that stay open, whose settings may be
// adapted.
func connect(path, mode string, n int, adapt ...func(url.Values)) (*sql.DB, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	query := url.Values{
		"mode": {mode},
		"_pragma": {
			fmt.Sprintf("busy_timeout(%d)", busyTimeout.Milliseconds()),
			"foreign_keys(ON)",
			"secure_delete(ON)",
			"synchronous(FULL)",
			"temp_store(MEMORY)",
		},
		"_dqs":       {"false"},
		"_defensive": {"true"},
	}
	if mode == "rw" {
		query.Set("_journal_mode", "WAL")
		query.Set("_txlock", "immediate")
	}
	for _, f := range adapt {
		f(query)
	}
	dsn := url.URL{Scheme: "file", Path: path, RawQuery: query.Encode()}
	connector, err := sqlite.NewConnector(dsn.String())
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(n)
	db.SetMaxIdleConns(n)
	return db, nil
}
