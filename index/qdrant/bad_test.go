package qdrant_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/face"
	"oneton/index"
	"oneton/index/qdrant/qdranttest"
)

// TestBadChange checks that what no index can hold changes nothing, and that
// the index goes on once the change is right.
func TestBadChange(t *testing.T) {
	address, rng, s := qdranttest.Address(t), newRand(2), newScope()
	x, ctx := open(t, config(address)), t.Context()
	ann := people(rng, s, 1, dimension)
	require.NoError(t, x.Apply(ctx, ann, number(0, ann)))
	q := index.Query{Scope: s, Probe: ann[0].Template, K: 5, Threshold: -1}
	before, err := x.Search(ctx, q)
	require.NoError(t, err)

	nan := append(face.Template(nil), ann[0].Template...)
	nan[0] = float32(math.NaN())
	of := func(change func(*changelog.Change)) changelog.Change {
		c := people(rng, s, 1, dimension)[0]
		change(&c)
		return c
	}
	for name, bad := range map[string]changelog.Change{
		"dimension":     of(func(c *changelog.Change) { c.Template = random(rng, dimension+1) }),
		"not a number":  of(func(c *changelog.Change) { c.Template = nan }),
		"not a unit":    of(func(c *changelog.Change) { c.Template = make(face.Template, dimension) }),
		"no template":   of(func(c *changelog.Change) { c.Template = nil }),
		"kind":          of(func(c *changelog.Change) { c.Kind = 77 }),
		"face id":       of(func(c *changelog.Change) { c.Face = "not a uuid" }),
		"no pack":       of(func(c *changelog.Change) { c.Pack = "" }),
		"subject":       of(func(c *changelog.Change) { c.Subject = "\xff" }),
		"metadata":      of(func(c *changelog.Change) { c.Metadata = map[string]string{"a": "\xff"} }),
		"metadata key":  of(func(c *changelog.Change) { c.Metadata = map[string]string{"\xff": "a"} }),
		"a new gallery": of(func(c *changelog.Change) { c.Gallery, c.Template = "new", nan }),
	} {
		t.Run(name, func(t *testing.T) {
			changes := append(people(rng, s, 1, dimension), bad)
			require.Error(t, x.Apply(ctx, changes, number(1, changes)))
			require.Equal(t, uint64(1), x.Position())
			after, err := x.Search(ctx, q)
			require.NoError(t, err)
			require.Equal(t, before, after)
		})
	}
	two := people(rng, newScope(), 2, dimension)
	two[0].Pack, two[1].Pack, two[1].Template = "pack-new", "pack-new", random(rng, dimension+1)
	require.ErrorIs(t, x.Apply(ctx, two, number(1, two)), face.ErrDimension)

	good := people(rng, s, 1, dimension)
	require.NoError(t, x.Apply(ctx, good, number(1, good)))
	require.Equal(t, uint64(2), x.Position())
}

func TestBadProbe(t *testing.T) {
	rng, s := newRand(3), newScope()
	x, ctx := open(t, config(qdranttest.Address(t))), t.Context()
	ann := people(rng, s, 1, dimension)
	require.NoError(t, x.Apply(ctx, ann, number(0, ann)))
	long := append(face.Template(nil), ann[0].Template...)
	for i := range long {
		long[i] *= 2
	}
	_, err := x.Search(ctx, index.Query{Scope: s, Probe: long, K: 1, Threshold: -1})
	require.ErrorIs(t, err, index.ErrQuery)
	r, err := x.Search(ctx, index.Query{
		Scope: s, Probe: ann[0].Template, K: 1, Threshold: -1, Filter: map[string][]string{"team": {"\xff"}},
	})
	require.NoError(t, err, "no subject has a value that is not text")
	require.Empty(t, r.Hits)
}
