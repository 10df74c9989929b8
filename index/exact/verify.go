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
			have := s.saved().contents()
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

// contents is what the rows hold.
func (r *savedRows) contents() map[uuid.UUID]verify.Content {
	contents := make(map[uuid.UUID]verify.Content, len(r.IDs))
	labels, row := r.Labels, 0
	for i, subject := range r.Subjects {
		metadata := make(map[string]string)
		for _, place := range labels[:r.LabelCounts[i]] {
			metadata[r.Tags[place].Key] = r.Tags[place].Value
		}
		labels = labels[r.LabelCounts[i]:]
		about := verify.About(subject, metadata)
		for range r.RowCounts[i] {
			id := uuid.UUID(r.Faces[row*faceBytes:][:faceBytes])
			contents[id] = verify.Content{About: about, Template: r.Templates[row]}
			row++
		}
	}
	return contents
}
