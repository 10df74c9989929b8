package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

const calibrationColumns = `SELECT pack, definition::text, checksum FROM calibrations `

// Calibration is the owner's table of the pack, as JSON, or ErrNotFound; one that
// is not as it was put is ErrDamaged.
func (s *Store) Calibration(ctx context.Context, pack string) ([]byte, error) {
	c, err := one(ctx, s, "read calibration", scanCalibration, calibrationColumns+`WHERE pack = $1`, pack)
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return nil, err
	}
	return c.Definition, nil
}

// PutCalibration makes the JSON object the owner's table of the pack, instead
// of one that was.
func (s *Store) PutCalibration(ctx context.Context, pack string, definition []byte) error {
	if err := store.CheckCalibration(pack, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	return s.write(ctx, "put calibration", func(tx *tx) error {
		return tx.change(`INSERT INTO calibrations (pack, definition, checksum) VALUES ($1, $2, $3)
			ON CONFLICT (pack) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum`,
			pack, string(definition), store.CalibrationChecksum(pack, definition))
	})
}

// DeleteCalibration removes the owner's table of the pack; ErrNotFound when
// there is none.
func (s *Store) DeleteCalibration(ctx context.Context, pack string) error {
	return s.write(ctx, "delete calibration", func(tx *tx) error {
		return tx.change(`DELETE FROM calibrations WHERE pack = $1`, pack)
	})
}

func scanCalibration(row pgx.CollectableRow) (c store.Calibration, err error) {
	var checksum *int64
	err = row.Scan(&c.Pack, &c.Definition, &checksum)
	return store.ReadCalibration(c, checksum), err
}
