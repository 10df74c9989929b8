package identify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oneton/store"
)

// SubjectFilter chooses subjects of a list; a zero field lets all pass.
type SubjectFilter struct {
	// Prefix is how their ids begin.
	Prefix string
	// Metadata keeps subjects whose metadata has, for every key named, one of the values.
	Metadata map[string][]string
	// HasPhoto keeps those with a kept photo, or those without.
	HasPhoto *bool
	// MaxFaces keeps those with at most so many faces.
	MaxFaces *int
}

func (f SubjectFilter) validate() error {
	if len(f.Prefix) > store.MaxID || !store.ValidText(f.Prefix) {
		return invalid("prefix", "must be at most %d bytes of UTF-8 without NUL", store.MaxID)
	}
	if f.MaxFaces != nil && *f.MaxFaces < 0 {
		return invalid("max_faces", "must not be negative")
	}
	return nil
}

// chooses tells whether a list has to be looked through.
func (f SubjectFilter) chooses() bool {
	return len(f.Metadata) > 0 || f.HasPhoto != nil || f.MaxFaces != nil
}

func (f SubjectFilter) passes(sub store.Subject) bool {
	for key, values := range f.Metadata {
		if value, has := sub.Metadata[key]; !has || !slices.Contains(values, value) {
			return false
		}
	}
	return (f.HasPhoto == nil || *f.HasPhoto == (sub.Photos > 0)) && (f.MaxFaces == nil || sub.Faces <= *f.MaxFaces)
}

const (
	// findTime is for how long a page is looked for: what passes a filter may be one
	// in a million.
	findTime = 40 * time.Millisecond
	// findRows is how many subjects are read together: of kept photos, each may cost a
	// read of the disk.
	findRows = 250
)

// FindSubjects lists those of a gallery's subjects by id that the filter lets pass, and
// returns where the next page begins: empty at the end. So that no page takes long
// whatever the gallery's size, a page may be short, even empty, and have a next one.
func (s *Service) FindSubjects(ctx context.Context, by store.Actor, gallery string, f SubjectFilter, p store.Page) (found []store.Subject, next string, err error) {
	if err := f.validate(); err != nil {
		return nil, "", err
	}
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return nil, "", err
	}
	begun := time.Now()
	rows := p.Limit + 1
	if f.chooses() {
		rows = findRows
	}
	some, after, err := s.from(ctx, g, f.Prefix, p.After)
	for err == nil {
		var more []store.Subject
		if more, err = s.store.Subjects(ctx, g.ID, store.Page{After: after, Limit: rows}); err != nil {
			break
		}
		some = append(some, more...)
		for _, sub := range some {
			switch {
			case !strings.HasPrefix(string(sub.ID), f.Prefix):
				return found, "", nil
			case !f.passes(sub):
			case len(found) == p.Limit:
				return found, string(found[len(found)-1].ID), nil
			default:
				found = append(found, sub)
			}
			after = string(sub.ID)
		}
		if len(more) < rows {
			return found, "", nil
		}
		if f.chooses() && time.Since(begun) > findTime {
			return found, after, nil
		}
		some = nil
	}
	return nil, "", fmt.Errorf("list subjects: %w", err)
}

// from is where subjects of the prefix begin after one: those of the prefix alone, which
// is one at most, and after which id to read on.
func (s *Service) from(ctx context.Context, g store.Gallery, prefix, after string) ([]store.Subject, string, error) {
	if prefix <= after {
		return nil, after, nil
	}
	sub, err := s.store.Subject(ctx, g.ID, store.SubjectID(prefix))
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, prefix, nil
	case err != nil:
		return nil, "", err
	}
	return []store.Subject{sub}, prefix, nil
}
