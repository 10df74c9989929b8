package indextest

import (
	"cmp"
	"context"
	"slices"

	"github.com/stretchr/testify/require"

	"oneton/index"
	"oneton/store"
)

// search asks the index and checks the answer against brute force.
func (f *feed) search(t testT, q index.Query) index.Result {
	t.Helper()
	got, err := f.index.Search(context.Background(), q)
	require.NoError(t, err)
	f.check(t, q, got)
	return got
}

// check compares an answer with the model as it is.
func (f *feed) check(t testT, q index.Query, got index.Result) {
	t.Helper()
	require.Equal(t, f.seq, got.Position)
	require.Equal(t, f.faces(q.Scope), got.Faces, "faces of the gallery before any filter")
	n, err := f.index.Faces(context.Background(), q.Scope)
	require.NoError(t, err)
	require.Equal(t, got.Faces, n)

	want, tolerance := f.brute(t, q), f.options.Tolerance
	// The ranking holds every subject; those within the tolerance of the
	// threshold may or may not be answered.
	sure, most := 0, 0
	for _, h := range want {
		if h.Cosine >= q.Threshold+tolerance {
			sure++
		}
		if q.Threshold <= -1 || h.Cosine >= q.Threshold-tolerance {
			most++
		}
	}
	require.GreaterOrEqual(t, len(got.Hits), min(q.K, sure), "hits of %v\nin %v", want, got.Hits)
	require.LessOrEqual(t, len(got.Hits), min(q.K, most), "hits of %v\nin %v", want, got.Hits)

	require.Contains(t, []index.Proof{index.ProofBounds, index.ProofAll, index.ProofRecall}, got.Work.Proof)
	require.GreaterOrEqual(t, got.Work.Rescored, len(got.Hits), "who is answered was compared as stored")
	if len(q.Filter) == 0 {
		require.GreaterOrEqual(t, got.Work.Rows, got.Faces, "every face was gone over")
	}

	seen := make(map[string]bool)
	for i, h := range got.Hits {
		require.InDelta(t, want[i].Cosine, h.Cosine, tolerance, "hit %d of %v\nin %v", i, want, got.Hits)
		require.False(t, seen[string(h.Subject)], "subject %s twice", h.Subject)
		seen[string(h.Subject)] = true
		r, live := f.rows[string(h.Face)]
		require.True(t, live, "face %s is not there", h.Face)
		require.Equal(t, r.subject, h.Subject)
		require.True(t, inScope(q, r), "face %s is out of the scope or the filter", h.Face)
		exact, err := r.template.Cosine(q.Probe)
		require.NoError(t, err)
		require.InDelta(t, exact, h.Cosine, tolerance)
		require.GreaterOrEqual(t, h.Cosine, q.Threshold, "thresholds hold for what is answered")
		if i > 0 {
			require.LessOrEqual(t, compareHits(got.Hits[i-1], h), 0, "best first, ties by face id: %v", got.Hits)
		}
		if f.alone(want, i) {
			require.Equal(t, want[i].Subject, h.Subject)
			require.Equal(t, want[i].Face, h.Face)
		}
	}
}

// alone tells whether no other subject's cosine is near enough to change
// places, so that the answer's order is determined.
func (f *feed) alone(want []index.Hit, i int) bool {
	apart := func(j int) bool {
		if j < 0 || j >= len(want) {
			return true
		}
		gap := want[min(i, j)].Cosine - want[max(i, j)].Cosine
		return gap == 0 || gap > 2*f.options.Tolerance
	}
	return apart(i-1) && apart(i+1)
}

func (f *feed) faces(s index.Scope) int {
	n := 0
	for _, r := range f.rows {
		if r.scope == s {
			n++
		}
	}
	return n
}

// brute is every subject of the scope that the filter keeps, best first.
func (f *feed) brute(t testT, q index.Query) []index.Hit {
	t.Helper()
	best := make(map[store.SubjectID]index.Hit)
	for id, r := range f.rows {
		if !inScope(q, r) {
			continue
		}
		cosine, err := r.template.Cosine(q.Probe)
		require.NoError(t, err)
		h := index.Hit{Subject: r.subject, Face: store.FaceID(id), Cosine: cosine}
		if have, ok := best[r.subject]; !ok || compareHits(h, have) < 0 {
			best[r.subject] = h
		}
	}
	hits := make([]index.Hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, compareHits)
	return hits
}

func inScope(q index.Query, r modelRow) bool {
	if r.scope != q.Scope {
		return false
	}
	for key, values := range q.Filter {
		v, has := r.metadata[key]
		if !has || !slices.Contains(values, v) {
			return false
		}
	}
	return true
}

func compareHits(a, b index.Hit) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Face, b.Face))
}
