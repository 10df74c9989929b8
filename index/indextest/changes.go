package indextest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

const dimension = 8

func testEmpty(t *testing.T, f *feed) {
	require.Zero(t, f.index.Position())
	got := f.search(t, index.Query{Scope: newScope(), Probe: randomTemplate(newRand(1), dimension), K: 3, Threshold: -1})
	require.Empty(t, got.Hits)
	require.Zero(t, got.Faces)
}

func testUpsert(t *testing.T, f *feed) {
	rng, s := newRand(1), newScope()
	a, b := randomTemplate(rng, dimension), randomTemplate(rng, dimension)
	id := newID()
	f.apply(t, put(s, "ann", id, a, nil))
	got := f.search(t, index.Query{Scope: s, Probe: a, K: 1, Threshold: 0.99})
	require.Len(t, got.Hits, 1)
	require.Equal(t, store.SubjectID("ann"), got.Hits[0].Subject)
	require.Equal(t, store.FaceID(id), got.Hits[0].Face)
	require.InDelta(t, 1, got.Hits[0].Cosine, 1e-6)
	require.LessOrEqual(t, got.Hits[0].Cosine, 1.0)
	require.Equal(t, 1, got.Faces)

	f.apply(t, put(s, "bob", newID(), b, nil), put(s, "ann", newID(), b, nil))
	for _, k := range []int{1, 2, 3, 1000} {
		f.search(t, index.Query{Scope: s, Probe: a, K: k, Threshold: -1})
	}
	opposite := make([]float32, dimension)
	for i := range a {
		opposite[i] = -a[i]
	}
	got = f.search(t, index.Query{Scope: s, Probe: opposite, K: 5, Threshold: -1})
	require.Len(t, got.Hits, 2, "-1 keeps all")
}

func testReplace(t *testing.T, f *feed) {
	rng, s := newRand(2), newScope()
	a, b := randomTemplate(rng, dimension), randomTemplate(rng, dimension)
	id, other := newID(), newID()
	f.apply(t, put(s, "ann", id, a, nil), put(s, "eve", other, randomTemplate(rng, dimension), nil))
	f.apply(t, put(s, "ann", id, b, nil))
	got := f.search(t, index.Query{Scope: s, Probe: b, K: 1, Threshold: -1})
	require.InDelta(t, 1, got.Hits[0].Cosine, 1e-6)
	got = f.search(t, index.Query{Scope: s, Probe: a, K: 5, Threshold: 0.99})
	require.Empty(t, got.Hits, "the old template is gone")

	f.apply(t, remove(s, id), put(s, "bob", id, b, nil))
	got = f.search(t, index.Query{Scope: s, Probe: b, K: 1, Threshold: -1})
	require.Equal(t, store.SubjectID("bob"), got.Hits[0].Subject, "a face's id may come back for another subject")
	require.Equal(t, 2, got.Faces)

	f.apply(t, put(s, "cid", newID(), a, nil), put(s, "bob", id, a, nil), put(s, "bob", id, b, nil))
	f.search(t, index.Query{Scope: s, Probe: b, K: 5, Threshold: -1})
}

func testDelete(t *testing.T, f *feed) {
	rng, s := newRand(3), newScope()
	ids := []string{newID(), newID(), newID()}
	template := randomTemplate(rng, dimension)
	f.apply(t, put(s, "ann", ids[0], template, nil), put(s, "ann", ids[1], randomTemplate(rng, dimension), nil),
		put(s, "bob", ids[2], randomTemplate(rng, dimension), nil))
	all := index.Query{Scope: s, Probe: template, K: 5, Threshold: -1}
	f.apply(t, remove(s, newID()))
	f.search(t, all)
	f.apply(t, remove(newScope(), ids[0]))
	require.Equal(t, store.FaceID(ids[0]), mustSearch(t, f, all).Hits[0].Face, "another gallery's deletion")
	f.rows[ids[0]] = modelRow{s, "ann", template, nil}

	f.apply(t, remove(s, ids[0]))
	got := f.search(t, all)
	require.Len(t, got.Hits, 2)
	require.Equal(t, 2, got.Faces)
	f.apply(t, remove(s, ids[1]))
	got = f.search(t, all)
	require.Len(t, got.Hits, 1)
	require.Equal(t, 1, got.Faces, "a face that is gone does not count")
	f.apply(t, remove(s, ids[2]), remove(s, ids[2]))
	f.search(t, all)
	f.apply(t, put(s, "ann", ids[0], template, nil))
	f.search(t, all)
	f.apply(t, put(s, "bob", ids[2], template, nil), remove(s, ids[2]))
	f.search(t, all)
}

func mustSearch(t *testing.T, f *feed, q index.Query) index.Result {
	t.Helper()
	r, err := f.index.Search(t.Context(), q)
	require.NoError(t, err)
	return r
}

func testDrop(t *testing.T, f *feed) {
	rng, s := newRand(4), newScope()
	sister := s
	sister.Pack = "pack-b"
	other := index.Scope{Tenant: s.Tenant, Gallery: store.GalleryID(newID()), Pack: s.Pack}
	probe := randomTemplate(rng, dimension)
	for range 10 {
		for _, scope := range []index.Scope{s, sister, other} {
			f.apply(t, put(scope, newID(), newID(), randomTemplate(rng, dimension), map[string]string{"team": "red"}))
		}
	}
	f.apply(t, drop(newScope()))
	f.apply(t, drop(s))
	for _, scope := range []index.Scope{s, sister, other} {
		f.search(t, index.Query{Scope: scope, Probe: probe, K: 20, Threshold: -1})
		f.search(t, index.Query{Scope: scope, Probe: probe, K: 20, Threshold: -1, Filter: map[string][]string{"team": {"red"}}})
	}
	f.apply(t, drop(s))
	f.apply(t, put(other, "ann", newID(), probe, nil), drop(other), put(other, "bob", newID(), probe, nil))
	got := f.search(t, index.Query{Scope: other, Probe: probe, K: 20, Threshold: -1})
	require.Len(t, got.Hits, 1)
}

// testMovePack is what re-embedding a gallery with another pack looks like.
func testMovePack(t *testing.T, f *feed) {
	rng, old := newRand(5), newScope()
	fresh := old
	fresh.Pack = "pack-b"
	ids := []string{newID(), newID()}
	for i, subject := range []string{"ann", "bob"} {
		f.apply(t, put(old, subject, ids[i], randomTemplate(rng, dimension), nil))
	}
	f.apply(t, put(fresh, "ann", ids[0], randomTemplate(rng, 2*dimension), nil))
	for range 3 {
		f.search(t, index.Query{Scope: old, Probe: randomTemplate(rng, dimension), K: 5, Threshold: -1})
		f.search(t, index.Query{Scope: fresh, Probe: randomTemplate(rng, 2*dimension), K: 5, Threshold: -1})
	}
	f.apply(t, remove(old, ids[0]))
	f.search(t, index.Query{Scope: fresh, Probe: randomTemplate(rng, 2*dimension), K: 5, Threshold: -1})
}

// testMoveVersion is what a conversion to another version of a pack looks like: the
// faces of a gallery are put again, some at a time, in a space of the same
// dimension.
func testMoveVersion(t *testing.T, f *feed) {
	rng, old := newRand(12), newScope()
	old.Pack = "default"
	fresh := old
	fresh.Pack = "default@2"
	const people = 40
	ids := make([]string, people)
	for i := range ids {
		ids[i] = newID()
		f.apply(t, put(old, fmt.Sprint("p", i), ids[i], randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	}
	compare := func() {
		t.Helper()
		for _, scope := range []index.Scope{old, fresh} {
			q := index.Query{Scope: scope, Probe: randomTemplate(rng, dimension), K: people, Threshold: -1}
			f.search(t, q)
			q.Filter = map[string][]string{"team": {"red"}}
			f.search(t, q)
		}
	}
	for page := range slices.Chunk(ids, 15) {
		var changes []changelog.Change
		for _, id := range page {
			i := slices.Index(ids, id)
			changes = append(changes, put(fresh, fmt.Sprint("p", i), id, randomTemplate(rng, dimension), map[string]string{"team": "red"}))
		}
		f.apply(t, changes...)
		compare()
		f.replay(t, f.last)
		compare()
	}
	require.Zero(t, mustSearch(t, f, index.Query{Scope: old, Probe: randomTemplate(rng, dimension), K: 1, Threshold: -1}).Faces)
	require.Equal(t, people, mustSearch(t, f, index.Query{Scope: fresh, Probe: randomTemplate(rng, dimension), K: 1, Threshold: -1}).Faces)
	f.apply(t, remove(old, ids[0]), put(fresh, "new", newID(), randomTemplate(rng, dimension), nil))
	compare()
	f.apply(t, drop(old))
	compare()
}

func testPositions(t *testing.T, f *feed) {
	rng, s := newRand(6), newScope()
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 1, Threshold: -1}
	f.apply(t, put(s, "ann", newID(), q.Probe, nil))
	f.search(t, q)
	f.seq += 100
	f.replay(t, nil)
	require.Equal(t, uint64(101), mustSearch(t, f, q).Position, "an empty list is progress")
	f.seq += 5
	c := put(newScope(), "bob", newID(), q.Probe, nil)
	c.Seq = f.seq - 3
	f.model(c)
	f.replay(t, []changelog.Change{c})
	f.search(t, q)
	q.Scope = newScope()
	f.search(t, q)
}

func testReplays(t *testing.T, f *feed) {
	rng, s := newRand(7), newScope()
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 10, Threshold: -1}
	ids := []string{newID(), newID(), newID()}
	var history []changelog.Change
	again := func(changes ...changelog.Change) {
		t.Helper()
		f.apply(t, changes...)
		history = append(history, changes...)
		f.search(t, q)
		f.replay(t, f.last)
		f.search(t, q)
		// The log tells the latest of a face even at its early positions, so
		// that a replay from the beginning leads to the same end.
		f.replay(t, history)
		f.search(t, q)
	}
	again(put(s, "ann", ids[0], randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	again(put(s, "ann", ids[1], randomTemplate(rng, dimension), map[string]string{"team": "red"}),
		put(s, "bob", ids[2], randomTemplate(rng, dimension), nil))
	again(put(s, "ann", ids[1], randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	again(remove(s, ids[0]))
	again(put(s, "bob", ids[0], randomTemplate(rng, dimension), nil), remove(s, ids[2]))
	again(drop(s))
}

// testUnfit checks that changes which no index can hold are told by position
// and that the others can be applied without them.
func testUnfit(t *testing.T, f *feed) {
	rng, s := newRand(11), newScope()
	f.apply(t, put(s, "ann", newID(), randomTemplate(rng, dimension), nil))
	long := make(face.Template, 1025)
	long[0] = 1
	nan := randomTemplate(rng, dimension)
	nan[3] = float32(math.NaN())
	for name, bad := range map[string]changelog.Change{
		"kind":             {Kind: 77, Tenant: s.Tenant, Gallery: s.Gallery, Face: store.FaceID(newID())},
		"face id":          remove(s, "not a uuid"),
		"no template":      put(s, "bob", newID(), nil, nil),
		"not a number":     put(s, "bob", newID(), nan, nil),
		"not a unit":       put(s, "bob", newID(), make(face.Template, dimension), nil),
		"other dimensions": put(s, "bob", newID(), randomTemplate(rng, dimension+1), nil),
		"too many":         put(newScope(), "bob", newID(), long, nil),
	} {
		good := put(s, "cid", newID(), randomTemplate(rng, dimension), nil)
		good.Seq, bad.Seq = f.seq+1, f.seq+2
		err := f.index.Apply(t.Context(), []changelog.Change{good, bad}, f.seq+2)
		unfit, ok := errors.AsType[*changelog.UnfitError](err)
		require.True(t, ok, "%s: %v", name, err)
		require.Equal(t, []uint64{bad.Seq}, unfit.Seqs, name)
		require.Equal(t, f.seq, f.index.Position())

		f.seq += 2
		f.model(good)
		f.replay(t, []changelog.Change{good})
		f.search(t, index.Query{Scope: s, Probe: good.Template, K: 5, Threshold: -1})
	}
}
