package embed

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/face"
	"oneton/picture"
)

// residual is the sum of squared distances between the template and the
// landmarks brought to it.
func residual(cropToPhoto picture.Affine, l face.Landmarks) float64 {
	toCrop := cropToPhoto.Inverse()
	sum := 0.0
	for i, p := range l {
		x, y := toCrop.Apply(float64(p.X), float64(p.Y))
		sum += math.Pow(x-float64(arcFace112[i].X), 2) + math.Pow(y-float64(arcFace112[i].Y), 2)
	}
	return sum
}

func TestAlignUndoesSimilarity(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		angle := rapid.Float64Range(-math.Pi, math.Pi).Draw(t, "angle")
		scale := rapid.Float64Range(0.1, 20).Draw(t, "scale")
		dx := rapid.Float64Range(-500, 5000).Draw(t, "dx")
		dy := rapid.Float64Range(-500, 5000).Draw(t, "dy")
		a, b := scale*math.Cos(angle), scale*math.Sin(angle)
		want := picture.Affine{A: a, B: -b, C: dx, D: b, E: a, F: dy}
		var l face.Landmarks
		for i, p := range arcFace112 {
			x, y := want.Apply(float64(p.X), float64(p.Y))
			l[i] = face.Point{X: float32(x), Y: float32(y)}
		}
		got, ok := align(l)
		require.True(t, ok)
		for _, corner := range [][2]float64{{0, 0}, {111, 0}, {0, 111}, {111, 111}} {
			wx, wy := want.Apply(corner[0], corner[1])
			gx, gy := got.Apply(corner[0], corner[1])
			require.InDelta(t, wx, gx, 0.02)
			require.InDelta(t, wy, gy, 0.02)
		}
	})
}

func TestAlignIsLeastSquares(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		coordinate := rapid.Float32Range(0, 200)
		var l face.Landmarks
		for i := range l {
			l[i] = face.Point{X: coordinate.Draw(t, "x"), Y: coordinate.Draw(t, "y")}
		}
		best, ok := align(l)
		if !ok {
			t.Skip("landmarks on one point")
		}
		least := residual(best, l)
		forward := best.Inverse()
		for _, d := range []float64{-1e-3, 1e-3} {
			for _, other := range []picture.Affine{
				{A: forward.A + d, B: forward.B, C: forward.C, D: forward.D, E: forward.E + d, F: forward.F},
				{A: forward.A, B: forward.B - d, C: forward.C, D: forward.D + d, E: forward.E, F: forward.F},
				{A: forward.A, B: forward.B, C: forward.C + d, D: forward.D, E: forward.E, F: forward.F},
				{A: forward.A, B: forward.B, C: forward.C, D: forward.D, E: forward.E, F: forward.F + d},
			} {
				if math.Abs(other.A*other.E-other.B*other.D) < 1e-9 {
					continue
				}
				require.GreaterOrEqual(t, residual(other.Inverse(), l)+1e-6*(1+least), least)
			}
		}
	})
}

func TestAlignRefusesOnePoint(t *testing.T) {
	var l face.Landmarks
	for i := range l {
		l[i] = face.Point{X: 7, Y: 9}
	}
	_, ok := align(l)
	require.False(t, ok)
}

func TestSuppressKeepsMostConfident(t *testing.T) {
	at := func(x, confidence float32) detection {
		return detection{box: face.Box{X: x, Width: 10, Height: 10}, confidence: confidence}
	}
	// Overlaps of 8, 5 and 2 tenths have intersections over unions of 0.67,
	// 0.33 and 0.11.
	kept := suppress([]detection{at(0, 0.7), at(2, 0.9), at(7, 0.8), at(10, 0.6), at(100, 0.1)}, 0.3)
	require.Equal(t, []detection{at(2, 0.9), at(10, 0.6), at(100, 0.1)}, kept)
}

func TestPoseFollowsHead(t *testing.T) {
	turned := func(yaw, pitch, roll float64) face.Landmarks {
		rotate := func(p point3, a, b int, degrees float64) point3 {
			s, c := math.Sincos(degrees * math.Pi / 180)
			p[a], p[b] = c*p[a]-s*p[b], s*p[a]+c*p[b]
			return p
		}
		var l face.Landmarks
		for i, p := range headModel {
			p = rotate(p, 0, 2, yaw)
			p = rotate(p, 2, 1, pitch)
			p = rotate(p, 0, 1, roll)
			l[i] = face.Point{X: float32(300 + 2*p[0]), Y: float32(200 + 2*p[1])}
		}
		return l
	}
	cases := map[string][3]float64{
		"ahead":             {0, 0, 0},
		"to the right":      {30, 0, 0},
		"to the left":       {-45, 0, 0},
		"up":                {0, 20, 0},
		"down":              {0, -20, 0},
		"leaning clockwise": {0, 0, 40},
		"upside down":       {0, 0, 170},
	}
	for name, want := range cases {
		t.Run(name, func(t *testing.T) {
			l := turned(want[0], want[1], want[2])
			yaw, pitch, roll := pose(l)
			got := []float64{yaw, pitch, roll}
			require.InDeltaSlice(t, want[:], got, 0.01)
		})
	}
	t.Run("nose moves to the side of the yaw", func(t *testing.T) {
		l := turned(30, 0, 0)
		require.Greater(t, l[2].X, (l[0].X+l[1].X)/2)
		l = turned(0, 20, 0)
		require.Less(t, l[2].Y, turned(0, 0, 0)[2].Y)
	})
}
