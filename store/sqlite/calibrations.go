package sqlite

import (
	"context"
	"fmt"

	"oneton/store"
)

const calibrationColumns = `SELECT pack, definition, checksum FROM calibrations `

// Calibration is the owner's table of the pack, as JSON, or ErrNotFound; one that
// is not as it was put is ErrDamaged.
func (s *Store) Calibration(ctx context.Context, pack string) ([]byte, error) {
	c, err := scanCalibration(s.readers.QueryRowContext(ctx, calibrationColumns+`WHERE pack = ?`, pack))
	if err == nil {
		err = c.Check()
	}
	if err != nil {
		return nil, s.read(ctx, "read calibration", err)
	}
	return c.Definition, nil
}

// PutCalibration makes the JSON object the owner's table of the pack, instead
// of one that was.
func (s *Store) PutCalibration(ctx context.Context, pack string, definition []byte) error {
	if err := store.CheckCalibration(pack, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	return s.write(ctx, "put calibration", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO calibrations (pack, definition, checksum) VALUES (?, json(?), ?)
			ON CONFLICT (pack) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum`,
			pack, string(definition), store.CalibrationChecksum(pack, definition))
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

func scanCalibration(row scanner) (c store.Calibration, err error) {
	var checksum any
	err = row.Scan(&c.Pack, &c.Definition, &checksum)
	return store.ReadCalibration(c, checksumOf(checksum)), err
}
