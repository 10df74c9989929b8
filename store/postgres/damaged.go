package postgres

import (
	"context"

	"oneton/store"
)

// Damaged are the galleries that are not as they were written.
func (s *Store) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	galleries, err := list(ctx, s, "look for damaged galleries", scanGallery, galleryColumns+`WHERE tenant IS NOT NULL ORDER BY tenant COLLATE "C", name`)
	return store.DamagedGalleries(galleries), err
}
