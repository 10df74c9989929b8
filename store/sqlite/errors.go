package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"syscall"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"oneton/store"
)

// primary masks the extended bits of a result code.
const primary = 0xff

// explain adds to err the sentinel that stores answer for its cause.
func explain(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return store.ErrNotFound
	}
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return err
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		return fmt.Errorf("%w: %w", store.ErrExists, err)
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fmt.Errorf("%w: %w", store.ErrNotFound, err)
	case sqlite3.SQLITE_CONSTRAINT_CHECK, sqlite3.SQLITE_CONSTRAINT_NOTNULL:
		return fmt.Errorf("%w: %w", store.ErrInvalid, err)
	}
	if full(err) {
		return fmt.Errorf("%w: %w: %w", store.ErrFull, store.ErrUnavailable, err)
	}
	switch e.Code() & primary {
	case sqlite3.SQLITE_CORRUPT:
		return fmt.Errorf("%w: %w", store.ErrDamaged, err)
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR,
		sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_NOMEM, sqlite3.SQLITE_PROTOCOL:
		return fmt.Errorf("%w: %w", store.ErrUnavailable, err)
	}
	return err
}

// lacksRoom tells whether err can come of a disk that had no room for the files
// that SQLite makes.
func lacksRoom(err error) bool {
	var e *sqlite.Error
	return errors.Is(err, syscall.ENOSPC) || errors.As(err, &e) && (e.Code()&primary == sqlite3.SQLITE_FULL ||
		e.Code()&primary == sqlite3.SQLITE_IOERR || e.Code()&primary == sqlite3.SQLITE_CANTOPEN)
}

// full tells whether the disk had no room. SQLite finds out in the file of the
// log's index by a code of its own.
func full(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code() == sqlite3.SQLITE_FULL || e.Code() == sqlite3.SQLITE_IOERR_SHMSIZE)
}

// notFound tells whether there was no row.
func notFound(err error) bool { return errors.Is(err, sql.ErrNoRows) }

// damaged tells whether err is of a page that is not what was written.
func damaged(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && e.Code()&primary == sqlite3.SQLITE_CORRUPT
}

// read wraps what a read returned, if it is an error.
func (s *Store) read(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	default:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	return fmt.Errorf("%s: %w", doing, explain(err))
}
