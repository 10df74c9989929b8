package indextest

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

func testFilters(t *testing.T, f *feed) {
	rng, s := newRand(20), newScope()
	var changes []changelog.Change
	for i := range 200 {
		metadata := make(map[string]string)
		if i%2 == 0 {
			metadata["team"] = []string{"red", "blue", ""}[i%3]
		}
		if i%5 > 0 {
			metadata["site"] = fmt.Sprint(i % 5)
		}
		metadata["badge"] = fmt.Sprint(i)
		for range 1 + i%3 {
			changes = append(changes, put(s, fmt.Sprint("p", i), newID(), randomTemplate(rng, dimension), metadata))
		}
	}
	f.apply(t, changes...)
	tests := map[string]struct {
		filter map[string][]string
		some   bool
	}{
		"none":                  {nil, true},
		"empty":                 {map[string][]string{}, true},
		"one value":             {map[string][]string{"team": {"red"}}, true},
		"the empty value":       {map[string][]string{"team": {""}}, true},
		"two values":            {map[string][]string{"team": {"red", "blue"}}, true},
		"a value twice":         {map[string][]string{"team": {"red", "red"}}, true},
		"one value is unknown":  {map[string][]string{"team": {"red", "green"}}, true},
		"two keys":              {map[string][]string{"team": {"red"}, "site": {"1", "2"}}, true},
		"one person":            {map[string][]string{"badge": {"17"}}, true},
		"unknown value":         {map[string][]string{"team": {"green"}}, false},
		"unknown key":           {map[string][]string{"shoe": {"42"}}, false},
		"no values":             {map[string][]string{"team": {}}, false},
		"keys that never meet":  {map[string][]string{"badge": {"17"}, "site": {"3"}}, false},
		"a value of other keys": {map[string][]string{"site": {"red"}}, false},
		"hostile":               {map[string][]string{`team" OR "1"="1`: {"*"}, "team": {"%"}}, false},
	}
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 7}
	for name, test := range tests {
		q.Filter, q.Threshold = test.filter, 0.2
		f.search(t, q)
		q.Threshold = -1
		got := f.search(t, q)
		require.Equal(t, test.some, len(got.Hits) > 0, name)
		require.Equal(t, 399, got.Faces, name)
	}
}

func testChangingMetadata(t *testing.T, f *feed) {
	rng, s := newRand(21), newScope()
	template, id := randomTemplate(rng, dimension), newID()
	f.apply(t, put(s, "bob", newID(), randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	for _, metadata := range []map[string]string{
		{"team": "red"}, {"team": "blue"}, {"team": "blue", "site": "north"}, nil, {"site": "north"}, {"site": "south", "x": "y"},
	} {
		f.apply(t, put(s, "ann", id, template, metadata))
		for _, filter := range []map[string][]string{
			nil, {"team": {"red"}}, {"team": {"blue"}}, {"site": {"north"}}, {"team": {"blue"}, "site": {"north"}}, {"x": {"y"}},
		} {
			f.search(t, index.Query{Scope: s, Probe: template, K: 5, Threshold: -1, Filter: filter})
		}
	}
	// A second face brings the subject's metadata of its own time.
	second := newID()
	again := map[string]string{"team": "green"}
	f.apply(t, put(s, "ann", second, randomTemplate(rng, dimension), again), put(s, "ann", id, template, again))
	f.search(t, index.Query{Scope: s, Probe: template, K: 5, Threshold: -1, Filter: map[string][]string{"team": {"green"}}})
	f.apply(t, remove(s, id))
	f.search(t, index.Query{Scope: s, Probe: template, K: 5, Threshold: -1, Filter: map[string][]string{"team": {"green"}}})

	// One change is of all faces of the subject, of whatever pack, and of no
	// other subject, gallery or tenant.
	sister, gallery, tenant := s, s, s
	sister.Pack, gallery.Gallery, tenant.Tenant = "pack-b", store.GalleryID(newID()), store.TenantID(newID())
	blue, green := map[string]string{"team": "blue"}, map[string]string{"team": "green"}
	f.apply(t, put(s, "ann", id, template, green))
	for _, other := range []index.Scope{sister, gallery, tenant} {
		f.apply(t, put(other, "ann", newID(), template, green))
	}
	check := func() {
		for _, scope := range []index.Scope{s, sister, gallery, tenant} {
			for _, team := range []string{"red", "blue", "green"} {
				f.search(t, index.Query{Scope: scope, Probe: template, K: 5, Threshold: -1, Filter: map[string][]string{"team": {team}}})
			}
		}
	}
	f.apply(t, label(s, "ann", blue))
	check()
	f.apply(t, label(s, "nobody", blue), label(newScope(), "ann", blue))
	check()
	third := newID()
	f.apply(t, label(s, "ann", green), put(s, "cid", third, template, nil), label(s, "cid", blue), label(s, "ann", nil), label(s, "bob", green))
	check()
	f.apply(t, remove(s, third), label(s, "cid", green), put(s, "cid", third, template, blue))
	check()
	f.apply(t, label(s, "cid", green), drop(s), put(s, "cid", third, template, blue))
	check()
}

func testIsolation(t *testing.T, f *feed) {
	rng := newRand(22)
	home := newScope()
	tenant, gallery, pack := home, home, home
	tenant.Tenant, gallery.Gallery, pack.Pack = store.TenantID(newID()), store.GalleryID(newID()), "pack-b"
	probe := randomTemplate(rng, dimension)
	f.apply(t, put(home, "ann", newID(), probe, map[string]string{"team": "red"}))
	for name, elsewhere := range map[string]index.Scope{"tenant": tenant, "gallery": gallery, "pack": pack} {
		got := f.search(t, index.Query{Scope: elsewhere, Probe: probe, K: 5, Threshold: -1})
		require.Empty(t, got.Hits, name)
		require.Zero(t, got.Faces, name)
		f.apply(t, put(elsewhere, "ann", newID(), randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	}
	for _, scope := range []index.Scope{home, tenant, gallery, pack} {
		for _, filter := range []map[string][]string{nil, {"team": {"red"}}} {
			got := f.search(t, index.Query{Scope: scope, Probe: probe, K: 5, Threshold: -1, Filter: filter})
			require.Len(t, got.Hits, 1)
			require.Equal(t, 1, got.Faces)
		}
	}
	f.apply(t, drop(tenant))
	f.apply(t, drop(gallery))
	got := f.search(t, index.Query{Scope: home, Probe: probe, K: 5, Threshold: -1})
	require.Len(t, got.Hits, 1, "what others drop")
}

func testBadQueries(t *testing.T, f *feed) {
	rng, s := newRand(23), newScope()
	f.apply(t, put(s, "ann", newID(), randomTemplate(rng, dimension), map[string]string{"team": "red"}))
	good := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 1, Threshold: -1}
	with := func(change func(*index.Query)) index.Query {
		q := good
		q.Probe = append(face.Template(nil), good.Probe...)
		change(&q)
		return q
	}
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	tests := map[string]index.Query{
		"k of 0":               with(func(q *index.Query) { q.K = 0 }),
		"k below 0":            with(func(q *index.Query) { q.K = -3 }),
		"no probe":             with(func(q *index.Query) { q.Probe = nil }),
		"short probe":          with(func(q *index.Query) { q.Probe = unit(q.Probe[:dimension-1]) }),
		"long probe":           with(func(q *index.Query) { q.Probe = randomTemplate(rng, dimension+1) }),
		"zero probe":           with(func(q *index.Query) { clear(q.Probe) }),
		"probe with NaN":       with(func(q *index.Query) { q.Probe[3] = nan }),
		"infinite probe":       with(func(q *index.Query) { q.Probe[3] = inf }),
		"threshold of NaN":     with(func(q *index.Query) { q.Threshold = math.NaN() }),
		"long, filtered probe": with(func(q *index.Query) { q.Probe = randomTemplate(rng, 99); q.Filter = map[string][]string{"x": {"y"}} }),
	}
	for name, q := range tests {
		_, err := f.index.Search(t.Context(), q)
		require.ErrorIs(t, err, index.ErrQuery, name)
	}
	f.search(t, good)
}

func testCancellation(t *testing.T, f *feed) {
	rng, s := newRand(24), newScope()
	f.apply(t, put(s, "ann", newID(), randomTemplate(rng, dimension), nil))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 1, Threshold: -1}
	_, err := f.index.Search(ctx, q)
	require.ErrorIs(t, err, context.Canceled)
	_, err = f.index.Faces(ctx, s)
	require.ErrorIs(t, err, context.Canceled)
	c := put(s, "bob", newID(), randomTemplate(rng, dimension), nil)
	c.Seq = 2
	require.ErrorIs(t, f.index.Apply(ctx, []changelog.Change{c}, 2), context.Canceled)
	require.Equal(t, uint64(1), f.index.Position())
	f.apply(t, c)
	f.search(t, q)
}
