package identify

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"oneton/store"
)

// Calibrations is the table of owners' calibrations, one for a template space.
type Calibrations struct{ db store.DB }

// NewCalibrations is the database's.
func NewCalibrations(db store.DB) Calibrations { return Calibrations{db} }

const calibrationColumns = `SELECT pack, CAST(definition AS TEXT), checksum FROM calibrations `

// Calibration is the owner's table of the space, as JSON, or store.ErrNotFound; one
// that is not as it was put is store.ErrDamaged.
func (t Calibrations) Calibration(ctx context.Context, space string) ([]byte, error) {
	c, err := store.One(ctx, t.db, "read calibration", scanCalibration, calibrationColumns+`WHERE pack = $1`, space)
	if err != nil {
		return nil, err
	}
	if err := c.Check(); err != nil {
		return nil, fmt.Errorf("read calibration: %w", err)
	}
	return c.Definition, nil
}

// PutCalibration makes the JSON object the owner's table of the space, instead
// of one that was. What is also done is in the same transaction.
func (t Calibrations) PutCalibration(ctx context.Context, space string, definition []byte, also ...func(store.Tx) error) error {
	if err := store.CheckCalibration(space, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	var form bytes.Buffer
	if err := json.Compact(&form, definition); err != nil {
		return fmt.Errorf("put calibration: %w", err)
	}
	return t.db.Update(ctx, "put calibration", func(tx store.Tx) error {
		_, err := tx.Exec(`INSERT INTO calibrations (pack, definition, checksum) VALUES ($1, $2, $3)
			ON CONFLICT (pack) DO UPDATE SET definition = excluded.definition, checksum = excluded.checksum`,
			space, form.String(), store.CalibrationChecksum(space, definition))
		if err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// DeleteCalibration removes the owner's table of the space; store.ErrNotFound when
// there is none. What is also done is in the same transaction.
func (t Calibrations) DeleteCalibration(ctx context.Context, space string, also ...func(store.Tx) error) error {
	return t.db.Remove(ctx, "delete calibration", func(tx store.Tx) error {
		n, err := tx.Exec(`DELETE FROM calibrations WHERE pack = $1`, space)
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// Damaged are the calibrations that are not as they were put.
func (t Calibrations) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	all, err := store.List(ctx, t.db, "look for damaged calibrations", scanCalibration, calibrationColumns+`ORDER BY pack`)
	for _, c := range all {
		if c.Damage != "" {
			damaged = append(damaged, store.Damaged{What: store.DamagedCalibration, Name: c.Pack})
		}
	}
	return damaged, err
}

// FillChecksums gives a checksum to the calibrations from before there were any;
// see store.FillChecksums.
func (t Calibrations) FillChecksums(ctx context.Context) error {
	return store.FillChecksums(ctx, t.db, "calibrations", "pack", func(row store.Row) (space string, checksum int64, err error) {
		c, err := scanCalibration(row)
		checksum = store.CalibrationChecksum(c.Pack, c.Definition)
		if store.CheckCalibration(c.Pack, c.Definition) != nil {
			checksum = store.Unsound(checksum)
		}
		return c.Pack, checksum, err
	}, calibrationColumns)
}

func scanCalibration(row store.Row) (c store.Calibration, err error) {
	var checksum *int64
	err = row.Scan(&c.Pack, &c.Definition, &checksum)
	return store.ReadCalibration(c, checksum), err
}
