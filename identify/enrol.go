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
func (s *Service) Enrol(ctx context.Context, by store.Actor, req EnrolRequest) (e Enrolled, err error) {
	if err := validateEnrolment(req); err != nil {
		return Enrolled{}, err
	}
	// Whoever enrols the same at once may come first; the next look sees that.
	const looks = 4
	for range looks {
		if e, err = s.add(ctx, by, req); !overtaken(req, err) {
			break
		}
	}
	return e, err
}

func validateEnrolment(req EnrolRequest) error {
	if len(req.Photos) == 0 || len(req.Photos) > MaxPhotos {
		return invalid("photo", "is given %d times, an enrolment takes 1 to %d photos", len(req.Photos), MaxPhotos)
	}
	if req.Subject == "" && (!req.Create || req.Once || req.Import != "") {
		return invalid("subject", "is needed")
	}
	if req.Subject != "" && (req.Create || req.OrCreate) {
		if err := validateName("id", string(req.Subject)); err != nil {
			return err
		}
	}
	if req.Import != "" {
		if err := validateName("import", req.Import); err != nil {
			return err
		}
	}
	return validateMetadata(req.Metadata)
}

// add makes an enrolment that is valid.
func (s *Service) add(ctx context.Context, by store.Actor, req EnrolRequest) (Enrolled, error) {
	start := s.cfg.Now()
	g, err := s.detailed(ctx, by, req.Gallery, req.Detail)
	if err != nil {
		return Enrolled{}, err
	}
	sub, there, err := s.addressee(ctx, g, req)
	if err != nil {
		return Enrolled{}, err
	}
	req.Create = req.Create || req.OrCreate && !there
	req, present, err := s.leaveOut(ctx, g, req)
	if err != nil {
		return Enrolled{}, err
	}
	if len(req.Photos) == 0 {
		return s.unchanged(ctx, g, Enrolled{Subject: sub, Present: present}, start)
	}
	if there && sub.Faces+len(req.Photos) > MaxFaces {
		return Enrolled{}, fmt.Errorf("add %d faces to %d: %w", len(req.Photos), sub.Faces, ErrTooManyFaces)
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
	if req.DryRun {
		if err := allKeepable(g.Policy, shots); err != nil {
			return Enrolled{}, err
		}
		e, err := s.unchanged(ctx, g, Enrolled{Subject: sub, Present: present}, start)
		e.Timings.Timings = timings
		return e, err
	}
	e, err := s.enrol(ctx, g, space.Name(), req, shots, func(sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error) {
		also := made(sub, req)
		if req.Also != nil {
			also = append(also, func(tx store.Tx) error { return req.Also(tx, faces) })
		}
		return s.store.Enrol(ctx, sub, faces, photos, req.Create, also...)
	})
	if err != nil {
		return Enrolled{}, err
	}
	e.Present = present
	e.Timings.Timings, e.Timings.Total = timings, s.cfg.Now().Sub(start)
	return e, nil
}

// addressee is the subject that the faces are for, if it is there. One to which the
// request may not add is store.ErrExists.
func (s *Service) addressee(ctx context.Context, g store.Gallery, req EnrolRequest) (sub store.Subject, there bool, err error) {
	now := s.now()
	sub = store.Subject{Gallery: g.ID, ID: req.Subject, Metadata: req.Metadata, CreatedAt: now, UpdatedAt: now}
	if req.Create {
		return sub, false, nil // whoever is there, the store finds
	}
	found, err := s.store.Subject(ctx, g.ID, req.Subject)
	if errors.Is(err, store.ErrNotFound) && req.OrCreate {
		return sub, false, nil
	}
	if err == nil && req.Import != "" {
		err = s.store.Read(ctx, "read who made a subject", func(r store.Reader) error { return madeBy(r, found, req.Import) })
	}
	if err != nil {
		return sub, false, fmt.Errorf("look for the subject: %w", subjectError(g, req.Subject, err))
	}
	return found, true, nil
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
	if err := allKeepable(g.Policy, shots); err != nil {
		return Enrolled{}, err
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
		id, err := faceID(sub, req, i)
		if err != nil {
			return Enrolled{}, err
		}
		added[i] = store.Face{
			ID: id, Gallery: g.ID, Subject: sub.ID, Pack: space, Template: f.Template,
			Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation, Quality: f.Quality, CreatedAt: now,
		}
		if g.Policy.KeepPhotos {
			sum := sha256.Sum256(req.Photos[i])
			added[i].PhotoSHA256 = sum[:]
			photos = append(photos, store.Photo{MediaType: shot.media, Bytes: req.Photos[i]})
		}
	}
	_, done := s.observer.Begin(ctx, "store")
	position, err := write(sub, added, photos)
	done(err)
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
