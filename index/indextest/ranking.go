package indextest

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/index"
	"oneton/store"
)

func testGrouping(t *testing.T, f *feed) {
	rng, s := newRand(10), newScope()
	probe := randomTemplate(rng, dimension)
	// One subject has very many faces near the probe, others one each.
	for i := range 60 {
		f.apply(t, put(s, "crowd", newID(), near(rng, probe, 0.9+0.001*float64(i)), nil))
	}
	for i := range 10 {
		f.apply(t, put(s, fmt.Sprint("p", i), newID(), near(rng, probe, 0.1*float64(i)-0.05), nil),
			put(s, fmt.Sprint("p", i), newID(), near(rng, probe, -0.5), nil))
	}
	for _, k := range []int{1, 2, 3, 5, 11, 12, 100} {
		for _, threshold := range []float64{-1, 0.3, 0.95} {
			got := f.search(t, index.Query{Scope: s, Probe: probe, K: k, Threshold: threshold})
			require.Equal(t, store.SubjectID("crowd"), got.Hits[0].Subject)
			require.Equal(t, 80, got.Faces)
		}
	}
}

// testTies has many subjects at exactly one cosine: equal templates, and
// templates that differ where the probe has nothing.
func testTies(t *testing.T, f *feed) {
	s := newScope()
	probe := make(face.Template, dimension)
	probe[0] = 1
	var ids []string
	for i := range 40 {
		id := newID()
		tie := make(face.Template, dimension)
		tie[0], tie[1+i%3] = 0.6, 0.8
		f.apply(t, put(s, fmt.Sprint("p", i), id, tie, nil))
		ids = append(ids, id)
	}
	better := newID()
	f.apply(t, put(s, "best", better, probe, nil))
	slices.Sort(ids)
	want := append([]string{better}, ids...)
	for _, k := range []int{1, 2, 5, 40, 41, 42} {
		got := f.search(t, index.Query{Scope: s, Probe: probe, K: k, Threshold: -1})
		faces := make([]string, len(got.Hits))
		for i, h := range got.Hits {
			faces[i] = string(h.Face)
		}
		require.Equal(t, want[:min(k, len(want))], faces, "the face ids decide, at the cut too")
	}
}

// testTiesOfOneSubject has a subject whose photo was enrolled several times.
func testTiesOfOneSubject(t *testing.T, f *feed) {
	rng, s := newRand(11), newScope()
	template := randomTemplate(rng, dimension)
	var ids []string
	for range 12 {
		id := newID()
		ids = append(ids, id)
		f.apply(t, put(s, "ann", id, template, nil))
	}
	f.apply(t, put(s, "bob", newID(), randomTemplate(rng, dimension), nil))
	for _, k := range []int{1, 2, 3} {
		got := f.search(t, index.Query{Scope: s, Probe: template, K: k, Threshold: -1})
		require.Equal(t, store.FaceID(slices.Min(ids)), got.Hits[0].Face)
		require.Len(t, got.Hits, min(k, 2))
	}
}

func testThresholds(t *testing.T, f *feed) {
	rng, s := newRand(12), newScope()
	for i := range 30 {
		f.apply(t, put(s, fmt.Sprint("p", i), newID(), randomTemplate(rng, dimension), nil))
	}
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 100, Threshold: -1}
	all := f.search(t, q).Hits
	require.Len(t, all, 30)
	for i, h := range all {
		q.Threshold = h.Cosine
		got := mustSearch(t, f, q)
		require.Equal(t, all[:i+1], got.Hits, "the threshold itself is kept")
	}
	for threshold, want := range map[float64]int{-2: 30, 1.1: 0} {
		q.Threshold = threshold
		require.Len(t, mustSearch(t, f, q).Hits, want)
	}
}

// testThresholdOfCount has thresholds that follow from the number of faces.
func testThresholdOfCount(t *testing.T, f *feed) {
	rng, s := newRand(14), newScope()
	q := index.Query{Scope: s, Probe: randomTemplate(rng, dimension), K: 100, Threshold: 1}
	var asked []int
	follows := func(faces int) float64 {
		asked = append(asked, faces)
		return float64(faces)/20 - 0.8
	}
	for n := range 30 {
		q.ThresholdFor = follows
		got := mustSearch(t, f, q)
		require.Equal(t, n, got.Faces)
		require.Equal(t, n, asked[len(asked)-1], "it is asked about the number that is answered")
		q.Threshold, q.ThresholdFor = follows(n), nil
		f.check(t, q, got)
		f.apply(t, put(s, fmt.Sprint("p", n), newID(), randomTemplate(rng, dimension), nil))
	}
	q.ThresholdFor = func(int) float64 { return math.NaN() }
	_, err := f.index.Search(t.Context(), q)
	require.ErrorIs(t, err, index.ErrQuery)
	q.Scope = newScope()
	_, err = f.index.Search(t.Context(), q)
	require.ErrorIs(t, err, index.ErrQuery)
}

func testLarge(t *testing.T, f *feed) {
	const (
		large  = 128
		batch  = 1000
		probes = 4
		mated  = 0.7
	)
	rng, s := newRand(13), newScope()
	sites := []string{"north", "south", "east", "west"}
	var templates []face.Template
	for len(f.rows) < f.options.Rows {
		changes := f.last[:0]
		for range batch {
			subject, template := fmt.Sprint("p", len(templates)), randomTemplate(rng, large)
			templates = append(templates, template)
			metadata := map[string]string{"site": sites[rng.IntN(len(sites))]}
			changes = append(changes, put(s, subject, newID(), template, metadata))
			if rng.IntN(4) == 0 {
				changes = append(changes, put(s, subject, newID(), near(rng, template, mated), metadata))
			}
		}
		f.apply(t, changes...)
	}
	for range probes {
		who := rng.IntN(len(templates))
		probe := near(rng, templates[who], mated)
		for _, threshold := range []float64{-1, 0.4} {
			got := f.search(t, index.Query{Scope: s, Probe: probe, K: 10, Threshold: threshold})
			require.Equal(t, store.SubjectID(fmt.Sprint("p", who)), got.Hits[0].Subject, "the mated subject comes first")
			f.search(t, index.Query{
				Scope: s, Probe: probe, K: 10, Threshold: threshold, Filter: map[string][]string{"site": {"north", "west"}},
			})
		}
		stranger := f.search(t, index.Query{Scope: s, Probe: randomTemplate(rng, large), K: 10, Threshold: 0.7})
		require.Empty(t, stranger.Hits)
	}
}
