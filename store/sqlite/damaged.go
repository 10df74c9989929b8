package sqlite

import (
	"context"

	"oneton/store"
)

// Damaged are the galleries, keys and calibrations that are not as they were
// written.
func (s *Store) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	rows, err := s.readers.QueryContext(ctx, galleryColumns+`WHERE tenant IS NOT NULL ORDER BY tenant, name`)
	galleries, err := list(rows, err, scanGallery)
	if err != nil {
		return nil, s.read(ctx, "look for damaged galleries", err)
	}
	rows, err = s.readers.QueryContext(ctx, keyColumns+`ORDER BY tenant, id`)
	keys, err := list(rows, err, scanKey)
	if err != nil {
		return nil, s.read(ctx, "look for damaged keys", err)
	}
	rows, err = s.readers.QueryContext(ctx, calibrationColumns+`ORDER BY pack`)
	calibrations, err := list(rows, err, scanCalibration)
	return store.FindDamaged(galleries, keys, calibrations), s.read(ctx, "look for damaged calibrations", err)
}
