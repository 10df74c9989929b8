// Package verify compares an index with the change log that it follows.
package verify

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/google/uuid"

	"oneton/changelog"
	"oneton/index"
	"oneton/store"
)

// Options say how much is compared.
type Options struct {
	// Sample is how many faces of each gallery are compared, whose choice
	// follows from Seed; 0 compares all.
	Sample int
	Seed   uint64
}

// Verification is how an index compares with the log.
type Verification struct {
	// Position is that of the log up to which they were compared.
	Position uint64
	// Faces are live in the log, and Compared were looked at.
	Faces, Compared int
	// Differences are none when the index is right.
	Differences []Difference
}

// Difference is something that the index has otherwise than the log.
type Difference struct {
	Scope index.Scope
	// Face is empty when the whole gallery is meant, or is not known.
	Face string
	// What is "missing", "different", "number of faces", "recorded number of
	// faces" or, of the log itself, "damaged in the database".
	What string
	// Position is the log's at which it is damaged.
	Position uint64
	// Want and Have are the numbers, when it is one.
	Want, Have int
}

// Begin is a comparison with what the log comes to, and notes what is damaged
// of that.
func Begin(want *Truth) Verification {
	v := Verification{Position: want.Position, Faces: len(want.Faces)}
	for _, c := range want.Damaged {
		scope := index.Scope{Tenant: c.Tenant, Gallery: c.Gallery, Pack: c.Pack}
		v.Differences = append(v.Differences, Difference{Scope: scope, Face: string(c.Face), What: "damaged in the database", Position: c.Seq})
	}
	return v
}

// Number notes a number of a gallery's, unless it is what it should be.
func (v *Verification) Number(scope index.Scope, what string, want, have int) {
	if want != have {
		v.Differences = append(v.Differences, Difference{Scope: scope, What: what, Want: want, Have: have})
	}
}

// Face compares what the index has of a face with what it should have.
func (v *Verification) Face(scope index.Scope, id uuid.UUID, want, have Content, there bool) {
	v.Compared++
	switch {
	case !there:
		v.Differences = append(v.Differences, Difference{Scope: scope, Face: id.String(), What: "missing"})
	case have != want:
		v.Differences = append(v.Differences, Difference{Scope: scope, Face: id.String(), What: "different"})
	}
}

// Close leaves out galleries that the log has changed since the comparison,
// and sorts the differences.
func (v *Verification) Close(ctx context.Context, log changelog.Log) error {
	type key struct {
		tenant  store.TenantID
		gallery store.GalleryID
	}
	meanwhile := make(map[key]bool)
	_, err := read(ctx, log, v.Position, func(c changelog.Change) {
		meanwhile[key{c.Tenant, c.Gallery}] = true
	})
	v.Differences = slices.DeleteFunc(v.Differences, func(d Difference) bool {
		return d.Position == 0 && meanwhile[key{d.Scope.Tenant, d.Scope.Gallery}]
	})
	slices.SortFunc(v.Differences, func(a, b Difference) int {
		return cmp.Or(cmp.Compare(a.Scope.Tenant, b.Scope.Tenant), cmp.Compare(a.Scope.Gallery, b.Scope.Gallery),
			cmp.Compare(a.Scope.Pack, b.Scope.Pack), cmp.Compare(a.Face, b.Face), cmp.Compare(a.What, b.What), cmp.Compare(a.Position, b.Position))
	})
	return err
}

// Choose draws a sample of each gallery's faces.
func (o Options) Choose(want *Truth) map[index.Scope][]uuid.UUID {
	chosen := make(map[index.Scope][]uuid.UUID)
	for id, f := range want.Faces {
		chosen[f.Scope] = append(chosen[f.Scope], id)
	}
	if o.Sample == 0 {
		return chosen
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // no secret
	scopes := slices.SortedFunc(maps.Keys(chosen), func(a, b index.Scope) int {
		return cmp.Or(cmp.Compare(a.Tenant, b.Tenant), cmp.Compare(a.Gallery, b.Gallery), cmp.Compare(a.Pack, b.Pack))
	})
	for _, scope := range scopes {
		ids := chosen[scope]
		if len(ids) <= o.Sample {
			continue
		}
		slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
		rng.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
		chosen[scope] = ids[:o.Sample]
	}
	return chosen
}

// read calls do with the log's changes after a position, up to what is its end
// now or a little further, and returns how far it came.
func read(ctx context.Context, log changelog.Log, after uint64, do func(changelog.Change)) (uint64, error) {
	const entries = 1000
	end, err := log.Position(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the log's position: %w", err)
	}
	for after < end {
		changes, next, err := log.Changes(ctx, after, entries)
		if err != nil {
			return 0, fmt.Errorf("read the log after %d: %w", after, err)
		}
		for _, c := range changes {
			do(c)
		}
		if next == after {
			break
		}
		after = next
	}
	return after, nil
}
