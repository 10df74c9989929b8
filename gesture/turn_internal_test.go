package gesture

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/picture"
)

// facePoints are points of a face that looks ahead.
func facePoints() points {
	rng := rand.New(rand.NewPCG(35, 1))
	var l points
	for i := range l {
		l[i] = point{rng.Float64() - 0.5, rng.Float64() - 0.5}
	}
	return l
}

// aside are the points of a face with the heights, turned to the picture's right.
func aside(l *points, degrees float64) points {
	out := *l
	for i, h := range heights {
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		out[reliefFrom+i].x = float64(out[reliefFrom+i].x*cos) + float64(h*sin)
	}
	return out
}

// What a flat picture does has no relief, and a head that is turned has as much as the
// sine of the angle.
func TestReliefOfFlatPictures(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 2))
	front := facePoints()
	for range 500 {
		m := picture.Affine{
			A: 0.3 + rng.Float64(), B: rng.Float64() - 0.5, C: rng.Float64(),
			D: rng.Float64() - 0.5, E: 0.3 + rng.Float64(), F: rng.Float64(),
		}
		moved := front.through(m)
		require.InDelta(t, 0, relief(&front, &moved), 1e-9)
		bend, twist := rng.Float64()-0.5, rng.Float64()-0.5
		for i := range moved {
			p := front[i]
			moved[i].x += float64(bend*p.x*p.x) + float64(twist*p.x*p.y)
		}
		require.InDelta(t, 0, relief(&front, &moved), 1e-9)
		degrees := 100 * (rng.Float64() - 0.5)
		turned := aside(&front, degrees)
		require.InDelta(t, math.Sin(degrees*math.Pi/180), relief(&front, &turned), 1e-9)
	}
	// A card that is turned by 50° before a camera at twice its width has little.
	for _, degrees := range []float64{-50, -25, 25, 50} {
		sin, cos := math.Sincos(degrees * math.Pi / 180)
		card := front
		for i, p := range front {
			w := 4 - p.x*sin
			card[i] = point{4 * p.x * cos / w, 4 * p.y / w}
		}
		require.InDelta(t, 0, relief(&front, &card), 0.02)
	}
	var line points
	for i := range line {
		line[i] = point{float64(i), 2 * float64(i)}
	}
	require.Zero(t, relief(&line, &line), "a line tells nothing")
}

// swing are moments of a head that is turned by the angles, one after the other; flat
// ones without a relief.
func swing(flat bool, degrees ...float64) []moment {
	front := facePoints()
	all := make([]moment, len(degrees))
	for i, d := range degrees {
		all[i] = moment{yaw: d, shape: front}
		if !flat {
			all[i].shape = aside(&front, d)
		}
	}
	return play(100*time.Millisecond, all...)
}

func TestTurns(t *testing.T) {
	for name, c := range map[string]struct {
		track []moment
		side  Side
		want  Turn
	}{
		"to the left":                 {swing(false, 0, 0, 5, 12, 20, 28, 30), Left, Turned},
		"to the right":                {swing(false, 0, 0, -5, -12, -20, -28, -30), Right, Turned},
		"and back":                    {swing(false, 2, 1, 8, 18, 25, 20, 10, 0), Left, Turned},
		"turned first":                {swing(false, 30, 30, 20, 10, 0, 0, 10, 20, 28, 28), Left, Turned},
		"a camera from the side":      {swing(false, 10, 10, 17, 24, 30, 32), Left, Turned},
		"to the other side":           {swing(false, 0, 0, -5, -12, -20, -28, -30), Left, WrongSide},
		"to the other side first":     {swing(false, 0, 0, -9, -18, -24, -10, 0, 10, 20, 28, 28), Left, WrongSide},
		"back from the other side":    {swing(false, -17, -17, -12, -7, 6, 12, 12, 13, 12), Left, NotTurned},
		"not far enough":              {swing(false, 0, 0, 5, 9, 12, 13, 13), Left, NotTurned},
		"for an instant":              {swing(false, 0, 0, 5, 12, 20, 9, 2), Left, NotTurned},
		"never ahead":                 {swing(false, 30, 31, 30, 29, 30), Left, NotCentred},
		"ahead only afterwards":       {swing(false, 30, 31, 30, 15, 2, 0), Left, NotTurned},
		"as a flat picture":           {swing(true, 0, 0, 5, 12, 20, 28, 30), Left, Flat},
		"from one picture to another": {swing(false, 0, 0, 0, 30, 30, 30), Left, Jumps},
		"nothing":                     {nil, Left, NotCentred},
	} {
		require.Equal(t, c.want, Film{[]*track{{moments: c.track}}}.Turns(c.side), name)
	}
	cut := Film{[]*track{{moments: swing(false, 0, 0, 0)}, {moments: swing(false, 30, 30, 30)}}}
	require.Equal(t, Jumps, cut.Turns(Left), "a photo from the side, cut in")
	require.Equal(t, NotTurned, cut.Turns(Right))
	require.Equal(t, NotCentred, Film{}.Turns(Left))
}

// The largest turn is one that is held, with the relief that a head has then.
func TestMost(t *testing.T) {
	degrees, relief := Film{[]*track{{moments: swing(false, 30, 2, 2, 12, 22, 25, 21, 40, 3)}}}.Most(Left)
	require.InDelta(t, 20, degrees, 1e-9, "22, 25 and 21 less 2 are held")
	require.InDelta(t, math.Sin(25*math.Pi/180)-math.Sin(2*math.Pi/180), relief, 0.02)
	degrees, _ = Film{[]*track{{moments: swing(false, 30, 31)}}}.Most(Left)
	require.Zero(t, degrees, "it never faces the camera")
}
