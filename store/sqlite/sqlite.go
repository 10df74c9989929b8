// Package sqlite is the store that needs no other process: one SQLite file in
// WAL mode with synchronous=FULL. Every acknowledged write has been flushed to
// the disk; several processes may open the file at once.
package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"modernc.org/sqlite"

	"oneton/changelog"
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
}

// Store is the truth in one SQLite file. It is safe for concurrent use.
//
// Erased rows are overwritten in the file at once and in its write-ahead log
// within eraseDelay, as soon as no reader needs it.
type Store struct {
	writer  *sql.DB
	readers *sql.DB
	writes  chan *write
	closing chan struct{}
	stopped chan struct{}
	once    sync.Once
	// tenants are those of galleries, by the gallery's id.
	tenants sync.Map
}

var _ changelog.Log = (*Store)(nil)

// Open opens the database and migrates it to this version's schema. It returns
// store.ErrNewerSchema when a newer version has migrated it already.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := create(cfg.Path); err != nil {
		return nil, fmt.Errorf("create database: %w", err)
	}
	writer, err := connect(cfg.Path, "rw", 1)
	if err != nil {
		return nil, err
	}
	if err := migrate(ctx, writer); err != nil {
		_ = writer.Close()
		return nil, fmt.Errorf("open database %s: %w", cfg.Path, err)
	}
	conn, err := writer.Conn(ctx)
	if err != nil {
		_ = writer.Close()
		return nil, fmt.Errorf("open database %s: %w", cfg.Path, err)
	}
	n := cfg.Readers
	if n == 0 {
		n = 2 * runtime.GOMAXPROCS(0)
	}
	readers, err := connect(cfg.Path, "ro", n)
	if err != nil {
		_ = writer.Close()
		return nil, err
	}
	s := &Store{
		writer:  writer,
		readers: readers,
		writes:  make(chan *write),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go s.commitAll(tx{conn})
	return s, nil
}

// Close ends the store once the writes under way are committed; later calls
// of any method return store.ErrClosed.
func (s *Store) Close() error {
	var err error
	s.once.Do(func() {
		close(s.closing)
		<-s.stopped
		err = s.readers.Close()
		// The last connection's end checkpoints the log and removes it.
		if werr := s.writer.Close(); err == nil {
			err = werr
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

// connect returns a pool of n connections that stay open.
func connect(path, mode string, n int) (*sql.DB, error) {
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
