package calibration_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/calibration"
)

// golden are values that numpy and scipy computed of the same table.
type golden struct {
	Knots []calibration.Knot
	FMR   []struct {
		Cosine, FMR, Score float64
	}
	Threshold []struct {
		FMR, Cosine float64
	}
	Identification []struct {
		FPIR        float64
		Subjects    int
		FMR, Cosine float64
	}
}

func load(t *testing.T) (golden, *calibration.Table) {
	t.Helper()
	b, err := os.ReadFile("testdata/rates.json")
	require.NoError(t, err)
	var g golden
	require.NoError(t, json.Unmarshal(b, &g))
	table := &calibration.Table{Knots: g.Knots, Measured: 6e-5, Source: "test"}
	require.NoError(t, table.Validate())
	return g, table
}

func TestRatesAgreeWithNumpy(t *testing.T) {
	g, table := load(t)
	for _, w := range g.FMR {
		require.InEpsilon(t, w.FMR, table.FMR(w.Cosine), 1e-9, "FMR of %v", w.Cosine)
		require.InDelta(t, w.Score, table.Score(w.Cosine), 1e-9, "score of %v", w.Cosine)
	}
	for _, w := range g.Threshold {
		require.InDelta(t, w.Cosine, table.Threshold(w.FMR), 1e-12, "threshold of %v", w.FMR)
	}
	for _, w := range g.Identification {
		require.InEpsilon(t, w.FMR, calibration.PairRate(w.FPIR, w.Subjects), 1e-9)
		require.InDelta(t, w.Cosine, table.Identification(w.FPIR, w.Subjects), 1e-9, "FPIR %v of %d", w.FPIR, w.Subjects)
	}
}

func TestThresholdStaysACosine(t *testing.T) {
	_, table := load(t)
	require.Equal(t, -1.0, table.Threshold(2))
	require.Equal(t, 1.0, table.Threshold(0))
	require.Equal(t, 1.0, table.Identification(0, 10))
}

func TestExtrapolatedBelowWhatWasMeasured(t *testing.T) {
	_, table := load(t)
	require.False(t, table.Extrapolated(6e-5))
	require.True(t, table.Extrapolated(5.9e-5))
}

// levels keep what decades keep.
var levels = calibration.Scale{1e-2, 1e-3, 1e-4, 1e-5, 1e-6}

func TestLevels(t *testing.T) {
	for fmr, want := range map[float64]int{
		1: 0, 0.011: 0, 1e-2: 1, 2e-3: 1, 1e-3: 2, 1.1e-4: 2, 1e-4: 3, 1e-5: 4, 2e-6: 4, 1e-6: 5, 1e-12: 5, 0: 5,
	} {
		require.Equal(t, want, levels.Level(fmr), "%g", fmr)
	}
	require.Zero(t, calibration.Scale(nil).Level(0))
}

// Levels, scores and thresholds of one table never disagree.
func TestLevelsAreAViewOfTheTable(t *testing.T) {
	_, table := load(t)
	for i, rate := range levels {
		at := table.Threshold(rate)
		const step = 1e-9
		require.Equal(t, i+1, levels.Level(table.FMR(at+step)))
		require.Equal(t, i, levels.Level(table.FMR(at-step)))
		require.InDelta(t, -10*math.Log10(rate), table.Score(at), 1e-6)
	}
}

func TestValidate(t *testing.T) {
	first := calibration.Knot{Cosine: -1, FMR: 1}
	for name, table := range map[string]calibration.Table{
		"no knots":          {Measured: 1},
		"one knot":          {Measured: 1, Knots: []calibration.Knot{first}},
		"start not at -1":   {Measured: 1, Knots: []calibration.Knot{{Cosine: 0, FMR: 1}, {Cosine: 1, FMR: 0.1}}},
		"start not at 1":    {Measured: 1, Knots: []calibration.Knot{{Cosine: -1, FMR: 0.9}, {Cosine: 1, FMR: 0.1}}},
		"cosine falls":      {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0.1}, {Cosine: 0.4, FMR: 0.01}}},
		"cosine stays":      {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0.1}, {Cosine: 0.5, FMR: 0.01}}},
		"cosine above 1":    {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 1.1, FMR: 0.1}}},
		"cosine is no one":  {Measured: 1, Knots: []calibration.Knot{first, {Cosine: math.NaN(), FMR: 0.1}}},
		"rate rises":        {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0.1}, {Cosine: 0.6, FMR: 0.2}}},
		"rate is nought":    {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0}}},
		"rate is no number": {Measured: 1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: math.NaN()}}},
		"nothing measured":  {Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0.1}}},
		"measured above 1":  {Measured: 1.1, Knots: []calibration.Knot{first, {Cosine: 0.5, FMR: 0.1}}},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorIs(t, table.Validate(), calibration.ErrTable)
		})
	}
}

// tables draws valid tables.
var tables = rapid.Custom(func(t *rapid.T) *calibration.Table {
	n := rapid.IntRange(1, 12).Draw(t, "knots")
	knots := []calibration.Knot{{Cosine: -1, FMR: 1}}
	cosine, rate := -1.0, 1.0
	for i := range n {
		cosine += rapid.Float64Range(0.01, 0.9).Draw(t, "step") * (1 - cosine) / float64(n-i)
		rate *= rapid.Float64Range(0.01, 0.95).Draw(t, "fall")
		knots = append(knots, calibration.Knot{Cosine: cosine, FMR: rate})
	}
	return &calibration.Table{Knots: knots, Measured: rate}
})

func TestRatesFallAndThresholdsRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables.Draw(t, "table")
		require.NoError(t, table.Validate())
		a, b := rapid.Float64Range(-1, 1).Draw(t, "a"), rapid.Float64Range(-1, 1).Draw(t, "b")
		low, high := min(a, b), max(a, b)
		require.GreaterOrEqual(t, table.FMR(low), table.FMR(high))
		require.LessOrEqual(t, table.Score(low), table.Score(high))

		n, more := rapid.IntRange(0, 1e9).Draw(t, "n"), rapid.IntRange(0, 1e9).Draw(t, "more")
		fpir, strict := rapid.Float64Range(1e-9, 0.9).Draw(t, "fpir"), rapid.Float64Range(0.01, 1).Draw(t, "strict")
		at := table.Identification(fpir, n)
		require.LessOrEqual(t, at, table.Identification(fpir, n+more), "more subjects need a higher threshold")
		require.LessOrEqual(t, at, table.Identification(fpir*strict, n), "a lower rate needs a higher threshold")
	})
}

func TestThresholdAndRateAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables.Draw(t, "table")
		cosine := rapid.Float64Range(-1, 1).Draw(t, "cosine")
		rate := table.FMR(cosine)
		require.InDelta(t, cosine, table.Threshold(rate), 1e-6)
		require.InEpsilon(t, rate, table.FMR(table.Threshold(rate)), 1e-9)
		if score := table.Score(cosine); score > 0 && score < calibration.MaxScore {
			require.InEpsilon(t, rate, calibration.ScoreFMR(score), 1e-9)
		}
	})
}

func TestIdentificationHoldsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := tables.Draw(t, "table")
		n := rapid.IntRange(1, 1e8).Draw(t, "n")
		fpir := rapid.Float64Range(1e-6, 0.5).Draw(t, "fpir")
		if at := table.Identification(fpir, n); at > -1 && at < 1 {
			require.InEpsilon(t, fpir, table.FPIR(at, n), 1e-6)
		}
	})
}
