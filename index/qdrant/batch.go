package qdrant

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
)

// lengthTolerance is how far a template's length may be from one.
const lengthTolerance = 1e-3

// batch is what a run of changes comes to.
type batch struct {
	// galleries are those that the changes name.
	galleries map[galleryKey]bool
	// dropped galleries forget everything that was there before faces.
	dropped map[galleryKey]bool
	// faces has the last change of each face of a gallery, oldest first.
	faces []faceChange
}

type faceKey struct {
	gallery galleryKey
	id      string
}

type faceChange struct {
	faceKey
	change changelog.Change
}

// reduce checks the changes and sorts them.
func reduce(changes []changelog.Change) (*batch, error) {
	b := &batch{galleries: make(map[galleryKey]bool), dropped: make(map[galleryKey]bool)}
	last := make(map[faceKey]int)
	for i, c := range changes {
		k := galleryKey{c.Tenant, c.Gallery}
		b.galleries[k] = true
		if c.Kind == changelog.DropGallery {
			b.dropped[k] = true
			for f := range last {
				if f.gallery == k {
					delete(last, f)
				}
			}
			continue
		}
		id, err := check(c)
		if err != nil {
			return nil, fmt.Errorf("change %d: %w", c.Seq, err)
		}
		last[faceKey{k, id}] = i
	}
	for i, c := range changes {
		if c.Kind == changelog.DropGallery {
			continue
		}
		f := faceKey{galleryKey{c.Tenant, c.Gallery}, uuid.MustParse(c.Face).String()}
		if at, ok := last[f]; ok && at == i {
			b.faces = append(b.faces, faceChange{f, c})
		}
	}
	return b, nil
}

// check returns the face's id, or why no index could hold the change.
func check(c changelog.Change) (id string, err error) {
	parsed, err := uuid.Parse(c.Face)
	if err != nil {
		return "", fmt.Errorf("face id: %w", err)
	}
	switch c.Kind {
	case changelog.DeleteFace:
		return parsed.String(), nil
	case changelog.PutFace:
	default:
		return "", fmt.Errorf("unknown kind %d", c.Kind)
	}
	if c.Pack == "" || !utf8.ValidString(c.Subject) {
		return "", errors.New("no pack, or a subject that is not UTF-8")
	}
	for k, v := range c.Metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return "", errors.New("metadata that are not UTF-8")
		}
	}
	return parsed.String(), checkUnit(c.Template)
}

// checkUnit returns an error when t is no unit vector.
func checkUnit(t face.Template) error {
	var sum float64
	for _, x := range t {
		sum += float64(x) * float64(x)
	}
	switch length := math.Sqrt(sum); {
	case math.IsNaN(length) || math.IsInf(length, 0):
		return face.ErrNotFinite
	case length == 0:
		return face.ErrZero
	case math.Abs(length-1) > lengthTolerance:
		return fmt.Errorf("template of length %g, not one", length)
	}
	return nil
}

// packs are those that faces are put into, with their dimension.
func (b *batch) packs() (map[string]int, error) {
	packs := make(map[string]int)
	for _, f := range b.faces {
		if f.change.Kind != changelog.PutFace {
			continue
		}
		have, ok := packs[f.change.Pack]
		if ok && have != len(f.change.Template) {
			return nil, fmt.Errorf("change %d: pack %s in %d and %d dimensions: %w",
				f.change.Seq, f.change.Pack, have, len(f.change.Template), face.ErrDimension)
		}
		packs[f.change.Pack] = len(f.change.Template)
	}
	return packs, nil
}
