package main

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
)

// TestDrawnFacesResembleTemplates compares what is drawn with what an
// independent program (Python, onnxruntime, numpy) measured on LFW.
func TestDrawnFacesResembleTemplates(t *testing.T) {
	const people = 1000
	for name, c := range map[string]struct {
		dimension                   int
		impostors, deviation, mates float64
	}{
		"default":                    {defaultDimension, 0.1055, 0.0866, 0.683},
		"accurate":                   {accurateDimension, 0.0763, 0.0813, 0.671},
		"accurate, stretched to 512": {512, 0.0763, 0.0813, 0.671},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := newFaces(c.dimension)
			require.NoError(t, err)
			rows, probes := f.gallery(people, people, 10)
			require.Len(t, probes, people+10)
			var impostors, mates []float64
			for i := range people {
				require.InDelta(t, 1, product(rows[i], rows[i]), 1e-6)
				mates = append(mates, product(rows[i], probes[i]))
				for j := range 20 {
					impostors = append(impostors, product(rows[i], rows[(i+1+j)%people]))
				}
			}
			mean := average(impostors)
			require.InDelta(t, c.impostors, mean, 0.005)
			require.InDelta(t, c.mates, average(mates), 0.06)
			var squares []float64
			for _, x := range impostors {
				squares = append(squares, (x-mean)*(x-mean))
			}
			require.InDelta(t, c.deviation*c.deviation, average(squares), 0.0015)
			again, _ := f.gallery(people, people, 10)
			require.Equal(t, rows[people-1], again[people-1], "draws are the same every time")
		})
	}
}

// TestMomentsComeBack draws from moments and estimates them again.
func TestMomentsComeBack(t *testing.T) {
	const people = 2000
	want, err := readMoments(defaultMoments, defaultDimension)
	require.NoError(t, err)
	f, err := newFaces(defaultDimension)
	require.NoError(t, err)
	rows, probes := f.gallery(people, people, 0)
	var seen [][]face.Template
	for i := range people {
		seen = append(seen, []face.Template{rows[i], probes[i]})
	}
	got, err := momentsOf(seen)
	require.NoError(t, err)
	again, err := readMoments(got.encode(), defaultDimension)
	require.NoError(t, err)
	for i := range want.mean {
		require.InDelta(t, want.mean[i], again.mean[i], 0.01)
	}
	// Templates are scaled to length one, which draws alone are not.
	require.InEpsilon(t, spread(want.people), spread(again.people), 0.1)
	require.InEpsilon(t, spread(want.photos), spread(again.photos), 0.1)
	require.Len(t, again.between, len(want.between))
}

func spread(v []float64) float64 { return average(v) * float64(len(v)) }

func average(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
