package exact

import (
	"fmt"

	"github.com/google/uuid"

	"oneton/changelog"
)

// batch is what a run of changes comes to for one gallery.
type batch struct {
	key galleryKey
	// dropped forgets everything that was there before faces.
	dropped bool
	// faces has the last change of each face, in the order of first mention.
	faces []faceChange
	at    map[uuid.UUID]int
}

type faceChange struct {
	id     uuid.UUID
	change changelog.Change
}

// split sorts changes by gallery.
func split(changes []changelog.Change) ([]*batch, error) {
	var batches []*batch
	byKey := make(map[galleryKey]*batch)
	for _, c := range changes {
		k := galleryKey{c.Tenant, c.Gallery}
		b := byKey[k]
		if b == nil {
			b = &batch{key: k, at: make(map[uuid.UUID]int)}
			byKey[k] = b
			batches = append(batches, b)
		}
		if err := b.add(c); err != nil {
			return nil, fmt.Errorf("change %d: %w", c.Seq, err)
		}
	}
	return batches, nil
}

func (b *batch) add(c changelog.Change) error {
	switch c.Kind {
	case changelog.DropGallery:
		b.dropped, b.faces = true, nil
		clear(b.at)
		return nil
	case changelog.PutFace, changelog.DeleteFace:
	default:
		return fmt.Errorf("unknown kind %d", c.Kind)
	}
	id, err := uuid.Parse(c.Face)
	if err != nil {
		return fmt.Errorf("face id: %w", err)
	}
	if i, ok := b.at[id]; ok {
		b.faces[i].change = c
		return nil
	}
	b.at[id] = len(b.faces)
	b.faces = append(b.faces, faceChange{id, c})
	return nil
}
