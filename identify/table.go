package identify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"oneton/calibration"
	"oneton/store"
)

// Calibration is the table that answers of the pack's loaded version follow: the
// owner's where there is one, else the pack's own. photo.ErrPack when the pack is
// not loaded.
func (s *Service) Calibration(ctx context.Context, pack string) (*calibration.Table, error) {
	space, version, err := s.spaceOf(ctx, pack)
	if err != nil {
		return nil, err
	}
	space.Version = version
	return s.table(ctx, pack, space.Name())
}

// table is the calibration that answers of the pack follow: the owner's of the
// template space where there is one, else the pack's. It is read for each answer, so that every
// process on the store follows a change from its next answer on.
func (s *Service) table(ctx context.Context, pack, space string) (*calibration.Table, error) {
	own, err := s.embedder.Calibration(pack)
	if err != nil {
		return nil, fmt.Errorf("calibrate pack %q: %w", pack, err)
	}
	return NewCalibrations(s.store).Table(ctx, space, own)
}

// Table is the owner's table of the space, or the pack's own where there is none.
func (t Calibrations) Table(ctx context.Context, space string, own *calibration.Table) (*calibration.Table, error) {
	data, err := t.Calibration(ctx, space)
	if errors.Is(err, store.ErrNotFound) {
		return own, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read calibration of %q: %w", space, err)
	}
	var owners calibration.Table
	if err := json.Unmarshal(data, &owners); err != nil {
		return nil, fmt.Errorf("decode calibration of %q: %w", space, err)
	}
	if err := owners.Validate(); err != nil {
		return nil, fmt.Errorf("use calibration of %q: %w", space, err)
	}
	return &owners, nil
}
