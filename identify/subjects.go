package identify

import (
	"context"
	"errors"
	"fmt"

	"oneton/audit"
	"oneton/store"
)

// Subject is a subject of the tenant's gallery with its faces, oldest first.
func (s *Service) Subject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (store.Subject, []store.Face, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Subject{}, nil, err
	}
	sub, err := s.store.Subject(ctx, g.ID, id)
	if err != nil {
		return store.Subject{}, nil, fmt.Errorf("read subject: %w", subjectError(g, id, err))
	}
	faces, err := s.store.Faces(ctx, g.ID, id)
	if err != nil {
		return store.Subject{}, nil, fmt.Errorf("read faces: %w", subjectError(g, id, err))
	}
	return sub, faces, nil
}

// Subjects lists a gallery's subjects by id.
func (s *Service) Subjects(ctx context.Context, by store.Actor, gallery string, p store.Page) ([]store.Subject, error) {
	g, err := s.Gallery(ctx, by, gallery)
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
func (s *Service) UpdateMetadata(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error) {
	g, err := s.Gallery(ctx, by, gallery)
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
		return store.Subject{}, 0, fmt.Errorf("update metadata: %w", subjectError(g, id, err))
	}
	s.committed()
	return sub, position, nil
}

// DeleteSubject removes a subject with its faces and photos, and returns the
// position in the change log at which it did.
func (s *Service) DeleteSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (uint64, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return 0, err
	}
	var position uint64
	err = audit.Removing(audit.By(by, audit.SubjectDeleted, gallery+"/"+string(id)), func(also ...func(store.Tx) error) (err error) {
		position, err = s.store.DeleteSubject(ctx, g.ID, id, also...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete subject: %w", subjectError(g, id, err))
	}
	s.committed()
	return position, nil
}

// DeleteFace removes one face of a subject with its photo, and returns the
// position in the change log at which it did; the subject stays.
func (s *Service) DeleteFace(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID, face store.FaceID) (uint64, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return 0, err
	}
	var position uint64
	err = audit.Removing(audit.By(by, audit.FaceDeleted, gallery+"/"+string(subject)+"/"+string(face)), func(also ...func(store.Tx) error) (err error) {
		position, err = s.store.DeleteFace(ctx, g.ID, subject, face, also...)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("delete face: %w", s.missing(ctx, g, subject, KindFace, string(face), err))
	}
	s.committed()
	return position, nil
}

// DeletePhotos removes a subject's kept photos; its faces stay searchable.
func (s *Service) DeletePhotos(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID) error {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return err
	}
	err = audit.Removing(audit.By(by, audit.PhotosDeleted, gallery+"/"+string(subject)), func(also ...func(store.Tx) error) error {
		return s.store.DeletePhotos(ctx, g.ID, subject, also...)
	})
	if err != nil {
		return fmt.Errorf("delete photos: %w", s.missing(ctx, g, subject, KindPhoto, "", err))
	}
	return nil
}

// missing says what a store did not find: the subject, or what is the subject's.
func (s *Service) missing(ctx context.Context, g store.Gallery, subject store.SubjectID, kind, name string, err error) error {
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if _, err := s.store.Subject(ctx, g.ID, subject); err != nil {
		return subjectError(g, subject, err)
	}
	return NotOfSubject(g.Name, subject, kind, name)
}

// NotOfSubject is the ResourceError of what a subject does not have.
func NotOfSubject(gallery string, subject store.SubjectID, kind, name string) error {
	in := &ResourceError{Kind: KindSubject, Name: string(subject), In: &ResourceError{Kind: KindGallery, Name: gallery}}
	return &ResourceError{Kind: kind, Name: name, In: in, Err: store.ErrNotFound}
}

// Photo is the kept photo of a face.
func (s *Service) Photo(ctx context.Context, by store.Actor, gallery string, face store.FaceID) (store.Photo, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Photo{}, err
	}
	p, err := s.store.Photo(ctx, g.ID, face)
	if err != nil {
		return store.Photo{}, fmt.Errorf("read photo: %w", resourceError(&ResourceError{
			Kind: KindPhoto, In: &ResourceError{Kind: KindFace, Name: string(face), In: &ResourceError{Kind: KindGallery, Name: gallery}}, Err: err,
		}))
	}
	return p, nil
}
