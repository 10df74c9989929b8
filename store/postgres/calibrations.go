package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// Calibration is the owner's table of the pack, as JSON, or ErrNotFound.
func (s *Store) Calibration(ctx context.Context, pack string) ([]byte, error) {
	definition, err := one(ctx, s, "read calibration", pgx.RowTo[string], `SELECT definition::text FROM calibrations WHERE pack = $1`, pack)
	return []byte(definition), err
}

// PutCalibration makes the JSON object the owner's table of the pack, instead
// of one that was.
func (s *Store) PutCalibration(ctx context.Context, pack string, definition []byte) error {
	if err := store.CheckCalibration(pack, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	return s.write(ctx, "put calibration", func(tx *tx) error {
		return tx.change(`INSERT INTO calibrations (pack, definition) VALUES ($1, $2)
			ON CONFLICT (pack) DO UPDATE SET definition = excluded.definition`, pack, string(definition))
	})
}

// DeleteCalibration removes the owner's table of the pack; ErrNotFound when
// there is none.
func (s *Store) DeleteCalibration(ctx context.Context, pack string) error {
	return s.write(ctx, "delete calibration", func(tx *tx) error {
		return tx.change(`DELETE FROM calibrations WHERE pack = $1`, pack)
	})
}
