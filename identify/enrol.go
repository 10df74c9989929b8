package identify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"oneton/photo"
	"oneton/store"
)

// Enrol adds one face a photo to a subject: all of them or, on any error,
// none. When it returns, the faces are durable and every later search sees
// them.
func (s *Service) Enrol(ctx context.Context, by store.Actor, req EnrolRequest) (Enrolled, error) {
	start := s.cfg.Now()
	if len(req.Photos) == 0 || len(req.Photos) > MaxPhotos {
		return Enrolled{}, invalid("photo", "is given %d times, an enrolment takes 1 to %d photos", len(req.Photos), MaxPhotos)
	}
	if !req.Create && req.Subject == "" {
		return Enrolled{}, invalid("subject", "is needed")
	}
	if req.Subject != "" && req.Create {
		if err := validateName("id", string(req.Subject)); err != nil {
			return Enrolled{}, err
		}
	}
	if err := validateMetadata(req.Metadata); err != nil {
		return Enrolled{}, err
	}
	g, err := s.detailed(ctx, by, req.Gallery, req.Detail)
	if err != nil {
		return Enrolled{}, err
	}

	if !req.Create {
		sub, err := s.store.Subject(ctx, g.ID, req.Subject)
		if err == nil && sub.Faces+len(req.Photos) > MaxFaces {
			return Enrolled{}, fmt.Errorf("add %d faces to %d: %w", len(req.Photos), sub.Faces, ErrTooManyFaces)
		}
	}
	space, err := s.Space(ctx, g.Pack)
	if err != nil {
		return Enrolled{}, aboutPack(KindGallery, err)
	}
	own, err := s.rules(ctx, g.Pack, space.Name())
	if err != nil {
		return Enrolled{}, aboutPack(KindGallery, err)
	}
	shots, timings, err := s.portraits(ctx, g, own, req.Photos, req.Seen)
	if err != nil {
		return Enrolled{}, err
	}
	e, err := s.enrol(ctx, g, space.Name(), req, shots, func(sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error) {
		return s.store.Enrol(ctx, sub, faces, photos, req.Create)
	})
	if err != nil {
		return Enrolled{}, err
	}
	e.Timings.Timings, e.Timings.Total = timings, s.cfg.Now().Sub(start)
	return e, nil
}

// enrolmentError says what err of the store is about: a new subject's absence
// is its gallery's.
func enrolmentError(g store.Gallery, req EnrolRequest, err error) error {
	if req.Subject == "" || req.Create && errors.Is(err, store.ErrNotFound) {
		return galleryError(g.Name, err)
	}
	return subjectError(g, req.Subject, err)
}

// commit makes an enrolment true and returns its position in the change log.
type commit func(store.Subject, []store.Face, []store.Photo) (uint64, error)

// enrol stores the faces of req.Photos, one each, unless one is not keepable.
func (s *Service) enrol(ctx context.Context, g store.Gallery, space string, req EnrolRequest, shots []shot, write commit) (Enrolled, error) {
	for i, shot := range shots {
		if err := keepable(g.Policy, shot.face); err != nil {
			return Enrolled{}, about(photoArgument(i, len(shots)), err)
		}
	}
	start := s.cfg.Now()
	now := s.now()
	sub := store.Subject{Gallery: g.ID, ID: req.Subject, Metadata: req.Metadata, CreatedAt: now, UpdatedAt: now}
	if sub.ID == "" {
		id, err := uuid.NewV7()
		if err != nil {
			return Enrolled{}, fmt.Errorf("make subject id: %w", err)
		}
		sub.ID = store.SubjectID(id.String())
	}
	var photos []store.Photo
	added, liveness := make([]store.Face, len(shots)), make([]*photo.Liveness, len(shots))
	for i, shot := range shots {
		f := shot.face
		liveness[i] = f.Liveness
		id, err := uuid.NewV7()
		if err != nil {
			return Enrolled{}, fmt.Errorf("make face id: %w", err)
		}
		added[i] = store.Face{
			ID: store.FaceID(id.String()), Gallery: g.ID, Subject: sub.ID, Pack: space, Template: f.Template,
			Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation, Quality: f.Quality, CreatedAt: now,
		}
		if g.Policy.KeepPhotos {
			sum := sha256.Sum256(req.Photos[i])
			added[i].PhotoSHA256 = sum[:]
			photos = append(photos, store.Photo{MediaType: shot.media, Bytes: req.Photos[i]})
		}
	}
	position, err := write(sub, added, photos)
	if err != nil {
		return Enrolled{}, fmt.Errorf("store enrolment: %w", enrolmentError(g, req, err))
	}
	s.committed()
	sub.Faces = len(added)
	if req.Subject != "" && !req.Create {
		// The enrolment is true whatever becomes of the caller.
		if sub, err = s.store.Subject(context.WithoutCancel(ctx), g.ID, sub.ID); err != nil {
			return Enrolled{}, fmt.Errorf("read subject: %w", err)
		}
	}
	return Enrolled{
		Subject: sub, Faces: added, Liveness: liveness, Position: position,
		Timings: Timings{Store: s.cfg.Now().Sub(start)},
	}, nil
}
