package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

func testCalibrations(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	const first, second = `{"measured": 3.3e-06, "source": "a \\ \"b\" é", "knots": []}`, `{"measured": 0.125, "poor": {"floor": 0.07, "weight": 1.25}}`
	before := position(t, a)
	read := func(s truth, pack string) string {
		got, err := s.Calibration(ctx, pack)
		require.NoError(t, err)
		return string(got)
	}

	_, err := a.Calibration(ctx, "default")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.ErrorIs(t, a.DeleteCalibration(ctx, "default"), store.ErrNotFound)

	require.NoError(t, a.PutCalibration(ctx, "default", []byte(first)))
	require.NoError(t, a.PutCalibration(ctx, "other", []byte(second)))
	require.JSONEq(t, first, read(b, "default"), "another handle sees it at once")
	require.NoError(t, b.PutCalibration(ctx, "default", []byte(second)))
	require.JSONEq(t, second, read(a, "default"), "the later one replaces the earlier")

	for name, text := range map[string]string{"text": "cosine", "nothing": "", "half": `{"measured": `} {
		require.Error(t, a.PutCalibration(ctx, "default", []byte(text)), name)
	}
	require.Error(t, a.PutCalibration(ctx, "", []byte(first)), "no pack")
	require.JSONEq(t, second, read(b, "default"), "what was refused has changed nothing")

	require.NoError(t, a.DeleteCalibration(ctx, "default"))
	_, err = b.Calibration(ctx, "default")
	require.ErrorIs(t, err, store.ErrNotFound)
	require.JSONEq(t, second, read(b, "other"))
	require.Equal(t, before, position(t, b), "no index need follow")
}
