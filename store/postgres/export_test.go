package postgres

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Settings is what the readers' and the writer's sessions say of a setting.
func (s *Store) Settings(ctx context.Context, name string) (reader, writer string, err error) {
	if err = s.readers.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&reader); err != nil {
		return "", "", err
	}
	err = s.writer.QueryRow(ctx, `SELECT current_setting($1)`, name).Scan(&writer)
	return reader, writer, err
}

// Outcome tells what became of the transaction with a mark.
func (s *Store) Outcome(mark uuid.UUID) error { return s.outcome(mark) }

// MigrateTo makes a database as an older version had it.
func MigrateTo(ctx context.Context, url string, version int64) error {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return err
	}
	part, err := own()
	if err != nil {
		return err
	}
	db := stdlib.OpenDB(*cfg)
	p, err := part.provider(db)
	if err == nil {
		_, err = p.UpTo(ctx, version)
	}
	return errors.Join(err, db.Close())
}
