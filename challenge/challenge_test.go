package challenge_test

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // demo photos
	_ "image/png"  // demo photos
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/challenge"
	"oneton/clip"
	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/facesession"
	"oneton/gesture"
	"oneton/gesture/gesturetest"
	"oneton/pool"
	"oneton/setup"
)

// lab checks steps with the real models.
type lab struct {
	*challenge.Checks
	faces *embed.Embedder
	judge *gesture.Judge
	clips string
}

func newLab(t *testing.T, cfg challenge.Config) lab {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes in one goroutine")
	}
	workers := pool.New(pool.DefaultConfig())
	e := embedtest.NewIn(t, workers, embed.DefaultConfig())
	reader, err := clip.New(clip.Config{})
	require.NoError(t, err)
	j, err := gesture.New(gesture.Config{Models: embedtest.Models(t)}, embedtest.Runtime(t), workers, e, reader)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, j.Close()) })
	c, err := challenge.New(cfg, workers, e, j)
	require.NoError(t, err)
	return lab{c, e, j, ""}
}

// filming is a lab with clips of people.
func filming(t *testing.T, cfg challenge.Config) lab {
	t.Helper()
	l := newLab(t, cfg)
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	paths, err := setup.Find(setup.FromEnvironment(), setup.Clips)
	require.NoError(t, err, "'make setup' comes before the tests")
	l.clips = paths.Clips
	return l
}

// rate is how many frames a second pages send for a kind of step.
func rate(kind facesession.StepKind) int {
	if kind == facesession.Blink {
		return 15
	}
	return 10
}

// timed are frames that follow each other at the rate.
func timed(jpegs [][]byte, rate int) []facesession.Frame {
	frames := make([]facesession.Frame, len(jpegs))
	for i, j := range jpegs {
		frames[i] = facesession.Frame{At: time.Duration(i) * time.Second / time.Duration(rate), JPEG: j}
	}
	return frames
}

// split are the JPEGs of a film.
func split(film []byte) (all [][]byte) {
	for _, part := range bytes.SplitAfter(film, []byte{0xff, 0xd9}) {
		if len(part) > 0 {
			all = append(all, part)
		}
	}
	return all
}

// film is what a page would send of a scene for a kind of step: 3.2 seconds of it.
func (l lab) film(t *testing.T, scene string, kind facesession.StepKind) []facesession.Frame {
	t.Helper()
	const seconds = 3.2
	data, err := gesturetest.Film(t.Context(), l.clips, scene, rate(kind))
	require.NoError(t, err)
	once := split(data)
	var all [][]byte
	for i := range int(seconds * float64(rate(kind))) {
		all = append(all, once[i%len(once)])
	}
	return timed(all, rate(kind))
}

func (l lab) check(t *testing.T, kind facesession.StepKind, frames []facesession.Frame, earlier ...[]byte) facesession.Finding {
	t.Helper()
	got, err := l.Check(t.Context(), kind, frames, earlier)
	require.NoError(t, err)
	return got
}

// still is a demo photo's largest face.
func (l lab) still(t *testing.T, name string) gesturetest.Still {
	t.Helper()
	content := embedtest.Photo(t, name)
	img, _, err := image.Decode(bytes.NewReader(content))
	require.NoError(t, err)
	found, err := l.faces.Embed(context.Background(), "default", content)
	require.NoError(t, err)
	return gesturetest.Still{Photo: img, Face: found.Faces[0].Box}
}

// People who do what is asked pass, and frames of one step are none of another.
func TestPeople(t *testing.T) {
	l := filming(t, challenge.DefaultConfig())
	for _, c := range []struct {
		scene  string
		kind   facesession.StepKind
		reason string
	}{
		{"look", facesession.Look, ""},
		{"turn_left", facesession.TurnLeft, ""},
		{"turn_right", facesession.TurnRight, ""},
		{"blink", facesession.Blink, ""},
		{"smile", facesession.Smile, ""},
		{"turn_left", facesession.TurnRight, challenge.WrongSide},
		{"turn_right", facesession.TurnLeft, challenge.WrongSide},
		{"turn_left", facesession.Smile, challenge.NoSmile},
		{"look", facesession.TurnLeft, challenge.NotTurned},
		{"smile", facesession.TurnRight, challenge.NotTurned},
		{"look", facesession.Smile, challenge.NoSmile},
		{"still", facesession.Blink, challenge.NoBlink},
		{"nobody", facesession.Look, challenge.NoFace},
	} {
		t.Run(c.scene+" for "+string(c.kind), func(t *testing.T) {
			got := l.check(t, c.kind, l.film(t, c.scene, c.kind))
			require.Equal(t, c.reason, got.Reason)
			require.Equal(t, c.reason == "", got.Passed)
			if got.Passed {
				require.GreaterOrEqual(t, got.Best, 0)
				require.Greater(t, got.Score, 0.5)
			} else {
				require.Equal(t, -1, got.Best)
			}
		})
	}
}

// Another person in the middle of a step, or in the step before, is told.
func TestOtherPerson(t *testing.T) {
	l := filming(t, challenge.DefaultConfig())
	look, other := l.film(t, "look", facesession.Look), l.film(t, "other", facesession.Look)
	mixed := slices.Clone(look[:20])
	for i := 10; i < len(mixed); i++ {
		mixed[i].JPEG = other[i].JPEG
	}
	got := l.check(t, facesession.Look, mixed)
	require.Equal(t, challenge.OtherPerson, got.Reason)
	require.False(t, got.Passed)

	portrait, err := gesturetest.Portrait(t.Context(), l.clips, "look")
	require.NoError(t, err)
	require.True(t, l.check(t, facesession.Look, look[:10], portrait).Passed)
	stranger, err := gesturetest.Portrait(t.Context(), l.clips, "other")
	require.NoError(t, err)
	got = l.check(t, facesession.Look, look[:10], portrait, stranger)
	require.Equal(t, facesession.Finding{Reason: challenge.OtherPerson, Best: -1}, got)
}

// Frames that no camera of a page sends cost little and pass nothing.
func TestHostileFrames(t *testing.T) {
	l := newLab(t, challenge.DefaultConfig())
	good := gesturetest.Attacks()[0].Pictures(1, 10, l.still(t, "obama.jpg"))
	with := func(bad []byte) []facesession.Frame {
		all := slices.Clone(good)
		all[5] = bad
		return timed(all, 10)
	}
	many := make([]facesession.Frame, 10_000)
	for name, c := range map[string]struct {
		frames []facesession.Frame
		reason string
	}{
		"text":         {with([]byte("no picture")), challenge.Unreadable},
		"nothing":      {with(nil), challenge.Unreadable},
		"a PNG":        {with(embedtest.Photo(t, "astronaut.png")), challenge.Unreadable},
		"cut short":    {with(good[5][:len(good[5])/2]), challenge.Unreadable},
		"too large":    {with(embedtest.Photo(t, "sample5.jpg")), challenge.Unreadable},
		"announces":    {with([]byte("\xff\xd8\xff\xc0\x00\x11\x08\xff\xff\xff\xff\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01")), challenge.Unreadable},
		"10,000":       {many, challenge.TooMany},
		"none":         {nil, challenge.TooFew},
		"one":          {timed(good[:1], 10), challenge.TooFew},
		"two a second": {timed(good[:6], 2), challenge.TooFew},
	} {
		got := l.check(t, facesession.Look, c.frames)
		require.Equal(t, facesession.Finding{Reason: c.reason, Best: -1}, got, name)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := l.Check(ctx, facesession.Look, timed(good, 10), nil)
	require.ErrorIs(t, err, context.Canceled)
}

// With enforce a frame that is not judged real passes nothing, and without a model none
// is.
func TestPassiveCheckDecidesAsConfigured(t *testing.T) {
	report := newLab(t, challenge.DefaultConfig())
	cfg := challenge.DefaultConfig()
	cfg.Passive = challenge.Enforce
	enforce := newLab(t, cfg)
	still := report.still(t, "obama.jpg")
	still.Face.Width, still.Face.Height = still.Face.Width*0.7, still.Face.Height*0.7 // cut off
	frames := timed(gesturetest.Attacks()[0].Pictures(1, 8, still), 8)
	got := report.check(t, facesession.Look, frames)
	require.True(t, got.Passed, got.Reason)
	require.Equal(t, "unknown", got.Passive)
	require.Equal(t, challenge.Spoof, enforce.check(t, facesession.Look, frames).Reason)
}

// What is drawn begins with a look, asks for nothing twice in a row, and each plan is
// about as likely as another.
func TestPlan(t *testing.T) {
	l := newLab(t, challenge.DefaultConfig())
	const draws = 12_000
	seen := map[[2]facesession.StepKind]int{}
	for range draws {
		plan := l.Plan()
		require.Len(t, plan, 3)
		require.Equal(t, facesession.Look, plan[0])
		require.NotEqual(t, plan[1], plan[2])
		seen[[2]facesession.StepKind{plan[1], plan[2]}]++
	}
	require.Len(t, seen, 12)
	for plan, n := range seen {
		require.InDelta(t, draws/12, n, 200, plan) // six standard deviations and more
	}
	one, err := challenge.New(challenge.Config{Steps: 1, Kinds: []string{"blink"}}, nil, l.faces, l.judge)
	require.NoError(t, err)
	require.Equal(t, []facesession.StepKind{facesession.Look, facesession.Blink}, one.Plan())
}

// What to do for a better picture follows from one frame.
func TestGuide(t *testing.T) {
	l := newLab(t, challenge.DefaultConfig())
	one := l.still(t, "obama.jpg")
	for name, c := range map[string]struct {
		spoil func(s *gesturetest.Still)
		light float64
		want  facesession.GuidanceCode
	}{
		"good":        {func(*gesturetest.Still) {}, 1, facesession.GuideOK},
		"near":        {func(s *gesturetest.Still) { grow(s, 0.5) }, 1, facesession.GuideFurther},
		"far":         {func(s *gesturetest.Still) { grow(s, 2.2) }, 1, facesession.GuideCloser},
		"at the side": {func(s *gesturetest.Still) { s.Face.X += s.Face.Width * 0.6 }, 1, facesession.GuideCentre},
		"dark":        {func(*gesturetest.Still) {}, 0.12, facesession.GuideTooDark},
		"bright":      {func(*gesturetest.Still) {}, 2.2, facesession.GuideTooBright},
		"nobody":      {func(s *gesturetest.Still) { s.Face = face.Box{X: 5, Y: 5, Width: 20, Height: 20} }, 1, facesession.GuideNoFace},
	} {
		s := one
		c.spoil(&s)
		got, err := l.Guide(t.Context(), gesturetest.Lit(c.light).Pictures(1, 1, s)[0])
		require.NoError(t, err)
		require.Equal(t, c.want, got.Code, name)
		require.Equal(t, c.want != facesession.GuideNoFace, got.Box != nil, name)
	}
	got, err := l.Guide(t.Context(), []byte("no picture"))
	require.NoError(t, err)
	require.Equal(t, facesession.Guidance{Code: facesession.GuideNoFace}, got)
}

// grow shows so many times as much around the face.
func grow(s *gesturetest.Still, k float32) {
	x, y := s.Face.X+s.Face.Width/2, s.Face.Y+s.Face.Height/2
	s.Face.Width, s.Face.Height = s.Face.Width*k, s.Face.Height*k
	s.Face.X, s.Face.Y = x-s.Face.Width/2, y-s.Face.Height/2
}
