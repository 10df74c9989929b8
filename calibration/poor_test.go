package calibration_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/calibration"
)

// world draws people, whose photos differ from each other by as much, and spoils
// one photo of each: a part of it, strength², is what all photos spoiled in that
// way show, and the score is what is left.
type world struct {
	people, photos int
	// apart is how much of a photo is its own and not the person's.
	apart float64
	// even spoils all photos of a way equally; otherwise the strengths of a way fill
	// what is between it and the next.
	even bool
	// doubt is the pack's, of a strength.
	doubt func(strength float64) float64
	seed  uint64
}

const worldSize, worldWays = 32, 12

func (w world) shots() []calibration.Shot {
	rng := rand.New(rand.NewPCG(w.seed, 1))
	draw := func() []float64 {
		v := make([]float64, worldSize+worldWays)
		for k := range worldSize {
			v[k] = rng.NormFloat64()
		}
		return unit(v)
	}
	mix := func(a, b []float64, part float64) []float64 {
		along := 0.0
		for k := range a {
			along += a[k] * b[k]
		}
		across := make([]float64, len(a))
		for k := range a {
			across[k] = b[k] - along*a[k]
		}
		across = unit(across)
		out := make([]float64, len(a))
		for k := range a {
			out[k] = math.Sqrt(1-part*part)*a[k] + part*across[k]
		}
		return out
	}
	template := func(u []float64, strength float64) []float32 {
		d := 0.0
		if w.doubt != nil {
			d = w.doubt(strength)
		}
		t := make([]float32, 0, len(u)+1)
		for _, v := range u {
			t = append(t, float32(math.Sqrt(1-d*d)*v))
		}
		return append(t, float32(d))
	}
	var shots []calibration.Shot
	for p := range w.people {
		person := draw()
		var first []float64
		for photo := range w.photos {
			u := mix(person, draw(), w.apart)
			if photo == 0 {
				first = u
			}
			shots = append(shots, calibration.Shot{Person: strconv.Itoa(p), Photo: 100*p + photo, Score: 1, Template: template(u, 0)})
		}
		for i := range worldWays {
			within := rng.Float64()
			if w.even {
				within = 0.5
			}
			s := (float64(i) + within) / worldWays
			u := make([]float64, worldSize+worldWays)
			for k, v := range first {
				u[k] = math.Sqrt(1-s*s) * v
			}
			u[worldSize+i] = s // which is in nobody's direction
			shots = append(shots, calibration.Shot{
				Person: strconv.Itoa(p), Photo: 100 * p, Way: strconv.Itoa(i), Score: 1 - s, Template: template(u, s),
			})
		}
	}
	return shots
}

// right is the doubt that strangers of the world need, with the margin that all
// curves have: photos that share s² are alike to (1-s²)·c + s² where good ones are
// to c, and of all thresholds that of 1 in 100 is the lowest.
func right(s float64) float64 {
	c := sphere[0.01]
	shared := (1-s*s)*c + s*s
	return math.Sqrt(1.6 * (shared - c) / (1 + shared))
}

var packs = calibration.Poor{Floor: 0.1, Weight: 1}

func fitPoor(t *testing.T, w world) *calibration.PoorFit {
	t.Helper()
	f, err := calibration.FitPoor(w.shots(), w.doubt != nil, packs)
	require.NoError(t, err)
	return f
}

// A pack whose doubt is right for these people keeps its weight, and one whose
// doubt is too little or too much gets what makes it right.
func TestFittedWeightMakesDoubtRight(t *testing.T) {
	for name, c := range map[string]struct{ height, weight float64 }{
		"right": {1, 1}, "too little": {math.Sqrt(0.5), 2}, "too much": {math.Sqrt(1.4), 1 / 1.4},
	} {
		t.Run(name, func(t *testing.T) {
			f := fitPoor(t, world{people: 150, photos: 1, even: true, doubt: func(s float64) float64 { return c.height * right(s) }, seed: 1})
			require.InEpsilon(t, c.weight, f.FittedWeight.Value, 0.1)
			require.LessOrEqual(t, f.FittedWeight.Low, f.FittedWeight.Value)
			require.Less(t, f.FittedWeight.High-f.FittedWeight.Low, 0.5*c.weight)
			if c.weight == 1 {
				require.Equal(t, 1.0, f.Weight, "the pack's, as nothing speaks against it")
			} else {
				require.Equal(t, f.FittedWeight.Value, f.Weight)
			}
			require.Nil(t, f.FittedFloor, "nobody has two photos")
			require.Equal(t, packs.Floor, f.Floor)
			require.Contains(t, f.Warnings[0], "two photos")
			require.Equal(t, 150, f.People)
			require.Equal(t, 150*worldWays, f.Photos)
			for _, way := range f.Ways {
				require.LessOrEqual(t, way.FMR, 2*0.01, way.Way)
				require.Nil(t, way.Found)
			}
		})
	}
}

// The interval holds the truth about as often as it says.
func TestWeightIntervalsCoverTheTruth(t *testing.T) {
	const trials = 12
	covered := 0
	for seed := range uint64(trials) {
		f := fitPoor(t, world{people: 60, photos: 1, even: true, doubt: right, seed: 10 + seed})
		if f.Weight == 1 {
			covered++
		}
	}
	require.GreaterOrEqual(t, covered, trials*5/6)
}

// Mates of the world are alike to a cosine that is known, so the strength from
// which on none is found is, too; a pack that tells people apart worse has it
// sooner, and its floor is higher.
func TestFittedFloorIsWhereMatesAreLost(t *testing.T) {
	at := func(apart float64) (floor, low, high float64) {
		f := fitPoor(t, world{people: 150, photos: 2, apart: apart, doubt: right, seed: 2})
		require.NotNil(t, f.FittedFloor)
		return f.FittedFloor.Value, f.FittedFloor.Low, f.FittedFloor.High
	}
	// Where √(1-d²)·√(1-s²)·(1-apart²) falls below the threshold of 1 in 100.
	lost := func(apart float64) float64 {
		for s := 0.0; s < 1; s += 1e-3 {
			if d := right(s); math.Sqrt(1-d*d)*math.Sqrt(1-s*s)*(1-apart*apart) < sphere[0.01] {
				return 1 - s
			}
		}
		return 0
	}
	before := 0.0
	for _, apart := range []float64{0.3, 0.5, 0.6} {
		floor, low, high := at(apart)
		// One in nine is still found somewhat below where half are.
		require.InDelta(t, lost(apart), floor, 0.08, "apart by %v", apart)
		require.Greater(t, floor, before)
		require.True(t, low <= floor && floor <= high && high-low < 0.3)
		before = floor
	}
}

// A floor refuses, and what the data say is used where they speak against the pack.
func TestPoorWaysAreTold(t *testing.T) {
	f := fitPoor(t, world{people: 60, photos: 2, apart: 0.6, doubt: right, seed: 3})
	require.Equal(t, f.FittedFloor.Value, f.Floor)
	require.Greater(t, f.Floor, packs.Floor)
	refused, found := 0.0, 1.0
	for _, way := range f.Ways {
		require.GreaterOrEqual(t, way.Refused.Share, refused, "the ways are from mild to strong")
		require.LessOrEqual(t, way.Found.Share, found+0.1)
		refused, found = way.Refused.Share, min(found, way.Found.Share)
		require.LessOrEqual(t, way.Refused.Low, way.Refused.Share)
	}
	require.InDelta(t, 1, refused, 1e-9)
	require.Zero(t, found)
	require.Empty(t, f.Warnings)
}

// Templates without doubt have no weight, and what collides is told.
func TestPoorPhotosWithoutDoubt(t *testing.T) {
	w := world{people: 60, photos: 2, apart: 0.4, seed: 4}
	shots := w.shots()
	for i := range shots {
		shots[i].Template = shots[i].Template[:worldSize+worldWays]
	}
	f, err := calibration.FitPoor(shots, false, packs)
	require.NoError(t, err)
	require.Nil(t, f.FittedWeight)
	require.Equal(t, 1.0, f.Weight)
	require.NotNil(t, f.FittedFloor)
	require.Contains(t, f.Warnings[0], "no doubt")
	require.Greater(t, len(f.Warnings), 3, "strangers collide, and it is said")
}

func TestFewPeopleShowNothingOfPoorPhotos(t *testing.T) {
	_, err := calibration.FitPoor(world{people: 49, photos: 2, doubt: right}.shots(), true, packs)
	require.ErrorIs(t, err, calibration.ErrSample)
	require.ErrorContains(t, err, "49 people")
	require.ErrorContains(t, err, "1176 pairs")
	require.ErrorContains(t, err, "0.0026", "3 in 1,176")
	_, err = calibration.FitPoor(nil, true, packs)
	require.ErrorIs(t, err, calibration.ErrSample)
}

// A weighted probe is of length one, and its likeness is what the definition says,
// whichever of the two is the probe.
func TestWeightedLikeness(t *testing.T) {
	a, b := []float32{0.48, 0.64, 0.6}, []float32{0.6, -0.529150262, 0.6}
	flipped := func(v []float32) []float32 { return []float32{v[0], v[1], -v[2]} }
	for _, weight := range []float64{0, 0.5, 1, 3} {
		want := 0.48*0.6 - 0.64*0.529150262 - weight*0.36
		for _, pair := range [][2][]float32{{a, b}, {b, a}} {
			u, length := calibration.Weighted(flipped(pair[0]), weight)
			cosine, squares := 0.0, 0.0
			for k, v := range u {
				cosine += float64(v) * float64(pair[1][k])
				squares += float64(v) * float64(v)
			}
			require.InDelta(t, 1, squares, 1e-6)
			require.InDelta(t, want, cosine*length, 1e-6)
		}
	}
	// It is the same both ways, and of two poor photos the less the more it weighs.
	rapid.Check(t, func(t *rapid.T) {
		draw := func(name string) []float32 {
			v := rapid.SliceOfN(rapid.Float64Range(-1, 1), 8, 8).Draw(t, name)
			v[0], v[7] = v[0]+2, (v[7]+1)/2
			u := make([]float32, len(v))
			for k, x := range unit(v) {
				u[k] = float32(x)
			}
			return u
		}
		likeness := func(a, b []float32, weight float64) float64 {
			probe := append(slices.Clone(a[:7]), -a[7])
			u, length := calibration.Weighted(probe, weight)
			sum := 0.0
			for k, v := range u {
				sum += float64(v) * float64(b[k])
			}
			return sum * length
		}
		a, b := draw("a"), draw("b")
		weight, more := rapid.Float64Range(0, 5).Draw(t, "weight"), rapid.Float64Range(0, 5).Draw(t, "more")
		require.InDelta(t, likeness(a, b, weight), likeness(b, a, weight), 1e-5)
		require.LessOrEqual(t, likeness(a, b, weight+more), likeness(a, b, weight)+1e-5)
	})
	same, length := calibration.Weighted(a, 1)
	require.Equal(t, a, same)
	require.Equal(t, 1.0, length)
}

func TestOwnIsValidated(t *testing.T) {
	table := calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.5, FMR: 0.1}}, Measured: 0.1}
	require.NoError(t, (&calibration.Own{Table: table}).Validate())
	require.NoError(t, (&calibration.Own{Table: table, Poor: &calibration.Poor{Floor: 0.1, Weight: 1.5}}).Validate())
	require.ErrorIs(t, (&calibration.Own{}).Validate(), calibration.ErrTable)
	for _, p := range []calibration.Poor{{Floor: -0.1}, {Floor: 1.1}, {Floor: math.NaN()}, {Weight: -1}, {Weight: math.NaN()}, {Weight: 101}} {
		require.ErrorIs(t, (&calibration.Own{Table: table, Poor: &p}).Validate(), calibration.ErrTrust)
	}
}
