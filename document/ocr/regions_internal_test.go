package ocr

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// paint raises the map's values within a rectangle.
func paint(probability []float32, width, height int, q Quad, v float32) {
	for y := range height {
		for x := range width {
			p := Point{float64(x), float64(y)}.minus(q[0])
			across, down := q[1].minus(q[0]), q[3].minus(q[0])
			u, w := p.dot(across)/across.dot(across), p.dot(down)/down.dot(down)
			if u >= 0 && u <= 1 && w >= 0 && w <= 1 {
				probability[y*width+x] = v
			}
		}
	}
}

// rectangle is one around a centre, turned by an angle.
func rectangle(x, y, width, height, angle float64) Quad {
	sin, cos := math.Sincos(angle)
	across, down := Point{cos, sin}.times(width/2), Point{-sin, cos}.times(height/2)
	c := Point{x, y}
	return Quad{c.minus(across).minus(down), c.plus(across).minus(down), c.plus(across).plus(down), c.minus(across).plus(down)}
}

// A region that was shrunk by the rule that the network learnt grows back to what it
// was, at any angle.
func TestRegionsGrowBack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	const width, height = 400, 300
	for range 200 {
		w, h := 80+rng.Float64()*120, 14+rng.Float64()*20
		angle := (rng.Float64() - 0.5) * math.Pi / 2
		q := rectangle(200+rng.Float64()*20, 150+rng.Float64()*20, w, h, angle)
		probability := make([]float32, width*height)
		paint(probability, width, height, q, 0.9)
		found := regions(probability, width, height)
		require.Len(t, found, 1)
		got := found[0]
		by := 2 * w * h * unclip / (2 * (w + h))
		require.InDelta(t, w+by, got.Width(), 3)
		require.InDelta(t, h+by, got.Height(), 3)
		require.InDelta(t, angle, got.Angle(), 0.06)
		require.InDelta(t, q.Centre().X, got.Centre().X, 1.5)
		require.InDelta(t, q.Centre().Y, got.Centre().Y, 1.5)
		require.InDelta(t, 0.9, got.Score, 0.05)
	}
}

// The rectangle holds all points, and none of another direction is smaller.
func TestLeastRectangle(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		points := make([]Point, 3+rng.IntN(40))
		for i := range points {
			points[i] = Point{float64(rng.IntN(60)), float64(rng.IntN(30))}
		}
		least := leastRectangle(hull(append([]Point(nil), points...)))
		across := least[1].minus(least[0])
		if across.length() == 0 {
			continue
		}
		around := func(angle float64) float64 {
			sin, cos := math.Sincos(angle)
			left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
			for _, p := range points {
				x, y := p.dot(Point{cos, sin}), p.dot(Point{-sin, cos})
				left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
			}
			return (right - left) * (bottom - top)
		}
		require.InDelta(t, around(math.Atan2(across.Y, across.X)), area(least), 1e-6)
		for step := range 180 {
			require.GreaterOrEqual(t, around(float64(step)*math.Pi/180)+1e-6, area(least))
		}
	}
}

func TestReadingDirections(t *testing.T) {
	for name, tc := range map[string]struct{ width, height, angle, want float64 }{
		"a line":                       {100, 20, 0, 0},
		"a line that leans":            {100, 20, 0.3, 0.3},
		"a line that stands":           {20, 100, 0, math.Pi / 2},
		"a line that stands and leans": {20, 100, 0.3, math.Pi/2 + 0.3},
		"a line that leans far":        {100, 20, 1.2, 1.2},
		"one letter":                   {22, 24, 0.1, 0.1},
	} {
		t.Run(name, func(t *testing.T) {
			for turn := range 4 {
				got := reading(rectangle(0, 0, tc.width, tc.height, tc.angle).Turned(turn))
				require.InDelta(t, tc.want, got.Angle(), 1e-9)
			}
		})
	}
}

func TestTurned(t *testing.T) {
	q := rectangle(0, 0, 100, 20, 0)
	require.InDelta(t, math.Pi/2, q.Turned(1).Angle(), 1e-9)
	require.InDelta(t, 20, q.Turned(1).Width(), 1e-9)
	require.InDelta(t, math.Pi, math.Abs(q.Turned(2).Angle()), 1e-9)
	require.Equal(t, q, q.Turned(4))
	require.Equal(t, q.Turned(3), q.Turned(-1))
}

// The worst maps end soon: noise, stripes and rings.
func TestRegionsOfHostileMaps(t *testing.T) {
	const side = frameSide
	rng := rand.New(rand.NewPCG(5, 6))
	for name, value := range map[string]func(x, y int) float32{
		"noise":    func(int, int) float32 { return rng.Float32() },
		"all":      func(int, int) float32 { return 1 },
		"chess":    func(x, y int) float32 { return float32((x/2 + y/2) % 2) },
		"stripes":  func(x, y int) float32 { return float32((x + y) / 4 % 2) },
		"rings":    func(x, y int) float32 { return float32(int(math.Hypot(float64(x-480), float64(y-480))) / 3 % 2) },
		"dots":     func(x, y int) float32 { return float32(min(x%9/4, 1) * min(y%9/4, 1)) },
		"no value": func(int, int) float32 { return float32(math.NaN()) },
	} {
		t.Run(name, func(t *testing.T) {
			probability := make([]float32, side*side)
			for i := range probability {
				probability[i] = value(i%side, i/side)
			}
			start := time.Now()
			require.LessOrEqual(t, len(regions(probability, side, side)), MaxRegions)
			t.Log(time.Since(start))
		})
	}
}
