package calibration_test

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
)

// faces are unit vectors whose people are known.
type faces struct {
	people    []string
	templates [][]float64
}

func (f *faces) add(person int, template []float64) {
	f.people = append(f.people, strconv.Itoa(person))
	f.templates = append(f.templates, unit(template))
}

func (f *faces) cosine(i, j int) float64 {
	sum := 0.0
	for k, v := range f.templates[i] {
		sum += v * f.templates[j][k]
	}
	return sum
}

func (f *faces) fit(t *testing.T) *calibration.Fit {
	t.Helper()
	s, err := calibration.Collect(f.people, f.cosine)
	require.NoError(t, err)
	fit, err := s.Fit("test")
	require.NoError(t, err)
	require.NoError(t, fit.Table.Validate())
	return fit
}

func unit(v []float64) []float64 {
	norm := 0.0
	for _, x := range v {
		norm += x * x
	}
	u := make([]float64, len(v))
	for i, x := range v {
		u[i] = x / math.Sqrt(norm)
	}
	return u
}

// strangers are people with one photo each whose templates are spread evenly
// over the unit sphere.
func strangers(people, dimension int, seed uint64) *faces {
	rng := rand.New(rand.NewPCG(seed, 0))
	f := &faces{}
	for p := range people {
		v := make([]float64, dimension)
		for k := range v {
			v[k] = rng.NormFloat64()
		}
		f.add(p, v)
	}
	return f
}

// direction is a pseudo-random unit vector that any language can make.
func direction(seed uint64) []float64 {
	const dimension = 24
	v := make([]float64, dimension)
	for k := range v {
		for range 4 {
			seed = seed*6364136223846793005 + 1442695040888963407
			v[k] += float64(seed>>40) / (1 << 24)
		}
		v[k] -= 2
	}
	return unit(v)
}

// TestFitAgreesWithNumpy compares with a program that sorts the raw scores
// and never bins them.
func TestFitAgreesWithNumpy(t *testing.T) {
	b, err := os.ReadFile("testdata/fit.json")
	require.NoError(t, err)
	var want struct {
		Pairs, Mates int
		Rates        []struct {
			FMR, Cosine, Half float64
			FNMR              float64
			Low               float64 `json:"fnmr_low"`
			High              float64 `json:"fnmr_high"`
		}
		Checks []struct{ FMR, Cosine, Measured float64 }
	}
	require.NoError(t, json.Unmarshal(b, &want))

	f := &faces{}
	for p := range 300 {
		d := direction(uint64(p + 1))
		for i := range 1 + p%3 {
			photo := direction(uint64(100000 + 10*p + i))
			v := make([]float64, len(d))
			for k := range v {
				v[k] = d[k] + 0.6*photo[k]
			}
			f.add(p, v)
		}
	}
	got := f.fit(t)

	require.Equal(t, 300, got.People)
	require.Equal(t, want.Pairs, got.Impostors)
	require.Equal(t, want.Mates, got.Mates)
	require.Len(t, got.Rates, len(want.Rates))
	for i, w := range want.Rates {
		r := got.Rates[i]
		require.Equal(t, w.FMR, r.FMR)
		require.InDelta(t, w.Cosine, r.Cosine, 2e-3)
		require.InEpsilon(t, w.Half, (r.CosineHigh-r.CosineLow)/2, 0.05, "interval at %v", w.FMR)
		require.InDelta(t, w.FNMR, r.FNMR.Share, 1e-2)
		require.InDelta(t, w.Low, r.FNMR.Low, 1e-2)
		require.InDelta(t, w.High, r.FNMR.High, 1e-2)
	}
	require.Len(t, got.Checks, len(want.Checks))
	for i, w := range want.Checks {
		require.Equal(t, w.FMR, got.Checks[i].FMR)
		require.InDelta(t, w.Cosine, got.Checks[i].Cosine, 1e-3)
		require.InEpsilon(t, w.Measured, got.Checks[i].Measured, 0.02)
	}
}

// sphere are the cosines that even spread over the unit sphere of 32
// dimensions reaches at a rate: the square root of the upper point of
// Beta(1/2, 31/2) at twice the rate.
var sphere = map[float64]float64{
	0.1:    0.228940,
	0.01:   0.403153,
	0.001:  0.518358,
	0.0001: 0.603630,
	1e-05:  0.669987,
	1e-06:  0.723102,
}

func TestFitFindsTheTruth(t *testing.T) {
	fit := strangers(600, 32, 1).fit(t)
	for _, r := range fit.Rates {
		if truth, known := sphere[r.FMR]; known && !r.Extrapolated {
			require.InDelta(t, truth, r.Cosine, 0.02, "threshold of %v", r.FMR)
		}
		require.Greater(t, r.CosineHigh, sphere[r.FMR], "the tail errs to the strict side")
	}
	for _, c := range fit.Checks {
		require.InEpsilon(t, c.FMR, c.Measured, 0.5)
	}
	require.Empty(t, fit.Suspects)
	require.InEpsilon(t, 30/(600*599/2.0), fit.Table.Measured, 1e-9)
}

func TestIntervalsCoverTheTruth(t *testing.T) {
	const trials = 60
	covered := map[float64]int{}
	for seed := range trials {
		for _, r := range strangers(100, 32, uint64(100+seed)).fit(t).Rates {
			if truth := sphere[r.FMR]; r.CosineLow <= truth && truth <= r.CosineHigh {
				covered[r.FMR]++
			}
		}
	}
	for _, rate := range []float64{1e-1, 1e-2} {
		require.GreaterOrEqual(t, covered[rate], trials*85/100, "95 %% interval at %v", rate)
	}
}

func TestPeopleUnderTwoNamesAreToldAndDoNotMoveTheTail(t *testing.T) {
	f := strangers(600, 32, 2)
	clean := f.fit(t)
	for p := range 5 {
		f.add(1000+p, f.templates[p])
	}
	fit := f.fit(t)
	require.InDelta(t, clean.Table.Threshold(1e-6), fit.Table.Threshold(1e-6), 0.02)
	require.Len(t, fit.Suspects, 5)
	for _, s := range fit.Suspects {
		require.InDelta(t, 1, s.Cosine, 1e-9)
		require.Equal(t, 600+s.A, s.B)
	}
	require.Contains(t, fit.Warnings[len(fit.Warnings)-1], "two names")
}

func TestEveryTwoPeopleWeighTheSame(t *testing.T) {
	f := strangers(100, 32, 3)
	want := f.fit(t)
	for range 20 {
		f.add(7, f.templates[7])
	}
	got := f.fit(t)
	require.InDelta(t, want.Table.Threshold(1e-2), got.Table.Threshold(1e-2), 1e-9)
	require.Equal(t, 210, got.Mates)
}

func TestSmallSamplesWarnOrAreRefused(t *testing.T) {
	_, err := calibration.Collect([]string{"a", "a"}, func(int, int) float64 { return 1 })
	require.ErrorIs(t, err, calibration.ErrSample)

	s, err := calibration.Collect(strangers(49, 32, 4).people, strangers(49, 32, 4).cosine)
	require.NoError(t, err)
	_, err = s.Fit("test")
	require.ErrorIs(t, err, calibration.ErrSample)

	twice := strangers(60, 32, 6)
	same, err := calibration.Collect(twice.people, func(int, int) float64 { return 0.5 })
	require.NoError(t, err)
	_, err = same.Fit("test")
	require.ErrorIs(t, err, calibration.ErrSample, "equal cosines are no templates")

	few := strangers(60, 32, 5).fit(t)
	require.Contains(t, few.Warnings[0], "too few")
	require.Contains(t, few.Warnings[1], "two photos")
	require.Nil(t, few.Rates[0].FNMR)
}

// TestProportion compares with Wilson's intervals as scipy gives them.
func TestProportion(t *testing.T) {
	for name, c := range map[string]struct{ share, n, low, high float64 }{
		"none of 100": {0, 100, 0, 0.0369948},
		"3 of 50":     {0.06, 50, 0.0206205, 0.1621719},
		"no trials":   {0, 0, 0, 1},
		"all of 20":   {1, 20, 0.8388748, 1},
	} {
		t.Run(name, func(t *testing.T) {
			p := calibration.NewProportion(c.share, c.n)
			require.InDelta(t, c.low, p.Low, 1e-4)
			require.InDelta(t, c.high, p.High, 1e-4)
		})
	}
}
