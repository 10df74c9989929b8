package postgres

import (
	"context"

	"oneton/store"
)

// Damaged are the galleries, keys and calibrations that are not as they were
// written.
func (s *Store) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	galleries, err := list(ctx, s, "look for damaged galleries", scanGallery, galleryColumns+`WHERE tenant IS NOT NULL ORDER BY tenant COLLATE "C", name`)
	if err != nil {
		return nil, err
	}
	keys, err := list(ctx, s, "look for damaged keys", scanKey, keyColumns+`ORDER BY tenant COLLATE "C", id`)
	if err != nil {
		return nil, err
	}
	calibrations, err := list(ctx, s, "look for damaged calibrations", scanCalibration, calibrationColumns+`ORDER BY pack`)
	return store.FindDamaged(galleries, keys, calibrations), err
}
