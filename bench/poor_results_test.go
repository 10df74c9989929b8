package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/stat/distuv"

	"oneton/embed/pack"
	"oneton/spoil"
)

// exactly is Clopper and Pearson's interval of 95 % for k of n.
func exactly(k, n int) (low, high float64) {
	const tail = 0.025
	if k > 0 {
		low = distuv.Beta{Alpha: float64(k), Beta: float64(n - k + 1)}.Quantile(tail)
	}
	if high = 1; k < n {
		high = distuv.Beta{Alpha: float64(k + 1), Beta: float64(n - k)}.Quantile(1 - tail)
	}
	return low, high
}

func TestExactIntervals(t *testing.T) {
	// As scipy's binomtest(k, n).proportion_ci(method="exact") has them.
	for _, of := range []struct {
		k, n      int
		low, high float64
	}{
		{0, 10, 0, 0.30849710781876294},
		{3, 79800, 7.752850590455551e-06, 0.00010986160730121456},
		{305, 1509453, 0.00018001910333628087, 0.0002260543249437154},
		{10, 10, 0.6915028921812371, 1},
	} {
		low, high := exactly(of.k, of.n)
		require.InDelta(t, of.low, low, 1e-8*of.high)
		require.InDelta(t, of.high, high, 1e-8*of.high)
	}
}

// results are a committed record's.
func results[T any](t *testing.T, name string) (of []T) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("results", name+".json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(data, &struct{ Results *[]T }{&of}))
	require.NotEmpty(t, of)
	return of
}

// The results of the packs as they are: strangers with photos that are poor alike are
// answered at most twice as often as wanted, in every way. Where so few pairs match that
// chance alone may have made them more than twice the wanted ones, they do not say
// otherwise.
func TestPoorPhotosKeepTheRates(t *testing.T) {
	const most = 2
	for name, record := range map[string]string{"default": "poor", "accurate": "poor-accurate"} {
		m, err := pack.Builtin(name)
		require.NoError(t, err)
		r := results[poorResult](t, record)[0]
		require.Equal(t, m.Name+"@"+m.Version, r.Pack, "measured is the pack that is built in")
		require.Len(t, r.Cells, 1+len(slices.Concat(spoil.Ways(), spoil.Alike())))
		for _, c := range r.Cells {
			for _, of := range []fpirAt{c.Searches[0].Alike, c.Searches[0].Good, c.Searches[0].Mixed} {
				require.LessOrEqual(t, max(of.Of100, of.Of1000), most*poorFPIR, "%s, %s", name, c.Way)
			}
			for _, l := range slices.Concat(c.Alike, c.Good) {
				low, _ := exactly(l.Matches, l.Pairs)
				require.LessOrEqual(t, low, most*l.FMR, "%s, %s: %d of %d at %g", name, c.Way, l.Matches, l.Pairs, l.FMR)
			}
		}
	}
}

// Those of all people that are kept out keep them by their count, too, at each level
// that is to let enough of their pairs through to tell.
func TestManyPoorPhotosKeepTheRates(t *testing.T) {
	const most, enough = 2, 15
	measured := 0
	for _, r := range results[poorResult](t, "poor-all") {
		m, err := pack.Builtin(strings.Split(r.Pack, "@")[0])
		if err != nil || m.Name+"@"+m.Version != r.Pack {
			continue // an earlier version, to compare with
		}
		for _, c := range r.Cells {
			for _, l := range slices.Concat(c.Alike, c.Good) {
				ratio := l.Ratio
				if l.FMR*float64(l.Pairs) < enough {
					low, _ := exactly(l.Matches, l.Pairs)
					ratio = low / l.FMR
				}
				require.LessOrEqual(t, ratio, float64(most), "%s, %s: %d of %d at %g", r.Pack, c.Way, l.Matches, l.Pairs, l.FMR)
				measured++
			}
		}
	}
	require.NotZero(t, measured)
}
