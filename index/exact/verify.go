package exact

import (
	"context"
	"maps"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/index"
	"oneton/index/verify"
)

// Verify reads the whole log, to whose end the index must have come, and
// compares every gallery's number of faces, and of a sample of faces what is
// known of them. What changes meanwhile waits, and is not compared.
func (x *Index) Verify(ctx context.Context, log changelog.Log, o verify.Options) (verify.Verification, error) {
	x.applying.Lock()
	defer x.applying.Unlock()
	want, err := verify.Read(ctx, log)
	if err != nil {
		return verify.Verification{}, err
	}
	v := verify.Begin(want)
	numbers, chosen := maps.Clone(want.Numbers), o.Choose(want)
	for key, g := range x.galleries {
		for pack, s := range g.shelves {
			scope := index.Scope{Tenant: key.tenant, Gallery: key.gallery, Pack: pack}
			have := s.contents()
			v.Number(scope, "number of faces", numbers[scope], len(have))
			for _, id := range chosen[scope] {
				c, there := have[id]
				v.Face(scope, id, want.Faces[id].Content, c, there)
			}
			delete(numbers, scope)
			delete(chosen, scope)
		}
	}
	for scope, n := range numbers {
		v.Number(scope, "number of faces", n, 0)
		for _, id := range chosen[scope] {
			v.Face(scope, id, want.Faces[id].Content, verify.Content{}, false)
		}
	}
	return v, v.Close(ctx, log)
}

// contents is what the shelf knows of its faces.
func (s *shelf) contents() map[uuid.UUID]verify.Content {
	now := s.rows.Load()
	contents := make(map[uuid.UUID]verify.Content, now.count)
	about := make(map[*person]verify.About, len(s.people))
	for _, p := range s.people {
		metadata := make(map[string]string)
		for _, l := range p.labels() {
			metadata[l.tag.key.Value()] = l.tag.value
		}
		about[p] = verify.AboutOf(p.id, metadata)
	}
	now.each(func(_ uint32, r *row) {
		contents[r.face] = verify.Content{About: about[r.person], Template: r.template}
	})
	return contents
}
