package qdrant

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
	api "github.com/qdrant/go-client/qdrant"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
)

// readEntries is how many entries of a log are read at once.
const readEntries = 1000

// VerifyOptions say how much is compared.
type VerifyOptions struct {
	// Sample is how many faces of each gallery are compared, whose choice
	// follows from Seed; 0 compares all.
	Sample int
	Seed   uint64
}

// Verification is how the collections compare with the log.
type Verification struct {
	// Position is that of the log up to which they were compared.
	Position uint64
	// Faces are live in the log, and Compared were looked at.
	Faces, Compared int
	// Differences are none when the index is right.
	Differences []Difference
}

// Difference is something that the collections have otherwise than the log.
type Difference struct {
	Scope index.Scope
	// Face is empty when the whole gallery is meant.
	Face string
	// What is "missing", "different", "number of faces" or "recorded number of
	// faces".
	What string
	// Want and Have are the numbers, when it is one.
	Want, Have int
}

// Verify reads the whole log, waits until the index has come to its end, and
// compares every gallery's number of faces, and of a sample of faces what they
// hold. What changes meanwhile is not compared. It needs about 150 bytes of
// memory for each face.
func (x *Index) Verify(ctx context.Context, log changelog.Log, o VerifyOptions) (Verification, error) {
	want := truth{faces: make(map[uuid.UUID]truthFace), numbers: make(map[index.Scope]int)}
	end, err := read(ctx, log, 0, want.apply)
	if err != nil {
		return Verification{}, err
	}
	if err := x.waitDurable(ctx, end); err != nil {
		return Verification{}, err
	}
	v := Verification{Position: end, Faces: len(want.faces)}
	if err := x.verifyNumbers(ctx, want, &v); err != nil {
		return Verification{}, err
	}
	if err := x.verifyFaces(ctx, want, o, &v); err != nil {
		return Verification{}, err
	}
	meanwhile := make(map[galleryKey]bool)
	_, err = read(ctx, log, end, func(c changelog.Change) error {
		meanwhile[galleryKey{c.Tenant, c.Gallery}] = true
		return nil
	})
	v.Differences = slices.DeleteFunc(v.Differences, func(d Difference) bool {
		return meanwhile[galleryKey{d.Scope.Tenant, d.Scope.Gallery}]
	})
	slices.SortFunc(v.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Scope.Tenant, b.Scope.Tenant), cmp.Compare(a.Scope.Gallery, b.Scope.Gallery),
			cmp.Compare(a.Scope.Pack, b.Scope.Pack), cmp.Compare(a.Face, b.Face), cmp.Compare(a.What, b.What))
	})
	return v, err
}

// read calls do with the log's changes after a position, up to what is its end
// now or a little further, and returns how far it came.
func read(ctx context.Context, log changelog.Log, after uint64, do func(changelog.Change) error) (uint64, error) {
	end, err := log.Position(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the log's position: %w", err)
	}
	for after < end {
		changes, next, err := log.Changes(ctx, after, readEntries)
		if err != nil {
			return 0, fmt.Errorf("read the log after %d: %w", after, err)
		}
		for _, c := range changes {
			if err := do(c); err != nil {
				return 0, fmt.Errorf("read change %d: %w", c.Seq, err)
			}
		}
		if next == after {
			break
		}
		after = next
	}
	return after, nil
}

// truth is what a log comes to.
type truth struct {
	faces   map[uuid.UUID]truthFace
	numbers map[index.Scope]int
}

type truthFace struct {
	scope   index.Scope
	content uint64
}

func (w truth) apply(c changelog.Change) error {
	scope := index.Scope{Tenant: c.Tenant, Gallery: c.Gallery, Pack: c.Pack}
	if c.Kind == changelog.DropGallery {
		for id, f := range w.faces {
			if f.scope.Tenant == c.Tenant && f.scope.Gallery == c.Gallery {
				w.remove(id)
			}
		}
		return nil
	}
	id, err := uuid.Parse(c.Face)
	if err != nil {
		return err
	}
	w.remove(id)
	if c.Kind == changelog.PutFace {
		w.faces[id] = truthFace{scope, content(c.Subject, labels(c.Metadata), c.Template)}
		w.numbers[scope]++
	}
	return nil
}

func (w truth) remove(id uuid.UUID) {
	if f, ok := w.faces[id]; ok {
		delete(w.faces, id)
		w.numbers[f.scope]--
	}
}

// content is a hash of what a face holds.
func content(subject string, labels []string, t face.Template) uint64 {
	h := xxhash.New()
	_, _ = fmt.Fprintf(h, "%q %q ", subject, labels)
	_, _ = h.Write(t.Bytes())
	return h.Sum64()
}

// verifyNumbers compares the galleries' numbers of faces, of those too that
// only the index knows.
func (x *Index) verifyNumbers(ctx context.Context, want truth, v *Verification) error {
	st, err := x.Status(ctx)
	if err != nil {
		return err
	}
	numbers := maps.Clone(want.numbers)
	differ := func(scope index.Scope, what string, want, have int) {
		if want != have {
			v.Differences = append(v.Differences, Difference{Scope: scope, What: what, Want: want, Have: have})
		}
	}
	for _, c := range st.Collections {
		for _, g := range c.Galleries {
			differ(g.Scope, "recorded number of faces", numbers[g.Scope], g.Faces)
			differ(g.Scope, "number of faces", numbers[g.Scope], g.Counted)
			delete(numbers, g.Scope)
		}
	}
	for scope, n := range numbers {
		differ(scope, "recorded number of faces", n, 0)
	}
	return nil
}

// verifyFaces compares a sample of each gallery's faces.
func (x *Index) verifyFaces(ctx context.Context, want truth, o VerifyOptions, v *Verification) error {
	chosen := make(map[index.Scope][]uuid.UUID)
	for id, f := range want.faces {
		chosen[f.scope] = append(chosen[f.scope], id)
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // no secret
	for scope, ids := range chosen {
		if o.Sample > 0 && len(ids) > o.Sample {
			slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
			rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			ids = ids[:o.Sample]
		}
		s, err := x.space(ctx, scope.Pack)
		if err != nil {
			return err
		}
		v.Compared += len(ids)
		for some := range slices.Chunk(ids, maxPoints) {
			have, err := x.contents(ctx, s, galleryKey{scope.Tenant, scope.Gallery}, some)
			if err != nil {
				return err
			}
			for _, id := range some {
				what := "different"
				switch found, there := have[id]; {
				case !there:
					what = "missing"
				case found == want.faces[id].content:
					continue
				}
				v.Differences = append(v.Differences, Difference{Scope: scope, Face: id.String(), What: what})
			}
		}
	}
	return nil
}

// contents are the hashes of those of the faces that the gallery has.
func (x *Index) contents(ctx context.Context, s *space, k galleryKey, ids []uuid.UUID) (map[uuid.UUID]uint64, error) {
	if s == nil {
		return nil, nil
	}
	ask := make([]*api.PointId, len(ids))
	for i, id := range ids {
		ask[i] = api.NewID(id.String())
	}
	found, err := x.client.Get(ctx, &api.GetPoints{
		CollectionName: s.name, Ids: ask, WithPayload: api.NewWithPayload(true), WithVectors: api.NewWithVectors(true),
	})
	if err != nil {
		return nil, x.failed(ctx, "get faces", err)
	}
	have := make(map[uuid.UUID]uint64, len(found))
	for _, p := range found {
		id, err := uuid.Parse(p.GetId().GetUuid())
		if of := p.GetPayload(); err == nil && galleryOf(p) == k {
			have[id] = content(of[keySubject].GetStringValue(), textsOf(of[keyLabels]), templateOf(p.GetVectors()))
		}
	}
	return have, nil
}
