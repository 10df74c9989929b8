package identify

import (
	"context"
	"fmt"

	"oneton/store"
)

// Space is the template space in which galleries of the pack are searched and
// enrolled in here. It is store.ErrSpace while their faces are of another
// version than the loaded pack, or not all of one: whoever is in another space
// would be missed.
func (s *Service) Space(ctx context.Context, pack string) (store.Space, error) {
	space, version, err := s.spaceOf(ctx, pack)
	switch {
	case err != nil:
		return store.Space{}, err
	case space.Moving:
		return store.Space{}, fmt.Errorf("%w: faces of pack %s are being converted to version %s", store.ErrSpace, pack, space.Version)
	case space.Version != version:
		return store.Space{}, fmt.Errorf("%w: faces of pack %s are of version %s, and version %s is loaded", store.ErrSpace, pack, space.Version, version)
	}
	return space, nil
}

// still is store.ErrSpace when faces have begun to move from the space since.
func (s *Service) still(ctx context.Context, space store.Space) error {
	is, err := s.Space(ctx, space.Pack)
	if err == nil && is.Name() != space.Name() {
		err = fmt.Errorf("%w: faces of pack %s have moved", store.ErrSpace, space.Pack)
	}
	return err
}

// spaceOf is where the pack's faces are, and the version that is loaded.
func (s *Service) spaceOf(ctx context.Context, pack string) (space store.Space, version string, err error) {
	if version, err = s.embedder.Version(pack); err != nil {
		return store.Space{}, "", fmt.Errorf("find version: %w", err)
	}
	if space, err = s.store.Space(ctx, pack); err != nil {
		return store.Space{}, "", fmt.Errorf("find template space: %w", err)
	}
	if space.Version == "" {
		space.Version = store.FirstVersion
	}
	return space, version, nil
}
