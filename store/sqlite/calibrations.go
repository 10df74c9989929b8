package sqlite

import (
	"context"
	"fmt"

	"oneton/store"
)

// Calibration is the owner's table of the pack, as JSON, or ErrNotFound.
func (s *Store) Calibration(ctx context.Context, pack string) ([]byte, error) {
	var definition []byte
	err := s.readers.QueryRowContext(ctx, `SELECT definition FROM calibrations WHERE pack = ?`, pack).Scan(&definition)
	return definition, s.read(ctx, "read calibration", err)
}

// PutCalibration makes the JSON object the owner's table of the pack, instead
// of one that was.
func (s *Store) PutCalibration(ctx context.Context, pack string, definition []byte) error {
	if err := store.CheckCalibration(pack, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	return s.write(ctx, "put calibration", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO calibrations (pack, definition) VALUES (?, json(?))
			ON CONFLICT (pack) DO UPDATE SET definition = excluded.definition`, pack, string(definition))
		return err
	})
}

// DeleteCalibration removes the owner's table of the pack; ErrNotFound when
// there is none.
func (s *Store) DeleteCalibration(ctx context.Context, pack string) error {
	return s.erase(ctx, "delete calibration", func(tx tx) error {
		return tx.change(`DELETE FROM calibrations WHERE pack = ?`, pack)
	})
}
