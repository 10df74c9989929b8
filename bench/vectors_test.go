package main

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDrawnFacesResembleSFace compares what is drawn with what was measured on
// LFW itself: impostors' cosines have mean 0.106 and deviation 0.087, mates'
// mean about 0.7.
func TestDrawnFacesResembleSFace(t *testing.T) {
	const people = 1000
	for _, dimension := range []int{128, 320, 512} {
		t.Run(fmt.Sprint(dimension), func(t *testing.T) {
			f, err := newFaces(dimension)
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
			require.InDelta(t, 0.106, average(impostors), 0.02)
			require.InDelta(t, 0.65, average(mates), 0.1)
			var squares []float64
			for _, c := range impostors {
				squares = append(squares, (c-average(impostors))*(c-average(impostors)))
			}
			if dimension == sfaceDimension {
				require.InDelta(t, 0.087*0.087, average(squares), 0.002)
			}
			again, _ := f.gallery(people, people, 10)
			require.Equal(t, rows[people-1], again[people-1], "draws are the same every time")
		})
	}
}

func average(v []float64) float64 {
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
