package ocr_test

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg"
	"image/png"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
	"oneton/document/ocr"
	"oneton/embed/embedtest"
	"oneton/onnx"
	"oneton/picture"
	"oneton/pool"
)

// open is a reader with a worker for each core, closed with the test.
func open(t testing.TB, workers *pool.Pool) *ocr.Reader {
	t.Helper()
	r, err := ocr.New(embedtest.Models(t), embedtest.Runtime(t), workers)
	require.NoError(t, err, "run `make setup` to fetch the models")
	t.Cleanup(func() {
		workers.Close()
		require.NoError(t, r.Close())
	})
	return r
}

var someone = documenttest.Person{
	Number: "001-1234567-3", Surname: "REYES", GivenNames: "ALTAGRACIA", Birthplace: "BONAO", Nationality: "DOMINICANA",
	Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Sex: "F",
}

func portrait(t testing.TB) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, "obama.jpg")))
	require.NoError(t, err)
	return img
}

func decode(t testing.TB, content []byte) *picture.Picture {
	t.Helper()
	p, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
	require.NoError(t, err)
	return p
}

// texts finds and reads everything, and the turn that sets the picture upright.
func texts(t testing.TB, r *ocr.Reader, p *picture.Picture) ([]string, []ocr.Region, int) {
	t.Helper()
	found, err := r.Find(t.Context(), p)
	require.NoError(t, err)
	lines, turn, err := r.Upright(t.Context(), p, found)
	require.NoError(t, err)
	strips := make([]ocr.Strip, len(lines))
	for i, l := range lines {
		strips[i] = ocr.Cut(p, l.Quad)
	}
	read, err := r.Texts(t.Context(), strips)
	require.NoError(t, err)
	all := make([]string, len(read))
	for i, text := range read {
		all[i] = strings.ReplaceAll(strings.ToUpper(text.String), " ", "") // a narrow space may be lost
	}
	return all, lines, turn
}

// Every line of a card is read where it was written, however the card lies.
func TestReadsACardAtEveryTurn(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes in few goroutines")
	}
	r := open(t, pool.New(pool.Config{Queue: 64}))
	page := documenttest.CedulaFront(someone, portrait(t), 3)
	// Where lines begin, in millimetres, as the page has them.
	begin := map[string][2]float64{"001-1234567-3": {30, 20}, "16ABRIL1984": {30, 32.5}, "ALTAGRACIA": {30, 43}, "REYES": {30, 47.3}}
	scenes := map[string]documenttest.Scene{
		"flat":   {},
		"right":  {Turn: 1, Degrees: 4, Perspective: 0.2, Direction: 40, Blur: 0.8, Noise: 3, Shadow: 0.3, Quality: 70},
		"head":   {Turn: 2, Degrees: -9},
		"left":   {Turn: 3, Degrees: 12, Quality: 60},
		"tilted": {Degrees: -15},
	}
	for name, scene := range scenes {
		t.Run(name, func(t *testing.T) {
			scene.Width, scene.Height = 1632, 1224
			shot := documenttest.Shoot(page, scene)
			read, lines, turn := texts(t, r, decode(t, shot.JPEG))
			require.Equal(t, (4-scene.Turn)%4*90, turn)
			for want, at := range begin {
				i := slices.Index(read, want)
				require.GreaterOrEqual(t, i, 0, "%q is not in %q", want, read)
				x, y := shot.At(at[0], at[1])
				corner := lines[i].Quad[3]
				require.InDelta(t, x, corner.X, 30, want)
				require.InDelta(t, y, corner.Y, 30, want)
			}
		})
	}
}

// Whoever decides by the probabilities sees what the texts say.
func TestProbabilitiesAgreeWithTexts(t *testing.T) {
	r := open(t, pool.New(pool.Config{Queue: 64}))
	page := documenttest.NewPage(60, 10, documenttest.White, 1)
	page.Text(4, 7, 4, documenttest.Mono, documenttest.Ink, "X4711<<ABC")
	p := decode(t, documenttest.Shoot(page, documenttest.Scene{Width: 900, Height: 200}).JPEG)
	found, err := r.Find(t.Context(), p)
	require.NoError(t, err)
	require.Len(t, found, 1)
	strip := ocr.Cut(p, found[0].Quad)
	require.Equal(t, ocr.StripHeight, strip.Height)

	keys := r.Keys()
	require.Len(t, keys, 18385)
	var all []float32
	require.NoError(t, r.Probabilities(t.Context(), []ocr.Strip{strip}, func(_ int, p []float32) { all = slices.Clone(p) }))
	require.Zero(t, len(all)%len(keys))
	var text strings.Builder
	last := 0
	for step := range slices.Chunk(all, len(keys)) {
		sum, best := 0.0, 0
		for class, p := range step {
			sum += float64(p)
			if p > step[best] {
				best = class
			}
		}
		require.InDelta(t, 1, sum, 1e-3)
		if best != last && best != 0 {
			text.WriteString(keys[best])
		}
		last = best
	}
	require.Equal(t, "X4711<<ABC", text.String())
	read, err := r.Texts(t.Context(), []ocr.Strip{strip})
	require.NoError(t, err)
	require.Equal(t, "X4711<<ABC", read[0].String)
	require.Greater(t, read[0].Confidence, 0.9)

	err = r.Probabilities(t.Context(), []ocr.Strip{{picture.NewRaster(100, 32)}}, nil)
	require.ErrorIs(t, err, onnx.ErrTensor)
}

func TestNothingToRead(t *testing.T) {
	r := open(t, pool.New(pool.Config{Queue: 64}))
	var blank bytes.Buffer
	require.NoError(t, png.Encode(&blank, image.NewGray(image.Rect(0, 0, 640, 480))))
	found, err := r.Find(t.Context(), decode(t, blank.Bytes()))
	require.NoError(t, err)
	require.Empty(t, found)
	lines, turn, err := r.Upright(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Empty(t, lines)
	require.Zero(t, turn)
	read, err := r.Texts(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, read)
}

// A page full of text costs as much as the most that is read at once, and whoever
// stops waiting stops the work.
func TestWorkIsBounded(t *testing.T) {
	r := open(t, pool.New(pool.Config{Queue: 64}))
	page := documenttest.NewPage(200, 280, documenttest.White, 1)
	for row := range 130 {
		for column := range 10 {
			page.Text(3+19.5*float64(column), 3+2.1*float64(row), 1.2, documenttest.Regular, documenttest.Ink, "SPAM")
		}
	}
	p := decode(t, documenttest.Shoot(page, documenttest.Scene{Width: 1000, Height: 1400, Fill: 1}).JPEG)
	found, err := r.Find(t.Context(), p)
	require.NoError(t, err)
	require.LessOrEqual(t, len(found), ocr.MaxRegions)

	wide := ocr.Cut(p, ocr.Quad{{X: 0, Y: 0}, {X: 900, Y: 0}, {X: 900, Y: 0.01}, {X: 0, Y: 0.01}})
	require.LessOrEqual(t, wide.Width, ocr.MaxStripWidth)
	_, err = r.Texts(t.Context(), make([]ocr.Strip, 10_000))
	require.ErrorIs(t, err, ocr.ErrTooMuch)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Find(ctx, p)
	require.ErrorIs(t, err, context.Canceled)
	_, err = r.Texts(ctx, []ocr.Strip{wide})
	require.ErrorIs(t, err, context.Canceled)
}

// A full queue is an answer, and helpers do without.
func TestBusy(t *testing.T) {
	workers := pool.New(pool.Config{Workers: 1})
	r := open(t, workers)
	strip := ocr.Cut(decode(t, embedtest.Photo(t, "chelsea.png")), ocr.Quad{{X: 0, Y: 0}, {X: 100, Y: 0}, {X: 100, Y: 20}, {X: 0, Y: 20}})
	_, err := r.Texts(t.Context(), []ocr.Strip{strip, strip, strip})
	require.NoError(t, err)
	for range workers.Size() {
		w, err := workers.Acquire(pool.WithTenant(t.Context(), "other"))
		if err != nil {
			require.ErrorIs(t, err, pool.ErrBusy)
			break
		}
		t.Cleanup(func() { workers.Release(w) })
	}
	mine, err := workers.Acquire(t.Context())
	require.NoError(t, err)
	defer workers.Release(mine)
	_, err = r.Texts(t.Context(), []ocr.Strip{strip})
	require.ErrorIs(t, err, pool.ErrBusy)
}

func TestModelsThatAreNotThere(t *testing.T) {
	rt := embedtest.Runtime(t)
	_, err := ocr.New(t.TempDir(), rt, pool.New(pool.Config{}))
	require.ErrorIs(t, err, ocr.ErrModels)
	require.ErrorContains(t, err, "oneton setup --with documents")

	folder := t.TempDir()
	for _, name := range []string{"ppocrv5_det.onnx", "ppocrv5_cls.onnx", "ppocrv5_rec.onnx", "ppocr_keys_v5.txt"} {
		require.NoError(t, os.WriteFile(folder+"/"+name, []byte("no model"), 0o600))
	}
	_, err = ocr.New(folder, rt, pool.New(pool.Config{}))
	require.ErrorIs(t, err, onnx.ErrModel)
}
