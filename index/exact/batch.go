package exact

import (
	"fmt"
	"slices"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/face"
	"oneton/search"
	"oneton/store"
)

// batch is what a run of changes comes to for one gallery.
type batch struct {
	key galleryKey
	// dropped forgets everything that was there before faces.
	dropped bool
	// faces has the last change of each face and of each subject's metadata, in
	// the log's order.
	faces []faceChange
	seen  map[uuid.UUID]bool
	// labelled are the subjects whose metadata it has.
	labelled map[store.SubjectID]bool
}

// faceChange is of a face, or has no id and is of a subject's metadata.
type faceChange struct {
	id     uuid.UUID
	change *changelog.Change
}

// split sorts changes by gallery. Those that no index can hold are a
// *changelog.UnfitError.
func split(changes []changelog.Change) ([]*batch, error) {
	var unfit changelog.UnfitError
	var batches []*batch
	byKey := make(map[galleryKey]*batch)
	for i := range slices.Backward(changes) {
		c := &changes[i]
		k := galleryKey{c.Tenant, c.Gallery}
		b := byKey[k]
		if b == nil {
			b = &batch{key: k, seen: make(map[uuid.UUID]bool), labelled: make(map[store.SubjectID]bool)}
			byKey[k] = b
			batches = append(batches, b)
		}
		if err := b.precede(c); err != nil {
			unfit.Seqs, unfit.Err = append(unfit.Seqs, c.Seq), err
		}
	}
	if unfit.Err != nil {
		return nil, &unfit
	}
	for _, b := range batches {
		slices.Reverse(b.faces)
	}
	return batches, nil
}

// precede adds a change that comes before those the batch has.
func (b *batch) precede(c *changelog.Change) error {
	switch c.Kind {
	case changelog.DropGallery:
		b.dropped = true
		return nil
	case changelog.PutMetadata:
		if !b.dropped && !b.labelled[c.Subject] {
			b.labelled[c.Subject] = true
			b.faces = append(b.faces, faceChange{change: c})
		}
		return nil
	case changelog.PutFace, changelog.DeleteFace:
	default:
		return fmt.Errorf("unknown kind %d", c.Kind)
	}
	id, err := uuid.Parse(string(c.Face))
	if err != nil {
		return fmt.Errorf("face id: %w", err)
	}
	if c.Kind == changelog.PutFace {
		if err := c.Template.Check(); err != nil {
			return err
		}
		if len(c.Template) > search.MaxDimension {
			return face.ErrDimension
		}
	}
	if b.dropped || b.seen[id] {
		return nil
	}
	b.seen[id] = true
	b.faces = append(b.faces, faceChange{id, c})
	return nil
}
