package sqlite

import (
	"context"

	"oneton/store"
)

// Damaged are the galleries that are not as they were written.
func (s *Store) Damaged(ctx context.Context) (damaged []store.Damaged, err error) {
	rows, err := s.readers.QueryContext(ctx, galleryColumns+`WHERE tenant IS NOT NULL ORDER BY tenant, name`)
	galleries, err := list(rows, err, scanGallery)
	return store.DamagedGalleries(galleries), s.read(ctx, "look for damaged galleries", err)
}
