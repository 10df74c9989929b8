package identifytest

import (
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"

	"oneton/calibration"
	"oneton/face"
)

// Template is a person's, and for a take that is not 0 near it: two takes are about 0.8
// alike.
func Template(dimension int, person string, take int) face.Template {
	const blend = 0.5
	v := Direction("person "+person, dimension)
	if take != 0 {
		for i, x := range Direction(fmt.Sprintf("take %d of %s", take, person), dimension) {
			v[i] += blend * x
		}
	}
	t, err := face.NewTemplate(v)
	if err != nil {
		panic(err)
	}
	return t
}

// Direction is a random vector that the name determines.
func Direction(name string, dimension int) []float32 {
	h := fnv.New64a()
	h.Write([]byte(name))
	rng := rand.New(rand.NewPCG(h.Sum64(), 1)) //nolint:gosec // it is no secret
	v := make([]float32, dimension)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

// Table is the calibration of random unit vectors, whose cosines are about normal, of
// standard deviation 1/√dimension.
func Table(dimension int) *calibration.Table {
	t := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}}, Measured: 1e-6}
	for z := -2.0; z <= 7; z++ {
		t.Knots = append(t.Knots, calibration.Knot{Cosine: z / math.Sqrt(float64(dimension)), FMR: math.Erfc(z/math.Sqrt2) / 2})
	}
	return t
}
