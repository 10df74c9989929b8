package identify_test

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/identify"
	"oneton/store"
)

// Two processes on one store, neither of which is restarted.
func TestReplicasFollowOneCalibration(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	a, db := open(t, path)
	b, _ := open(t, path)
	ctx := t.Context()
	require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: tenant}))
	_, err := a.CreateGallery(ctx, by, store.Gallery{Name: gallery})
	require.NoError(t, err)
	enrol(t, a, "ann", photograph(t, shown{Person: "ann"}))
	ann := photograph(t, shown{Person: "ann", Take: 1})

	both := func() (searched, verified [2]float64, extrapolated bool) {
		t.Helper()
		for i, s := range []*identify.Service{a, b} {
			p := search(t, s, identify.SearchRequest{Photos: [][]byte{ann}}).Probes[0]
			searched[i], extrapolated = p.Threshold, p.Extrapolated
			v, err := s.Verify(ctx, by, identify.VerifyRequest{Gallery: gallery, Subject: "ann", Photo: ann})
			require.NoError(t, err)
			verified[i] = v.Threshold
		}
		require.Equal(t, searched[0], searched[1])
		require.Equal(t, verified[0], verified[1])
		return searched, verified, extrapolated
	}
	searched, verified, extrapolated := both()
	require.InDelta(t, table().Identification(0.01, 1), searched[0], 1e-9)
	require.InDelta(t, table().Threshold(1e-4), verified[0], 1e-9)
	require.False(t, extrapolated)

	own := calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.4, FMR: 0.1}, {Cosine: 0.8, FMR: 1e-5}},
		Measured: 0.05, Source: "a test",
	}
	definition, err := json.Marshal(own)
	require.NoError(t, err)
	require.NoError(t, identify.NewCalibrations(db).PutCalibration(ctx, pack, definition))
	searched, verified, extrapolated = both()
	require.InDelta(t, own.Identification(0.01, 1), searched[0], 1e-9)
	require.InDelta(t, own.Threshold(1e-4), verified[0], 1e-9)
	require.True(t, extrapolated, "the owner's few photos do not show a rate of 1 %")

	// The enrolled faces move the threshold of both, too.
	enrol(t, b, "bob", photograph(t, shown{Person: "bob"}), photograph(t, shown{Person: "bob", Take: 1}))
	searched, _, _ = both()
	require.InDelta(t, own.Identification(0.01, 3), searched[0], 1e-9)

	require.NoError(t, identify.NewCalibrations(db).DeleteCalibration(ctx, pack))
	searched, _, _ = both()
	require.InDelta(t, table().Identification(0.01, 3), searched[0], 1e-9)

	require.NoError(t, identify.NewCalibrations(db).PutCalibration(ctx, pack, []byte(`{"knots": []}`)))
	_, err = a.Search(ctx, by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{ann}})
	require.ErrorIs(t, err, calibration.ErrTable, "a table that says nothing is not replaced by another in silence")
}
