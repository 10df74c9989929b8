package postgres

import (
	"context"

	"github.com/google/uuid"
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
