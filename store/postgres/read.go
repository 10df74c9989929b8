package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// list reads every row of a query. To ask for what no row can have is no error.
func list[T any](ctx context.Context, s *Store, doing string, scan pgx.RowToFunc[T], query string, args ...any) ([]T, error) {
	rows, err := read(ctx, s, doing, func(rows pgx.Rows) ([]T, error) {
		return pgx.AppendRows([]T(nil), rows, scan)
	}, query, args)
	if errors.Is(err, store.ErrNotFound) {
		return nil, nil
	}
	return rows, err
}

// one reads the row of a query, or is store.ErrNotFound.
func one[T any](ctx context.Context, s *Store, doing string, scan pgx.RowToFunc[T], query string, args ...any) (T, error) {
	return read(ctx, s, doing, func(rows pgx.Rows) (T, error) {
		return pgx.CollectOneRow(rows, scan)
	}, query, args)
}

func read[T any](ctx context.Context, s *Store, doing string, collect func(pgx.Rows) (T, error), query string, args []any) (v T, err error) {
	bound, cancel := context.WithTimeout(ctx, s.timeout+answerGrace)
	defer cancel()
	ask := func() (v T, err error) {
		rows, err := s.readers.Query(bound, query, args...)
		if err != nil {
			return v, err
		}
		return collect(rows)
	}
	err = s.again(bound, func() (err error) {
		v, err = ask()
		return err
	})
	return v, s.failed(ctx, doing, err)
}

// again asks, and asks once more when the connection was lost since its last use.
func (s *Store) again(ctx context.Context, ask func() error) error {
	err := ask()
	if lost(err) && ctx.Err() == nil {
		// What ended one connection has ended all.
		s.readers.Reset()
		err = ask()
	}
	return err
}
