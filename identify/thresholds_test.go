package identify_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/identify"
	"oneton/index"
	"oneton/store"
)

// What is expected is what a search then applies.
func TestThresholds(t *testing.T) {
	s := newService(t)
	for i := range 3 {
		enrol(t, s, fmt.Sprint("p", i), photograph(t, shown{Person: fmt.Sprint("p", i)}))
	}
	applied := search(t, s, identify.SearchRequest{Photos: [][]byte{photograph(t, shown{Person: "x"})}}).Probes[0]
	e, err := s.Thresholds(t.Context(), by, identify.ThresholdsRequest{Gallery: gallery})
	require.NoError(t, err)
	require.Equal(t, 3, e.Enrolled)
	require.InDelta(t, applied.Threshold, e.At.Threshold, 1e-12)
	require.InDelta(t, policy().FPIR, e.At.FPIR, 1e-12)
	require.False(t, e.Own)
	for _, p := range e.Sizes {
		require.InDelta(t, table().Identification(policy().FPIR, p.Faces), p.Threshold, 1e-12)
	}

	e, err = s.Thresholds(t.Context(), by, identify.ThresholdsRequest{Gallery: gallery, FPIR: 0.1, Faces: 20_000_000})
	require.NoError(t, err)
	require.InDelta(t, table().Identification(0.1, 20_000_000), e.At.Threshold, 1e-12)
	require.True(t, e.At.Extrapolated)
	require.Equal(t, 20_000_000, e.Sizes[len(e.Sizes)-1].Faces)
	for _, bad := range []identify.ThresholdsRequest{{Gallery: gallery, FPIR: 1}, {Gallery: gallery, FPIR: -1}, {Gallery: gallery, Faces: -1}, {Gallery: gallery, Faces: 2_000_000_000}} {
		_, err := s.Thresholds(t.Context(), by, bad)
		require.ErrorIs(t, err, identify.ErrInvalid)
	}
	_, err = s.Thresholds(t.Context(), store.Actor{Tenant: "other"}, identify.ThresholdsRequest{Gallery: gallery})
	require.ErrorIs(t, err, store.ErrNotFound)
}

// The last searches are told, of each tenant to itself, the newest first and no more
// than a hundred.
func TestSearches(t *testing.T) {
	s := newService(t)
	require.Empty(t, s.Searches(by))
	enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
	for i := range 103 {
		actor := by
		actor.Request = fmt.Sprint("r", i)
		_, err := s.Search(t.Context(), actor, identify.SearchRequest{Gallery: gallery, AllFaces: true, Photos: [][]byte{photograph(t, shown{Person: "ann"}, shown{Person: "bob"})}})
		require.NoError(t, err)
	}
	made := s.Searches(by)
	require.Len(t, made, 100)
	require.Equal(t, "r102", made[0].Request)
	require.Equal(t, "r3", made[99].Request)
	require.Equal(t, gallery, made[0].Gallery)
	require.Equal(t, 2, made[0].Probes)
	require.Equal(t, 1, made[0].Faces)
	require.Equal(t, index.ProofBounds, made[0].Work.Proof)
	require.GreaterOrEqual(t, made[0].Work.Rows, 2, "one for each probe")
	require.Positive(t, made[0].Work.Bytes)
	require.Positive(t, made[0].Timings.Total)
	require.Empty(t, s.Searches(store.Actor{Tenant: "other"}))
}
