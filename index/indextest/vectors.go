package indextest

import (
	"math"
	"math/rand/v2"

	"oneton/face"
)

// newRand is the suite's source of numbers, the same in every run.
func newRand(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

// randomTemplate is uniform on the sphere.
func randomTemplate(rng *rand.Rand, dimension int) face.Template {
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return unit(v)
}

// unit scales v, which is not zero, to length one.
func unit(v []float32) face.Template {
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err) // the suite's own vectors have a length
	}
	return t
}

// near is a template whose cosine with t is about the given one, as another
// photo of the same person has it.
func near(rng *rand.Rand, t face.Template, cosine float64) face.Template {
	other := randomTemplate(rng, len(t))
	along, err := t.Cosine(other)
	if err != nil {
		panic(err) // both have the same dimension
	}
	// The part of other at a right angle to t, of length one.
	across := make([]float32, len(t))
	for i := range t {
		across[i] = other[i] - float32(along)*t[i]
	}
	across = unit(across)
	sine := float32(math.Sqrt(1 - cosine*cosine))
	v := make([]float32, len(t))
	for i := range t {
		v[i] = float32(cosine)*t[i] + sine*across[i]
	}
	return unit(v)
}
