package sqlite

import (
	"context"
	"database/sql"
	"strings"
	"time"

	"oneton/store"
)

var _ store.DB = (*Store)(nil)

// Read implements store.DB.
func (s *Store) Read(ctx context.Context, doing string, do func(store.Reader) error) error {
	return s.read(ctx, doing, do(portable{ctx, time.Now().UTC().Truncate(time.Microsecond), s.readers}))
}

// Update implements store.DB.
func (s *Store) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	return s.write(ctx, doing, func(t tx) error { return do(t.portable()) })
}

// Remove implements store.DB.
func (s *Store) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	return s.erase(ctx, doing, func(t tx) error { return do(t.portable()) })
}

func (t tx) portable() portable {
	return portable{context.Background(), time.Now().UTC().Truncate(time.Microsecond), t.conn}
}

// also does what rooms add to a write of the engine's own that has not failed.
func (t tx) also(also []func(store.Tx) error, err error) error {
	if err != nil {
		return err
	}
	return store.Run(t.portable(), also)
}

// portable runs SQL that is not SQLite's own.
type portable struct {
	ctx  context.Context // the call's own
	now  time.Time
	conn runner
}

// runner runs SQL.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func (p portable) Exec(query string, args ...any) (int64, error) {
	r, err := p.conn.ExecContext(p.ctx, numbered(query), stored(args)...)
	if err != nil {
		return 0, err
	}
	return r.RowsAffected()
}

// Now implements store.Reader: the file is of this machine, and so is its time. The
// writer's transactions follow one another.
func (p portable) Now() (time.Time, error) { return p.now, nil }

// Announce implements store.Tx. The processes of a file do not hear each other.
func (portable) Announce(string) {}

func (p portable) Each(scan func(store.Row) error, query string, args ...any) error {
	rows, err := p.conn.QueryContext(p.ctx, numbered(query), stored(args)...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := scan(portableRow{rows}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// numbered writes the parameters $1, $2 as SQLite's ?1, ?2.
func numbered(query string) string { return strings.ReplaceAll(query, "$", "?") }

// stored are the arguments as columns hold them.
func stored(args []any) []any {
	columns := make([]any, len(args))
	for i, arg := range args {
		columns[i] = arg
		if t, ok := arg.(time.Time); ok {
			columns[i] = nil
			if !t.IsZero() {
				columns[i] = t.UnixMicro()
			}
		}
	}
	return columns
}

type portableRow struct{ rows *sql.Rows }

func (r portableRow) Scan(dest ...any) error {
	columns := make([]any, len(dest))
	for i, d := range dest {
		switch d := d.(type) {
		case *time.Time:
			*d = time.Time{}
			columns[i] = timeColumn{d}
		case **int64:
			columns[i] = checksumColumn{d}
		default:
			columns[i] = d
		}
	}
	return r.rows.Scan(columns...)
}

// checksumColumn reads a row's checksum.
type checksumColumn struct{ sum **int64 }

// Scan implements sql.Scanner.
func (c checksumColumn) Scan(column any) error {
	*c.sum = checksumOf(column)
	return nil
}
