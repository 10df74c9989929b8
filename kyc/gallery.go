package kyc

import (
	"context"
	"errors"
	"time"

	"oneton/identify"
	"oneton/store"
)

// registered is the metadata of a subject that is a user's face. Others are of
// attempts that no user came of yet.
const registered = "registered"

// keptFace is a face in a tenant's gallery.
type keptFace struct {
	subject store.SubjectID
	gallery string
	tenant  store.TenantID
}

func scanFace(row store.Row) (f keptFace, err error) {
	err = row.Scan(&f.subject, &f.gallery, &f.tenant)
	return f, err
}

// likeness is a photo of one person, with the face in it.
type likeness struct {
	photos [][]byte
	seen   identify.Portraits
}

// saveFace puts a face into the tenant's gallery, which it makes where there is none.
// Doing it again does nothing. That the face may be there is written down before.
func (s *Service) saveFace(ctx context.Context, by store.Actor, subject store.SubjectID, attempt string, of likeness) error {
	const slack = time.Hour
	now := s.now()
	err := s.db.Update(ctx, "note face", func(tx store.Tx) error {
		_, err := tx.Exec(`INSERT INTO kyc_faces (subject, tenant, gallery, attempt, drop_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING`,
			subject, by.Tenant, s.cfg.Gallery, attempt, now.Add(s.cfg.Within+slack))
		return err
	})
	if err != nil {
		return err
	}
	enrol := func() error {
		_, err := s.rooms.Faces.Enrol(ctx, by, identify.EnrolRequest{Gallery: s.cfg.Gallery, Subject: subject, Create: true, Photos: of.photos, Seen: of.seen})
		if isOf(err, identify.KindSubject, store.ErrExists) {
			return nil
		}
		return err
	}
	err = enrol()
	if isOf(err, identify.KindGallery, store.ErrNotFound) {
		// Whatever galleries have otherwise: no photo is kept, and no face goes by itself.
		_, err = s.rooms.Faces.CreateGallery(ctx, by, store.Gallery{Name: s.cfg.Gallery, Pack: s.cfg.Pack, Policy: identify.DefaultPolicy()})
		if err == nil || isOf(err, identify.KindGallery, store.ErrExists) {
			err = enrol()
		}
	}
	return err
}

// never is when a user's face goes by itself.
var never = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// isOf tells whether an error is that one about a thing of the kind.
func isOf(err error, kind string, is error) bool {
	r, ok := errors.AsType[*identify.ResourceError](err)
	return ok && r.Kind == kind && errors.Is(r.Err, is)
}

// markFace makes a face one that users are looked for by.
func (s *Service) markFace(ctx context.Context, by store.Actor, subject string) error {
	_, _, err := s.rooms.Faces.UpdateMetadata(ctx, by, s.cfg.Gallery, store.SubjectID(subject), func(store.Subject) (map[string]string, error) {
		return map[string]string{registered: "yes"}, nil
	})
	if gone(err) {
		return nil // its owner has deleted it
	}
	return err
}

// gone tells whether a face is not in the gallery any more.
func gone(err error) bool {
	return isOf(err, identify.KindSubject, store.ErrNotFound) || isOf(err, identify.KindFace, store.ErrNotFound) || isOf(err, identify.KindGallery, store.ErrNotFound)
}

// usersOf are the users whose face the photo may show: of several who look alike, all.
func (s *Service) usersOf(ctx context.Context, by store.Actor, of likeness) ([]string, error) {
	users := []string{}
	answer, err := s.rooms.Faces.Search(ctx, by, identify.SearchRequest{
		Gallery: s.cfg.Gallery, Photos: of.photos, Seen: of.seen, Filter: map[string][]string{registered: {"yes"}},
	})
	if isOf(err, identify.KindGallery, store.ErrNotFound) {
		return users, nil
	}
	if err != nil {
		return nil, err
	}
	for _, c := range answer.Probes[0].Candidates {
		id, err := store.One(ctx, s.db, "find user", scanText, `SELECT id FROM kyc_users WHERE tenant = $1 AND face = $2`, by.Tenant, c.Subject)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		users = append(users, id)
	}
	return users, nil
}

// errNoFaceKept means that a face to compare with is in the gallery no more.
var errNoFaceKept = &RefusedError{UserWithoutFace, "face", "no face is kept to compare it with"}

// verify is the similarity of a photo's face with one that is kept.
func (s *Service) verify(ctx context.Context, by store.Actor, photo []byte, subject string, threshold float64) (float64, error) {
	v, err := s.rooms.Faces.Verify(ctx, by, identify.VerifyRequest{
		Photo: photo, Gallery: s.cfg.Gallery, Subject: store.SubjectID(subject), FMR: min(SimilarityFMR(threshold), leastStrict),
	})
	switch {
	case gone(err):
		return 0, errNoFaceKept
	case err == nil && !v.Probe.Comparable():
		err = identify.ErrLowQuality
	}
	if err != nil {
		return 0, refused("face", err)
	}
	return Similarity(v.FMR), nil
}

// leastStrict is below the rate of a comparison that lets all pass, which none asks
// for.
const leastStrict = 0.5

// deleteFace removes a face from its gallery for good.
func (s *Service) deleteFace(ctx context.Context, by store.Actor, f keptFace) error {
	by.Tenant = f.tenant
	_, err := s.rooms.Faces.DeleteSubject(ctx, by, f.gallery, f.subject)
	if err != nil && !gone(err) {
		return err
	}
	return s.db.Remove(ctx, "forget face", func(tx store.Tx) error {
		_, err := tx.Exec(`DELETE FROM kyc_faces WHERE subject = $1`, f.subject)
		return err
	})
}

// nameFace makes a face the attempt's, which it leaves with, unless the attempt has
// one or can have no user: then the face goes at the next sweep.
func (s *Service) nameFace(tx store.Tx, attempt, face string, now time.Time) error {
	n, err := tx.Exec(`UPDATE kyc_attempts SET face = $1 WHERE id = $2 AND face = '' AND status NOT IN ($3, $4)`, face, attempt, Failed, Cancelled)
	if err != nil {
		return err
	}
	until := now
	if n > 0 {
		until = now.Add(s.cfg.Attempts)
	}
	return keepFace(tx, face, until)
}

func keepFace(tx store.Tx, face string, until time.Time) error {
	_, err := tx.Exec(`UPDATE kyc_faces SET drop_at = $1 WHERE subject = $2`, until, face)
	return err
}

// dropFaces lets the faces of an attempt go at the next sweep.
func dropFaces(tx store.Tx, attempt string, now time.Time) error {
	if _, err := tx.Exec(`UPDATE kyc_attempts SET face = '' WHERE id = $1`, attempt); err != nil {
		return err
	}
	_, err := tx.Exec(`UPDATE kyc_faces SET drop_at = $1 WHERE attempt = $2 AND drop_at > $1`, now, attempt)
	return err
}
