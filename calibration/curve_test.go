package calibration_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
)

func missing() *calibration.Table {
	return &calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0, FMR: 0.1}, {Cosine: 0.4, FMR: 1e-4}, {Cosine: 0.6, FMR: 1e-8}},
		Measured: 1e-5,
		Misses:   []calibration.Miss{{Cosine: 0.2, FNMR: 0.01}, {Cosine: 0.4, FNMR: 0.05}, {Cosine: 0.5, FNMR: 0.2}},
	}
}

func TestFNMR(t *testing.T) {
	table := missing()
	require.NoError(t, table.Validate())
	for cosine, want := range map[float64]float64{-1: 0.01, 0.2: 0.01, 0.4: 0.05, 0.5: 0.2} {
		got, known := table.FNMR(cosine)
		require.True(t, known)
		require.InDelta(t, want, got, 1e-12)
	}
	// Half-way the odds are the geometric mean.
	got, _ := table.FNMR(0.45)
	odds := math.Sqrt(0.05 / 0.95 * 0.2 / 0.8)
	require.InDelta(t, odds/(1+odds), got, 1e-12)
	_, known := table.FNMR(0.51)
	require.False(t, known, "nobody has measured it")
	_, known = new(calibration.Table).FNMR(0)
	require.False(t, known)

	for name, m := range map[string][]calibration.Miss{
		"falls":        {{Cosine: 0.2, FNMR: 0.1}, {Cosine: 0.3, FNMR: 0.05}},
		"same cosine":  {{Cosine: 0.2, FNMR: 0.1}, {Cosine: 0.2, FNMR: 0.2}},
		"share of one": {{Cosine: 0.2, FNMR: 1}},
		"no number":    {{Cosine: math.NaN(), FNMR: 0.1}},
	} {
		table.Misses = m
		require.ErrorIs(t, table.Validate(), calibration.ErrTable, name)
	}
}

// The wanted rate is kept at each size, and the threshold, and with it the misses, rise.
func TestSizes(t *testing.T) {
	table := missing()
	sizes := table.Sizes(0.01, 1_000_000)
	require.Len(t, sizes, 19)
	require.Equal(t, 1, sizes[0].Faces)
	require.Equal(t, 1_000_000, sizes[18].Faces)
	for i, p := range sizes {
		require.InEpsilon(t, 0.01, table.FPIR(p.Threshold, p.Faces), 1e-9)
		if i > 0 {
			require.Greater(t, p.Threshold, sizes[i-1].Threshold)
		}
		require.Equal(t, p.Threshold > 0.5, p.FNIR == nil, "%v", p)
		require.Equal(t, table.FMR(p.Threshold) < 1e-5, p.Extrapolated)
	}
}

func TestRates(t *testing.T) {
	table := missing()
	rates := table.Rates(1000)
	require.InDelta(t, 1e-5, rates[0].FPIR, 1e-12)
	require.InDelta(t, 0.5, rates[len(rates)-1].FPIR, 0)
	for i, p := range rates[1:] {
		require.Greater(t, p.FPIR, rates[i].FPIR)
		require.Less(t, p.Threshold, rates[i].Threshold)
	}
	p := table.AtThreshold(0.4, 100)
	require.InDelta(t, 1-math.Pow(1-1e-4, 100), p.FPIR, 1e-12)
	require.InDelta(t, 0.05, *p.FNIR, 1e-12)
	require.False(t, p.Extrapolated)
}

func TestExactly(t *testing.T) {
	// As scipy's binomtest(k, n).proportion_ci(method="exact") has them.
	for _, of := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.30849710781876294},
		{3, 79800, 7.752850590455551e-06, 0.00010986160730121456},
		{305, 1509453, 0.00018001910333628087, 0.0002260543249437154},
		{10, 10, 0.6915028921812371, 1},
		{0, 0, 0, 1},
	} {
		p := calibration.Exactly(of.k, of.n)
		require.InDelta(t, of.low, p.Low, 1e-8*of.high)
		require.InDelta(t, of.high, p.High, 1e-8*of.high)
	}
}
