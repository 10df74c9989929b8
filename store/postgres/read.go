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

func read[T any](ctx context.Context, s *Store, doing string, collect func(pgx.Rows) (T, error), query string, args []any) (T, error) {
	bound, cancel := context.WithTimeout(ctx, s.timeout+answerGrace)
	defer cancel()
	ask := func() (v T, err error) {
		rows, err := s.readers.Query(bound, query, args...)
		if err != nil {
			return v, err
		}
		return collect(rows)
	}
	v, err := ask()
	if lost(err) && bound.Err() == nil {
		// What ended one connection since its last use has ended all.
		s.readers.Reset()
		v, err = ask()
	}
	return v, s.failed(ctx, doing, err)
}
