package gesture

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/picture"
)

// frame is a moment of a script: how long it lasts is the script's step.
func frame(open [2]float64, lids [2]float64) moment { return moment{open: open, lids: lids} }

// play gives a script its times.
func play(step time.Duration, script ...moment) []moment {
	for i := range script {
		script[i].at = time.Duration(i) * step
	}
	return script
}

func times(n int, m moment) []moment {
	all := make([]moment, n)
	for i := range all {
		all[i] = m
	}
	return all
}

func join(parts ...[]moment) (all []moment) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func TestBlinks(t *testing.T) {
	const step = 40 * time.Millisecond
	awake := frame([2]float64{0.98, 0.99}, [2]float64{0.33, 0.34})
	asleep := frame([2]float64{0.01, 0}, [2]float64{0.16, 0.17})
	wink := frame([2]float64{0.98, 0.01}, [2]float64{0.33, 0.16})
	oneLid := frame([2]float64{0.01, 0.01}, [2]float64{0.16, 0.33})
	misread := frame([2]float64{0.01, 0.02}, [2]float64{0.32, 0.33})
	dark := frame([2]float64{0.02, 0.97}, [2]float64{0.27, 0.27})
	darkShut := frame([2]float64{0, 0.01}, [2]float64{0.18, 0.19})
	unsure := frame([2]float64{0.5, 0.45}, [2]float64{0.2, 0.2})
	for name, c := range map[string]struct {
		step   time.Duration
		script []moment
		want   bool
	}{
		"as people do":                     {step, join(times(10, awake), times(4, asleep), times(10, awake)), true},
		"seen in one picture":              {step, join(times(10, awake), times(1, asleep), times(10, awake)), true},
		"on request, for half a second":    {step, join(times(10, awake), times(13, asleep), times(10, awake)), true},
		"asleep for a second":              {step, join(times(10, awake), times(25, asleep), times(10, awake)), false},
		"never open again":                 {step, join(times(10, awake), times(10, asleep)), false},
		"closed from the beginning":        {step, join(times(4, asleep), times(10, awake)), false},
		"one eye alone":                    {step, join(times(10, awake), times(4, wink), times(10, awake)), false},
		"one lid alone":                    {step, join(times(10, awake), times(4, oneLid), times(10, awake)), false},
		"a shadow over eyes that are open": {step, join(times(10, awake), times(4, misread), times(10, awake)), false},
		"an eye that always looks closed":  {step, join(times(10, dark), times(4, darkShut), times(10, dark)), true},
		"half closed":                      {step, join(times(10, awake), times(4, unsure), times(10, awake)), false},
		"faster than anybody":              {5 * time.Millisecond, join(times(40, awake), times(4, asleep), times(40, awake)), false},
		"at ten a second":                  {100 * time.Millisecond, join(times(5, awake), times(2, asleep), times(5, awake)), true},
		"nothing":                          {step, nil, false},
	} {
		require.Equal(t, c.want, blinks(play(c.step, c.script...)), name)
	}
}

// mood is a script in which the face looks so happy, with so wide a mouth.
func mood(happy, mouth float64) moment { return moment{happy: happy, mouth: mouth, read: true} }

// ramp are the moments between two moods.
func ramp(n int, from, to moment) []moment {
	all := make([]moment, n)
	for i := range all {
		k := float64(i+1) / float64(n+1)
		all[i] = mood(from.happy+k*(to.happy-from.happy), from.mouth+k*(to.mouth-from.mouth))
	}
	return all
}

func TestSmiles(t *testing.T) {
	const step = 50 * time.Millisecond
	grave, glad := mood(0.05, 0.60), mood(0.98, 0.70)
	happyFace, wideMouth := mood(0.98, 0.605), mood(0.05, 0.70)
	for name, c := range map[string][]moment{
		"begins to smile":    join(times(10, grave), ramp(6, grave, glad), times(10, glad)),
		"ceases to":          join(times(10, glad), ramp(6, glad, grave), times(10, grave)),
		"smiles in between":  join(times(10, grave), ramp(6, grave, glad), times(10, glad), ramp(6, glad, grave), times(10, grave)),
		"slowly":             join(times(10, grave), ramp(40, grave, glad), times(10, glad)),
		"after a hesitation": join(times(10, grave), times(1, mood(0.6, 0.62)), times(5, grave), ramp(6, grave, glad), times(10, glad)),
	} {
		require.True(t, smiles(play(step, c...)), name)
	}
	for name, c := range map[string][]moment{
		"smiles all the time":               times(40, glad),
		"never smiles":                      times(40, grave),
		"changes from one picture to next":  join(times(10, grave), times(10, glad)),
		"there and back, at once":           join(times(10, grave), times(10, glad), times(10, grave), times(10, glad)),
		"the light makes it look happy":     join(times(10, grave), ramp(6, grave, happyFace), times(10, happyFace)),
		"speaks":                            join(times(10, grave), ramp(6, grave, wideMouth), times(10, wideMouth)),
		"for an instant":                    join(times(10, grave), ramp(2, grave, glad), times(2, glad), ramp(2, glad, grave), times(10, grave)),
		"too long between, to be one smile": join(times(10, grave), ramp(170, grave, glad), times(10, glad)),
		"nothing":                           nil,
	} {
		require.False(t, smiles(play(step, c...)), name)
	}
}

// Points that are moved as a flat picture's are, and shaken by less than half a
// hundredth of the eyes' distance, neither blink nor smile by their shape.
func TestShapesOfFlatPicturesStay(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var l points
	for i := range l {
		l[i] = point{rng.Float64(), rng.Float64()}
	}
	base := l.scaled()
	require.InDelta(t, 1, distance(base[leftCorner], base[rightCorner]), 1e-12)
	for range 1000 {
		m := picture.Affine{
			A: 50 + 100*rng.Float64(), B: 100*rng.Float64() - 50, C: 500 * rng.Float64(),
			D: 100*rng.Float64() - 50, E: 50 + 100*rng.Float64(), F: 500 * rng.Float64(),
		}
		if math.Abs(m.A*m.E-m.B*m.D) < 1000 {
			continue // seen from the side
		}
		moved := l.through(m)
		back, ok := pose(&moved, &base)
		require.True(t, ok)
		flat := moved.through(back)
		require.InDelta(t, base.mouth(), flat.mouth(), 1e-6)
		for i := range 2 {
			require.InDelta(t, base.lids(i), flat.lids(i), 1e-6)
		}
	}
	var line points
	for i := range line {
		line[i] = point{float64(i), 2 * float64(i)}
	}
	_, ok := pose(&line, &base)
	require.False(t, ok, "a line has no shape")
}

func TestLikeness(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	p, brighter, other := make(patch, patchSide*patchSide), make(patch, patchSide*patchSide), make(patch, patchSide*patchSide)
	shut := make(patch, patchSide*patchSide)
	for i := range p {
		p[i], other[i] = rng.Float32(), rng.Float32()
		brighter[i] = 0.2 + 0.5*p[i]
		shut[i] = p[i]
		if x, y := i%patchSide, i/patchSide; y >= 9 && y < 19 && x >= 6 && x < 42 {
			shut[i] = rng.Float32()
		}
	}
	require.InDelta(t, 1, p.likeness(brighter), 1e-6)
	require.InDelta(t, 1, p.likeness(shut), 1e-6, "eyes do not count")
	require.Less(t, math.Abs(p.likeness(other)), 0.1)
	require.Zero(t, p.likeness(make(patch, patchSide*patchSide)), "one colour is like nothing")
}
