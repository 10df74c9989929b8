package postgres

import (
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"oneton/store"
)

var _ store.DB = (*Store)(nil)

// Read implements store.DB.
func (s *Store) Read(ctx context.Context, doing string, do func(store.Reader) error) error {
	bound, cancel := context.WithTimeout(ctx, s.timeout+answerGrace)
	defer cancel()
	err := s.again(bound, func() error { return do(reader{bound, s}) })
	return s.failed(ctx, doing, err)
}

// reader asks on any connection.
type reader struct {
	ctx context.Context // the call's own
	s   *Store
}

// Now implements store.Reader.
func (r reader) Now() (now time.Time, err error) {
	err = r.s.readers.QueryRow(r.ctx, `SELECT clock_timestamp()`).Scan(&now)
	return now, err
}

func (r reader) Each(scan func(store.Row) error, query string, args ...any) error {
	rows, err := r.s.readers.Query(r.ctx, query, stored(args)...)
	if err != nil {
		return err
	}
	return each(rows, scan)
}

// Update implements store.DB. It shares commits with what appends to the log: the
// outcome of one whose answer was lost is told by the same mark.
func (s *Store) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	return s.write(ctx, doing, func(t *tx) error { return do(portable{t}) })
}

// Remove implements store.DB.
func (s *Store) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	return s.Update(ctx, doing, do)
}

// also does what rooms add to a write of the engine's own that has not failed.
func (t *tx) also(also []func(store.Tx) error, err error) error {
	if err != nil {
		return err
	}
	return store.Run(portable{t}, also)
}

// portable is a transaction of a room's own tables.
type portable struct{ t *tx }

func (p portable) Exec(query string, args ...any) (n int64, err error) {
	p.t.queue(query, stored(args)...).Exec(func(tag pgconn.CommandTag) error {
		n = tag.RowsAffected()
		return nil
	})
	return n, p.t.flush()
}

// Now implements store.Reader.
func (p portable) Now() (time.Time, error) { return p.t.begun, nil }

// Announce implements store.Tx.
func (p portable) Announce(room string) {
	if c := channelOf(room); !slices.Contains(p.t.announced, c) {
		p.t.announced = append(p.t.announced, c)
	}
}

func (p portable) Each(scan func(store.Row) error, query string, args ...any) error {
	p.t.queue(query, stored(args)...).Query(func(rows pgx.Rows) error { return each(rows, scan) })
	return p.t.flush()
}

func each(rows pgx.Rows, scan func(store.Row) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(row{rows}); err != nil {
			return err
		}
	}
	return rows.Err()
}

// stored are the arguments as columns hold them.
func stored(args []any) []any {
	columns := make([]any, len(args))
	for i, arg := range args {
		columns[i] = arg
		if t, ok := arg.(time.Time); ok && t.IsZero() {
			columns[i] = nil
		}
	}
	return columns
}

type row struct{ rows pgx.Rows }

func (r row) Scan(dest ...any) error {
	columns := make([]any, len(dest))
	for i, d := range dest {
		columns[i] = d
		if t, ok := d.(*time.Time); ok {
			columns[i] = timeColumn{t}
		}
	}
	return r.rows.Scan(columns...)
}

// timeColumn reads a time; NULL leaves it zero.
type timeColumn struct{ t *time.Time }

// ScanTimestamptz implements pgtype.TimestamptzScanner.
func (c timeColumn) ScanTimestamptz(v pgtype.Timestamptz) error {
	*c.t = time.Time{}
	if v.Valid {
		*c.t = v.Time
	}
	return nil
}
