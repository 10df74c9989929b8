package qdrant

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/store"
)

// batch is what a run of changes comes to.
type batch struct {
	// galleries are those that the changes name.
	galleries map[galleryKey]bool
	// dropped galleries forget everything that was there before faces.
	dropped map[galleryKey]bool
	// faces has the last change of each face of a gallery, oldest first.
	faces []faceChange
	// labelled are the metadata that subjects' faces are given before the
	// changes of faces are made.
	labelled map[subjectKey]map[string]string
}

type subjectKey struct {
	gallery galleryKey
	subject store.SubjectID
}

type faceKey struct {
	gallery galleryKey
	id      string
}

type faceChange struct {
	faceKey
	change changelog.Change
}

// reduce checks the changes and sorts them. Those that no index can hold are a
// *changelog.UnfitError.
func reduce(changes []changelog.Change) (*batch, error) {
	changes = slices.Clone(changes) // of which metadata are replaced
	var unfit changelog.UnfitError
	b := &batch{galleries: make(map[galleryKey]bool), dropped: make(map[galleryKey]bool), labelled: make(map[subjectKey]map[string]string)}
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
			maps.DeleteFunc(b.labelled, func(s subjectKey, _ map[string]string) bool { return s.gallery == k })
			continue
		}
		id, err := check(c)
		if err != nil {
			unfit.Seqs, unfit.Err = append(unfit.Seqs, c.Seq), err
			continue
		}
		if c.Kind == changelog.PutMetadata {
			b.labelled[subjectKey{k, c.Subject}] = c.Metadata
			for f, at := range last {
				if p := &changes[at]; f.gallery == k && p.Kind == changelog.PutFace && p.Subject == c.Subject {
					p.Metadata = c.Metadata
				}
			}
			continue
		}
		last[faceKey{k, id}] = i
	}
	if unfit.Err != nil {
		return nil, &unfit
	}
	for i, c := range changes {
		if c.Kind == changelog.DropGallery || c.Kind == changelog.PutMetadata {
			continue
		}
		f := faceKey{galleryKey{c.Tenant, c.Gallery}, uuid.MustParse(string(c.Face)).String()}
		if at, ok := last[f]; ok && at == i {
			b.faces = append(b.faces, faceChange{f, c})
		}
	}
	return b, nil
}

// check returns the id of the change's face, if it has one, or why no index
// could hold the change.
func check(c changelog.Change) (id string, err error) {
	if c.Kind == changelog.PutMetadata {
		return "", checkSubject(c)
	}
	parsed, err := uuid.Parse(string(c.Face))
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
	if c.Pack == "" {
		return "", errors.New("no pack")
	}
	if err := checkSubject(c); err != nil {
		return "", err
	}
	return parsed.String(), c.Template.Check()
}

// checkSubject returns an error when Qdrant could not hold what the change says
// of its subject.
func checkSubject(c changelog.Change) error {
	if !utf8.ValidString(string(c.Subject)) {
		return errors.New("a subject that is not UTF-8")
	}
	for k, v := range c.Metadata {
		if !utf8.ValidString(k) || !utf8.ValidString(v) {
			return errors.New("metadata that are not UTF-8")
		}
	}
	return nil
}

// packs are those that faces are put into, with the dimension of the first.
func (b *batch) packs() map[string]int {
	packs := make(map[string]int)
	for _, f := range b.faces {
		if _, ok := packs[f.change.Pack]; !ok && f.change.Kind == changelog.PutFace {
			packs[f.change.Pack] = len(f.change.Template)
		}
	}
	return packs
}

// sameDimension returns a *changelog.UnfitError of the faces of the pack that
// are not of the dimension.
func (b *batch) sameDimension(pack string, dimension int) error {
	var unfit changelog.UnfitError
	for _, f := range b.faces {
		if c := f.change; c.Kind == changelog.PutFace && c.Pack == pack && len(c.Template) != dimension {
			unfit.Seqs = append(unfit.Seqs, c.Seq)
			unfit.Err = fmt.Errorf("templates of pack %s have %d dimensions, not %d: %w", pack, dimension, len(c.Template), face.ErrDimension)
		}
	}
	if unfit.Err != nil {
		return &unfit
	}
	return nil
}
