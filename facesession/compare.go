package facesession

import (
	"context"
	"errors"
	"fmt"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// reference is the place of the photo to compare with.
const reference = 0

// shot is a picture of the session, opened.
type shot struct {
	place int
	score int64
	jpeg  []byte
	// passive is what the passive check said of it; empty is nothing.
	passive string
	mine    bool
}

// shots are in the order of their places; the photo is the first.
type shots []shot

// shots opens the session's pictures.
func (s *Service) shots(ctx context.Context, open session) (all shots, err error) {
	sealed, err := store.List(ctx, s.db, "read pictures of face session", func(row store.Row) (p shot, err error) {
		err = row.Scan(&p.place, &p.score, &p.jpeg, &p.passive)
		return p, err
	}, `SELECT place, score, content, passive FROM face_session_pictures WHERE session = $1 ORDER BY place`, open.hash)
	if err != nil {
		return nil, err
	}
	if len(sealed) == 0 { // purged or swept meanwhile
		return nil, ErrGone
	}
	for _, p := range sealed {
		p.mine = true
		if p.jpeg, err = s.seals.open(open.id, sealedPicture, p.place, p.jpeg); err != nil {
			all.wipe()
			return nil, err
		}
		all = append(all, p)
	}
	return all, nil
}

// wipe overwrites the pictures that were opened.
func (s shots) wipe() {
	for _, p := range s {
		if p.mine {
			clear(p.jpeg)
		}
	}
}

// earlier are the attempt's frames.
func (s shots) earlier() (jpegs [][]byte) {
	for _, p := range s[1:] {
		jpegs = append(jpegs, p.jpeg)
	}
	return jpegs
}

// seen is what the comparison told.
type seen struct {
	level int
	// steps are those that were passed.
	steps []StepKind
	// image is the frame that was compared.
	image []byte
	// passive is what the passive check said of it; empty is nothing.
	passive string
	// subject is who it is in the tenant's gallery, and known says that an earlier photo
	// of them was there; inserted says that this one was added. Empty is nobody.
	subject         store.SubjectID
	known, inserted bool
}

// compare compares the attempt's best frame with the photo, and looks for who it is.
func (s *Service) compare(ctx context.Context, open session, all shots) (judged, error) {
	if len(all) == 1 {
		return judged{}, errors.New("compare faces: no step of the attempt kept a frame")
	}
	best := all[1]
	for _, p := range all[2:] {
		if p.score > best.score {
			best = p
		}
	}
	found := &seen{steps: open.plan, image: append([]byte(nil), best.jpeg...), passive: best.passive}
	v, err := s.rooms.Faces.Verify(ctx, open.actor(), identify.VerifyRequest{Photo: best.jpeg, Reference: all[0].jpeg})
	if reason := unfit(err); reason != "" {
		return judged{cause: NoMatch, reason: reason, seen: found}, nil
	}
	if err != nil {
		return judged{}, fmt.Errorf("compare faces: %w", err)
	}
	if v.Probe.Comparable() && v.Reference.Comparable() {
		found.level = s.cfg.Levels.Level(v.FMR)
	}
	if found.level < open.terms.MinimumMatchLevel {
		return judged{cause: NoMatch, reason: "other_person", seen: found}, nil
	}
	if open.terms.OneToN != OneToNOff {
		err = s.identify(ctx, open, found)
	}
	return judged{seen: found}, err
}

// unfit is why the frame cannot be compared, if that is what the error says.
func unfit(err error) string {
	about, ok := errors.AsType[*identify.ArgumentError](err)
	if !ok || about.Argument != "photo" {
		return ""
	}
	for _, r := range []struct {
		is     error
		reason string
	}{
		{identify.ErrNoFace, "no_face"},
		{identify.ErrSeveralFaces, "several_faces"},
		{identify.ErrFaceTooSmall, "face_too_small"},
		{identify.ErrLowQuality, "low_quality"},
		{photo.ErrCorrupt, "corrupt"},
		{photo.ErrUnsupported, "corrupt"},
		{photo.ErrTooSmall, "face_too_small"},
		{photo.ErrTooLarge, "too_large"},
		{photo.ErrTooComplex, "too_complex"},
	} {
		if errors.Is(err, r.is) {
			return r.reason
		}
	}
	return ""
}

// identify looks for the person in the tenant's gallery, and adds who is not there
// where that is wanted. A frame that the gallery's policy refuses shows nobody.
func (s *Service) identify(ctx context.Context, open session, found *seen) error {
	insert := open.terms.OneToN == OneToNInsert
	look := func() (identify.Answer, error) {
		return s.rooms.Faces.Search(ctx, open.actor(), identify.SearchRequest{Gallery: s.cfg.Gallery, Photos: [][]byte{found.image}, K: 1, Insert: insert})
	}
	a, err := look()
	if errors.Is(err, store.ErrNotFound) {
		if !insert {
			return nil
		}
		policy := s.rooms.Faces.DefaultPolicy()
		policy.KeepPhotos = true
		if _, err := s.rooms.Faces.CreateGallery(ctx, open.actor(), store.Gallery{Name: s.cfg.Gallery, Policy: policy}); err != nil && !errors.Is(err, store.ErrExists) {
			return fmt.Errorf("make gallery: %w", err)
		}
		a, err = look()
	}
	switch {
	case errors.Is(err, identify.ErrLowQuality) || errors.Is(err, identify.ErrSpoof) || errors.Is(err, identify.ErrLivenessUnknown):
		return nil
	case err != nil:
		return fmt.Errorf("look for the person: %w", err)
	}
	switch probe := a.Probes[0]; {
	case probe.Outcome != identify.Nobody:
		found.subject, found.known = probe.Candidates[0].Subject, true
	case a.Inserted != nil:
		found.subject, found.inserted = a.Inserted.Subject.ID, true
	}
	return nil
}

// undo takes back the person that was added for a result that is not to be.
func (c claim) undo(ctx context.Context, found *seen, why error) {
	if found == nil || !found.inserted || errors.Is(why, store.ErrUncertain) {
		return
	}
	_, _ = c.s.rooms.Faces.DeleteSubject(context.WithoutCancel(ctx), c.open.actor(), c.s.cfg.Gallery, found.subject)
}
