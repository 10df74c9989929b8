package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// DB is what an engine offers a room that keeps tables of its own, so that the room
// writes its SQL once. What every engine must do best by itself, which is faces,
// their galleries and the log, does not go by it.
//
// The SQL is what both SQLite and PostgreSQL understand: parameters are $1, $2 and
// so on, JSON is read by CAST(column AS TEXT), and $ stands nowhere else. Arguments
// and destinations are texts, bytes, whole numbers, truth values and times; a zero
// time is NULL. Each call is told what it is doing, which begins its error's text.
type DB interface {
	// Read lets do ask, again when the connection was lost. Each statement sees
	// what was committed before it.
	Read(ctx context.Context, doing string, do func(Reader) error) error
	// Update makes what do writes true as a whole, or nothing of it. It appends
	// nothing to the log. When it returns, the disk has it; when ctx ends before do
	// has begun, nothing was changed. do may run twice, when nothing is left of the
	// first time, and its error, or its panic, leaves all as it was.
	Update(ctx context.Context, doing string, do func(Tx) error) error
	// Remove is Update for what must be made on a full disk too: a removal, whose
	// old values leave the files, or what no process can start without.
	Remove(ctx context.Context, doing string, do func(Tx) error) error
	// Migrate brings the tables of a room, a word in lower case, to the newest of
	// its migrations: the SQL files of the folder that begin with a number, in that
	// order, each once and as a whole, also when several processes do it together.
	// Which of them a database has had is in a table of the room's own. A database
	// that has had more is ErrNewerSchema and left as it is. It is done before
	// the room is used. The SQL is portable; no text is to be sorted by but ids that
	// every collation sorts alike.
	Migrate(ctx context.Context, room string, migrations fs.FS) error
}

// VersionTable is where an engine keeps which of a room's migrations were made.
func VersionTable(room string) string { return room + "_version" }

// Run does what else belongs to a write, in its transaction.
func Run(tx Tx, also []func(Tx) error) error {
	for _, do := range also {
		if err := do(tx); err != nil {
			return err
		}
	}
	return nil
}

// Reader asks for rows.
type Reader interface {
	// Now is the database's time, by which processes agree whose own clocks differ:
	// in a transaction, of a moment after all that were committed before it, and the
	// same throughout. It is UTC in whole microseconds.
	Now() (time.Time, error)
	// Each calls scan with each row of the query, in its order. The first error of
	// scan ends it, and is its error.
	Each(scan func(Row) error, query string, args ...any) error
}

// Tx is a transaction.
type Tx interface {
	Reader
	// Exec runs a statement, and tells how many rows it changed.
	Exec(query string, args ...any) (rows int64, err error)
	// Announce wakes, once the transaction is committed, who listens for the room in
	// any process, where the engine is a Listener.
	Announce(room string)
}

// Listener is a DB of several processes, in which one can wait for what another
// announces.
type Listener interface {
	// ListenFor calls notify soon after the room was announced, and each time that it
	// begins to listen, since something may have been missed before. It reconnects when
	// the connection is lost, and returns when ctx ends, with ctx's error, or when the
	// store is closed. notify must not block.
	ListenFor(ctx context.Context, room string, notify func()) error
}

// Row is a row to read. NULL leaves a time zero. A **int64 takes a checksum: nil for
// NULL, and for what is no number, as in a damaged row, -1, which no row has.
type Row interface{ Scan(dest ...any) error }

// List reads every row of a query. To ask for what no row can have finds none.
func List[T any](ctx context.Context, db DB, doing string, scan func(Row) (T, error), query string, args ...any) (all []T, err error) {
	err = db.Read(ctx, doing, func(r Reader) error {
		all = nil
		return collect(r, &all, scan, query, args)
	})
	if errors.Is(err, ErrNotFound) {
		return nil, nil
	}
	return all, err
}

// One reads the row of a query, or is ErrNotFound.
func One[T any](ctx context.Context, db DB, doing string, scan func(Row) (T, error), query string, args ...any) (v T, err error) {
	err = db.Read(ctx, doing, func(r Reader) (err error) {
		v, err = OneOf(r, scan, query, args...)
		return err
	})
	return v, err
}

// OneOf is One within a transaction.
func OneOf[T any](r Reader, scan func(Row) (T, error), query string, args ...any) (v T, err error) {
	var all []T
	if err := collect(r, &all, scan, query, args); err != nil {
		return v, err
	}
	if len(all) == 0 {
		return v, ErrNotFound
	}
	return all[0], nil
}

func collect[T any](r Reader, all *[]T, scan func(Row) (T, error), query string, args []any) error {
	return r.Each(func(row Row) error {
		v, err := scan(row)
		if err == nil {
			*all = append(*all, v)
		}
		return err
	}, query, args...)
}

// Migrate brings the tables of a room to the newest of the migrations in the folder
// of that name.
func Migrate(ctx context.Context, db DB, room string, embedded fs.FS) error {
	files, err := fs.Sub(embedded, "migrations")
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	return db.Migrate(ctx, room, files)
}
