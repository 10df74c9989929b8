package identify

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"oneton/store"
)

// MaxKnown is how many photos one call may ask about.
const MaxKnown = 200

// PhotoOf is a photo that somebody has, and whose it is.
type PhotoOf struct {
	Subject store.SubjectID
	SHA256  [sha256.Size]byte
}

// Known tells of each photo whether an enrolment with Once would leave it out. Where the
// import is named, photos of subjects that it has not made are not known: what becomes of
// them, the enrolment says.
func (s *Service) Known(ctx context.Context, by store.Actor, gallery, importName string, photos []PhotoOf) ([]bool, error) {
	if len(photos) == 0 || len(photos) > MaxKnown {
		return nil, invalid("photos", "has %d, must have 1 to %d", len(photos), MaxKnown)
	}
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return nil, err
	}
	ids := make([]store.FaceID, len(photos))
	for i, p := range photos {
		ids[i] = hashedID(g.ID, p.Subject, p.SHA256)
	}
	have, err := s.store.SubjectsOf(ctx, g.ID, ids)
	if err != nil {
		return nil, fmt.Errorf("look for the photos' faces: %w", err)
	}
	ours := func(store.SubjectID) bool { return true }
	if importName != "" {
		made, err := s.madeByImport(ctx, g, importName, photos)
		if err != nil {
			return nil, err
		}
		ours = func(id store.SubjectID) bool { return made[id] }
	}
	known := make([]bool, len(photos))
	for i, id := range ids {
		_, there := have[id]
		known[i] = there && ours(photos[i].Subject)
	}
	return known, nil
}

// madeByImport are those of the photos' subjects that the import made.
func (s *Service) madeByImport(ctx context.Context, g store.Gallery, name string, photos []PhotoOf) (map[store.SubjectID]bool, error) {
	// Engines keep what they parsed by its text, of which there is one for each power of two.
	args, places := []any{g.ID, name}, make([]string, 1<<bits.Len(uint(len(photos)-1)))
	for i := range places {
		args = append(args, photos[min(i, len(photos)-1)].Subject)
		places[i] = "$" + strconv.Itoa(len(args))
	}
	made := make(map[store.SubjectID]bool)
	err := s.store.Read(ctx, "read who made subjects", func(r store.Reader) error {
		return r.Each(func(row store.Row) error {
			var id store.SubjectID
			err := row.Scan(&id)
			made[id] = true
			return err
		}, `SELECT subject FROM subject_imports WHERE gallery = $1 AND import = $2 AND subject IN (`+strings.Join(places, ", ")+`)`, args...)
	})
	return made, err
}
