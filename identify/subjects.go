package identify

import (
	"context"
	"fmt"

	"oneton/store"
)

// Subject is a subject of the tenant's gallery with its faces, oldest first.
func (s *Service) Subject(ctx context.Context, tenant, gallery, id string) (store.Subject, []store.Face, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return store.Subject{}, nil, err
	}
	sub, err := s.store.Subject(ctx, g.ID, id)
	if err != nil {
		return store.Subject{}, nil, fmt.Errorf("read subject: %w", err)
	}
	faces, err := s.store.Faces(ctx, g.ID, id)
	if err != nil {
		return store.Subject{}, nil, fmt.Errorf("read faces: %w", err)
	}
	return sub, faces, nil
}

// Subjects lists a gallery's subjects by id.
func (s *Service) Subjects(ctx context.Context, tenant, gallery string, p store.Page) ([]store.Subject, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return nil, err
	}
	subs, err := s.store.Subjects(ctx, g.ID, p)
	if err != nil {
		return nil, fmt.Errorf("list subjects: %w", err)
	}
	return subs, nil
}

// UpdateMetadata replaces a subject's metadata by what change makes of the
// subject as it is; nothing comes between, and an error of change's leaves all
// as it was. Later filters see it, from the position in the change log on that
// it returns.
func (s *Service) UpdateMetadata(ctx context.Context, tenant, gallery, id string, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return store.Subject{}, 0, err
	}
	sub, position, err := s.store.UpdateMetadata(ctx, g.ID, id, func(sub store.Subject) (map[string]string, error) {
		m, err := change(sub)
		if err == nil {
			err = validateMetadata(m)
		}
		return m, err
	})
	if err != nil {
		return store.Subject{}, 0, fmt.Errorf("update metadata: %w", err)
	}
	s.committed()
	return sub, position, nil
}

// DeleteSubject removes a subject with its faces and photos, and returns the
// position in the change log at which it did.
func (s *Service) DeleteSubject(ctx context.Context, tenant, gallery, id string) (uint64, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return 0, err
	}
	position, err := s.store.DeleteSubject(ctx, g.ID, id)
	if err != nil {
		return 0, fmt.Errorf("delete subject: %w", err)
	}
	s.committed()
	return position, nil
}

// DeleteFace removes one face of a subject with its photo, and returns the
// position in the change log at which it did; the subject stays.
func (s *Service) DeleteFace(ctx context.Context, tenant, gallery, subject, face string) (uint64, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return 0, err
	}
	position, err := s.store.DeleteFace(ctx, g.ID, subject, face)
	if err != nil {
		return 0, fmt.Errorf("delete face: %w", err)
	}
	s.committed()
	return position, nil
}

// DeletePhotos removes a subject's kept photos; its faces stay searchable.
func (s *Service) DeletePhotos(ctx context.Context, tenant, gallery, subject string) error {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return err
	}
	if err := s.store.DeletePhotos(ctx, g.ID, subject); err != nil {
		return fmt.Errorf("delete photos: %w", err)
	}
	return nil
}

// Photo is the kept photo of a face.
func (s *Service) Photo(ctx context.Context, tenant, gallery, face string) (store.Photo, error) {
	g, err := s.Gallery(ctx, tenant, gallery)
	if err != nil {
		return store.Photo{}, err
	}
	p, err := s.store.Photo(ctx, g.ID, face)
	if err != nil {
		return store.Photo{}, fmt.Errorf("read photo: %w", err)
	}
	return p, nil
}
