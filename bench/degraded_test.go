package main

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/spoil"
)

// chequered is a picture with edges everywhere.
func chequered(width, height int) *spoil.Canvas {
	c := spoil.New(width, height)
	for i := range c.Pix {
		x, y := i/spoil.Channels%width, i/spoil.Channels/width
		c.Pix[i] = 40
		if (x/4+y/4)%2 == 0 {
			c.Pix[i] = 200
		}
	}
	return c
}

func distance(a, b *spoil.Canvas) float64 {
	sum, other := 0.0, b.Bytes()
	for i, v := range a.Bytes() {
		sum += math.Abs(float64(v) - float64(other[i]))
	}
	return sum / float64(len(a.Pix))
}

func TestDegradationsSpoilMoreWithStrength(t *testing.T) {
	original := chequered(56, 56)
	for _, d := range degradations() {
		t.Run(d.name, func(t *testing.T) {
			made := func(strength float64) *spoil.Canvas {
				c, err := d.apply(spoil.Of(original.Bytes(), 56), strength, rand.New(rand.NewPCG(1, 2)))
				require.NoError(t, err)
				require.Equal(t, [2]int{56, 56}, [2]int{c.Width, c.Height})
				return c
			}
			weak, strong := distance(original, made(0)), distance(original, made(1))
			if d.name == "none" {
				require.Zero(t, strong)
				return
			}
			require.Positive(t, weak)
			require.Greater(t, strong, weak)
			again := made(1)
			require.Equal(t, strong, distance(original, again), "a seed gives one picture")
		})
	}
}

func TestImitationsChangeThePhotoOnly(t *testing.T) {
	photo := chequered(120, 80)
	before := photo.Bytes()
	for _, attack := range imitations() {
		made := attack.make(photo, rand.New(rand.NewPCG(1, 2)))
		require.Equal(t, [2]int{120, 80}, [2]int{made.Width, made.Height}, attack.name)
		require.Greater(t, distance(photo, made), 5.0, attack.name)
		require.Equal(t, before, photo.Bytes(), attack.name)
	}
}

func TestAUC(t *testing.T) {
	require.InDelta(t, 1, auc([]float64{3, 4}, []float64{1, 2}), 1e-12)
	require.InDelta(t, 0.5, auc([]float64{1, 2}, []float64{1, 2}), 1e-12)
	require.InDelta(t, 0.75, auc([]float64{2, 4}, []float64{1, 3}), 1e-12)
}

func TestReject(t *testing.T) {
	// Ten of a hundred miss: five have the worst scores, five the best.
	probes := make([]spoiled, 100)
	for i := range probes {
		probes[i] = spoiled{score: float64(i), cosine: 0.9}
		if i < 5 || i >= 95 {
			probes[i].cosine = 0.1
		}
	}
	r := reject(probes, 0.5)
	require.InDelta(t, 0.1, r.FNMR.Share, 1e-12)
	want := []rejected{{0.02, 8.0 / 98 / 0.1, 8.0 / 98 / 0.1}, {0.05, 5.0 / 95 / 0.1, 5.0 / 95 / 0.1}, {0.1, 5.0 / 90 / 0.1, 0}, {0.2, 5.0 / 80 / 0.1, 0}}
	for i, w := range want {
		require.InDelta(t, w.Rejected, r.Left[i].Rejected, 1e-12)
		require.InDelta(t, w.Left, r.Left[i].Left, 1e-12)
		require.InDelta(t, w.Least, r.Left[i].Least, 1e-12)
	}
}

func TestLivenessShares(t *testing.T) {
	r := livenessResult{Kind: "print", Faces: 4}
	r.Accepted.Share, r.Refused.Share, r.NoAnswer.Share, r.scores = 1, 2, 1, []float64{0.1, 0.2}
	r.finish([]float64{0.9})
	require.InDelta(t, 0.25, r.Accepted.Share, 1e-12)
	require.InDelta(t, 0.5, r.Refused.Share, 1e-12)
	require.Less(t, r.Accepted.Low, 0.25)
	require.Greater(t, r.Accepted.High, 0.25)
	require.InDelta(t, 1, r.AUC, 1e-12)
}

func TestTemplateCosineIsThatOfMeans(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	templates := make([]face.Template, 6)
	for i := range templates {
		v := make([]float32, 16)
		for j := range v {
			v[j] = rng.Float32() - 0.2
		}
		var err error
		templates[i], err = face.NewTemplate(v)
		require.NoError(t, err)
	}
	mean := func(of ...int) face.Template {
		sum := make([]float32, 16)
		for _, i := range of {
			for j, v := range templates[i] {
				sum[j] += v
			}
		}
		out, err := face.NewTemplate(sum)
		require.NoError(t, err)
		return out
	}
	for _, p := range []*pack.Manifest{{}, {Trust: &calibration.Trust{}}} {
		m, err := compare(p, templates)
		require.NoError(t, err)
		want, err := p.Probe(mean(0, 1, 2)).Cosine(mean(3, 4))
		require.NoError(t, err)
		require.InDelta(t, want, templateCosine(comparisons{m, doubts(p, templates)}, []int{0, 1, 2}, []int{3, 4}), 1e-5)
	}
}

// In a world where a person's photos are alike and others' are not, every rule
// finds everybody and alarms for nobody.
func TestFuseFindsWhoIsEasy(t *testing.T) {
	const persons, photos = 30, 4
	people := make([][]int, persons)
	templates := make([]face.Template, 0, persons*photos)
	for p := range people {
		for range photos {
			v := make([]float32, persons)
			v[p] = 1
			people[p] = append(people[p], len(templates))
			templates = append(templates, v)
		}
	}
	m, err := compare(&pack.Manifest{}, templates)
	require.NoError(t, err)
	table := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.5, FMR: 1e-4}}, Measured: 1e-4}
	for _, r := range fuse(comparisons{m, make([]float64, len(templates))}, people, 2, 2, 3, table) {
		require.Zero(t, r.FNIR, r.Rule)
		require.Zero(t, r.Ratio, r.Rule)
		require.Equal(t, 20, r.Subjects)
	}
}
