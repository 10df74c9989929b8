package identify

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"oneton/photo"
	"oneton/store"
)

// overtaken tells whether an enrolment failed because another one came first that
// leaves something to look at.
func overtaken(req EnrolRequest, err error) bool {
	return req.Once && errors.Is(err, store.ErrExists) ||
		req.OrCreate && !req.Create && (errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound))
}

// faceID is a new face's id.
func faceID(sub store.Subject, req EnrolRequest, i int) (store.FaceID, error) {
	if req.Once {
		return contentID(sub.Gallery, sub.ID, req.Photos[i]), nil
	}
	id, err := uuid.NewV7()
	if err != nil {
		return "", fmt.Errorf("make face id: %w", err)
	}
	return store.FaceID(id.String()), nil
}

// contentID is the id of the face that a photo gives a subject: of the SHA-256 of the
// gallery's internal id, of the subject's and of the photo's SHA-256, the bits that
// RFC 9562, section 5.8, leaves to a UUID of version 8. The gallery's id is random and
// never told, so that no id tells who has a photo that it is enrolled.
func contentID(gallery store.GalleryID, subject store.SubjectID, content []byte) store.FaceID {
	return hashedID(gallery, subject, sha256.Sum256(content))
}

// hashedID is the contentID of a photo of that SHA-256.
func hashedID(gallery store.GalleryID, subject store.SubjectID, sum [sha256.Size]byte) store.FaceID {
	whole := sha256.New()
	_, _ = io.WriteString(whole, string(gallery)+"\x00"+string(subject)+"\x00") // which never fails
	_, _ = whole.Write(sum[:])
	var id uuid.UUID
	copy(id[:], whole.Sum(nil))
	return asVersion8(id)
}

// asVersion8 is a face's id of bits of the service's own.
func asVersion8(id uuid.UUID) store.FaceID {
	const version, variant = 6, 8
	id[version] = id[version]&0x0f | 0x80
	id[variant] = id[variant]&0x3f | 0x80
	return store.FaceID(id.String())
}

// leaveOut is the request without the photos that the subject has, and their faces.
func (s *Service) leaveOut(ctx context.Context, g store.Gallery, req EnrolRequest) (_ EnrolRequest, present []store.FaceID, err error) {
	if !req.Once {
		return req, nil, nil
	}
	ids := make([]store.FaceID, len(req.Photos))
	for i, content := range req.Photos {
		ids[i] = contentID(g.ID, req.Subject, content)
	}
	have, err := s.store.SubjectsOf(ctx, g.ID, ids)
	if err != nil {
		return req, nil, fmt.Errorf("look for the photos' faces: %w", err)
	}
	var photos [][]byte
	var seen []photo.Face
	for i, id := range ids {
		if slices.Contains(ids[:i], id) { // twice in one request
			continue
		}
		if _, there := have[id]; there {
			present = append(present, id)
			continue
		}
		photos = append(photos, req.Photos[i])
		if len(req.Seen.Faces) == len(ids) {
			seen = append(seen, req.Seen.Faces[i])
		}
	}
	req.Photos, req.Seen.Faces = photos, seen
	return req, present, nil
}

// unchanged answers a request that stores nothing, as of a position at which all that
// it found was there.
func (s *Service) unchanged(ctx context.Context, g store.Gallery, e Enrolled, start time.Time) (_ Enrolled, err error) {
	if e.Position, err = s.store.PositionOf(ctx, g.ID); err != nil {
		return Enrolled{}, fmt.Errorf("read position: %w", galleryError(g.Name, err))
	}
	e.Timings.Total = s.cfg.Now().Sub(start)
	return e, nil
}

// made notes by which import a subject was made, or sees that it was made by the one
// that adds to it.
func made(sub store.Subject, req EnrolRequest) []func(store.Tx) error {
	if req.Import == "" {
		return nil
	}
	return []func(store.Tx) error{func(tx store.Tx) error {
		if !req.Create {
			return madeBy(tx, sub, req.Import)
		}
		_, err := tx.Exec(`INSERT INTO subject_imports (gallery, subject, import) VALUES ($1, $2, $3)`, sub.Gallery, sub.ID, req.Import)
		return err
	}}
}

// madeBy is store.ErrExists unless the import made the subject.
func madeBy(r store.Reader, sub store.Subject, name string) error {
	maker, err := store.OneOf(r, func(row store.Row) (maker string, err error) {
		err = row.Scan(&maker)
		return maker, err
	}, `SELECT import FROM subject_imports WHERE gallery = $1 AND subject = $2`, sub.Gallery, sub.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && maker != name {
		return store.ErrExists
	}
	return err
}
