package zone_test

import (
	"bytes"
	"context"
	"image"
	_ "image/jpeg" // the portrait is a JPEG
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/document/documenttest"
	"oneton/document/mrz"
	"oneton/document/ocr"
	"oneton/document/zone"
	"oneton/embed/embedtest"
	"oneton/picture"
	"oneton/pool"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// readers are those of text and of zones, closed with the test.
func readers(t testing.TB) (*ocr.Reader, *zone.Reader) {
	t.Helper()
	workers := pool.New(pool.Config{Queue: 64})
	texts, err := ocr.New(embedtest.Models(t), embedtest.Runtime(t), workers)
	require.NoError(t, err, "run `make setup` to fetch the models")
	t.Cleanup(func() {
		workers.Close()
		require.NoError(t, texts.Close())
	})
	r, err := zone.New(texts)
	require.NoError(t, err)
	return texts, r
}

// typeface is OCR-B, without which a test that draws zones is skipped by name.
func typeface(t testing.TB) documenttest.Font {
	t.Helper()
	f, err := documenttest.OCRB()
	if err != nil {
		t.Skip(err)
	}
	return f
}

func read(t testing.TB, texts *ocr.Reader, r *zone.Reader, photo []byte) (zone.Zone, error) {
	t.Helper()
	p, err := picture.Decode(t.Context(), photo, picture.DefaultLimits())
	require.NoError(t, err)
	regions, err := texts.Find(t.Context(), p)
	require.NoError(t, err)
	return r.Read(t.Context(), p, regions, now)
}

func portrait(t testing.TB, name string) image.Image {
	t.Helper()
	img, _, err := image.Decode(bytes.NewReader(embedtest.Photo(t, name)))
	require.NoError(t, err)
	return img
}

// Zones of every type are found and read wherever they lie and however they are
// turned; the specimens of Doc 9303 among them.
func TestReadsZonesAtEveryTurn(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes in few goroutines")
	}
	texts, r := readers(t)
	face, ocrb := portrait(t, "obama.jpg"), typeface(t)
	rng := rand.New(rand.NewPCG(7, 7))
	specimen := mrz.Document{
		Format: mrz.TD3, Type: "P", Issuer: "UTO", Nationality: "UTO", Number: "L898902C3", Sex: "F",
		Name: mrz.Name{Surname: "ERIKSSON", Given: "ANNA MARIA"}, Optional: "ZE184226B",
		Birth: mrz.Date{Year: 1974, Month: 8, Day: 12}, Expiry: mrz.Date{Year: 2012, Month: 4, Day: 15},
	}
	for name, c := range map[string]struct {
		document mrz.Document
		height   float64
		scene    documenttest.Scene
	}{
		"the specimen of TD3": {specimen, 40, documenttest.Scene{}},
		"TD1 turned":          {documenttest.Document(rng, mrz.TD1), 32, documenttest.Scene{Degrees: 12}},
		"TD2 lying":           {documenttest.Document(rng, mrz.TD2), 32, documenttest.Scene{Turn: 1, Degrees: -5}},
		"MRV-A on its head":   {documenttest.Document(rng, mrz.MRVA), 30, documenttest.Scene{Turn: 2}},
		"MRV-B leaning":       {documenttest.Document(rng, mrz.MRVB), 36, documenttest.Scene{Turn: 3, Perspective: 0.1, Direction: 30, Quality: 60}},
	} {
		t.Run(name, func(t *testing.T) {
			page := documenttest.Travel(c.document, ocrb, face, 5)
			shot := page.Shoot(c.height, c.scene)
			got, err := read(t, texts, r, shot.JPEG)
			require.NoError(t, err)
			require.Equal(t, documenttest.Lines(c.document), got.Lines)
			require.Equal(t, (4-c.scene.Turn)%4*90, got.Turn)
			require.InDelta(t, c.height, got.LineHeight, 0.12*c.height)
			x, y := shot.At(page.X, page.Y)
			var mx, my float64
			for _, corner := range got.Corners {
				mx, my = mx+corner.X/4, my+corner.Y/4
			}
			require.InDelta(t, 0, math.Hypot(mx-x, my-y), c.height)
		})
	}
}

// Photos that were once read wrong or not at all: for lines that the detector does not
// see until it looks at the picture turned, for numbers that begin with a narrow letter,
// for letters seen in rows of fillers, for lines without a filler, which are the least
// even, and for print that goes on from a line at the document's edge.
func TestReadsWhatWasHard(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes in few goroutines")
	}
	texts, r := readers(t)
	ocrb := typeface(t)
	flat := func(*rand.Rand) documenttest.Scene { return documenttest.Scene{} }
	turned := func(turn int) func(*rand.Rand) documenttest.Scene {
		return func(*rand.Rand) documenttest.Scene { return documenttest.Scene{Turn: turn} }
	}
	sheet := func(rng *rand.Rand) documenttest.Scene {
		return documenttest.Scene{Under: documenttest.Letter(250, 200, rng.Uint64()), Degrees: 20*rng.Float64() - 10}
	}
	for name, c := range map[string]struct {
		seed   uint64
		format mrz.Format
		number int
		height float64
		scene  func(*rand.Rand) documenttest.Scene
	}{
		"on end":             {3, mrz.MRVA, 26, 40, turned(3)},
		"on end and large":   {3, mrz.MRVB, 26, 60, turned(3)},
		"L first":            {5, mrz.TD2, 99, 32, flat},
		"I first":            {5, mrz.TD2, 13, 60, turned(1)},
		"fillers of a name":  {5, mrz.TD3, 59, 60, turned(3)},
		"full lines":         {5, mrz.MRVB, 25, 40, turned(2)},
		"on a printed sheet": {7, mrz.MRVB, 4, 32, sheet},
	} {
		t.Run(name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(c.seed, uint64(c.number*len(mrz.Formats())+int(c.format))))
			d := documenttest.Document(rng, c.format)
			face := portrait(t, []string{"biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg"}[rng.IntN(4)])
			page := documenttest.Travel(d, ocrb, face, rng.Uint64())
			scene := c.scene(rng)
			scene.Seed, scene.Fill = rng.Uint64(), 0.6+0.35*rng.Float64()
			shot := page.Shoot(c.height, scene)
			got, err := read(t, texts, r, shot.JPEG)
			require.NoError(t, err)
			require.Equal(t, documenttest.Lines(d), got.Lines)
			require.Equal(t, mrz.Read, got.State)
			require.Equal(t, (4-scene.Turn)%4*90, got.Turn)
			x, y := shot.At(page.X, page.Y)
			var mx, my float64
			for _, corner := range got.Corners {
				mx, my = mx+corner.X/4, my+corner.Y/4
			}
			require.InDelta(t, 0, math.Hypot(mx-x, my-y), c.height)
		})
	}
}

func TestTellsWhatIsTooSmall(t *testing.T) {
	texts, r := readers(t)
	page := documenttest.Travel(documenttest.Document(rand.New(rand.NewPCG(8, 8)), mrz.TD3), typeface(t), nil, 5)
	_, err := read(t, texts, r, page.Shoot(16, documenttest.Scene{}).JPEG)
	require.ErrorIs(t, err, zone.ErrSmall)
	require.ErrorContains(t, err, "16 pixels high, and are read from 20 on")
}

func TestTellsWhereThereIsNone(t *testing.T) {
	texts, r := readers(t)
	var blank bytes.Buffer
	require.NoError(t, png.Encode(&blank, image.NewGray(image.Rect(0, 0, 640, 480))))
	front := documenttest.CedulaFront(documenttest.Person{
		Number: "001-1234567-3", Surname: "REYES", GivenNames: "ALTAGRACIA", Birthplace: "BONAO", Nationality: "DOMINICANA",
		Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Sex: "F",
	}, portrait(t, "obama.jpg"), 3)
	lorem := documenttest.NewPage(120, 80, documenttest.White, 1)
	for i := range 10 {
		lorem.Text(4, 10+float64(6*i), 2.4, documenttest.Mono, documenttest.Ink, "THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG 12345")
	}
	for name, photo := range map[string][]byte{
		"nothing":         blank.Bytes(),
		"a face":          embedtest.Photo(t, "obama.jpg"),
		"a cédula's side": documenttest.Shoot(front, documenttest.Scene{Width: 1200, Height: 800}).JPEG,
		"lines of text":   documenttest.Shoot(lorem, documenttest.Scene{Width: 1200, Height: 800}).JPEG,
	} {
		got, err := read(t, texts, r, photo)
		require.ErrorIs(t, err, zone.ErrNone, "%s: %v %q, fit %.2f, repair %.1f", name, got.State, got.Lines, got.Fit, got.Repair)
	}
}

// counted counts the strips that are read.
type counted struct {
	*ocr.Reader
	strips int
}

func (c *counted) Probabilities(ctx context.Context, strips []ocr.Strip, do func(int, []float32)) error {
	c.strips += len(strips)
	return c.Reader.Probabilities(ctx, strips, do)
}

// Lines of text that are not printed at one pitch are seldom read, which is what takes
// time; and of a clear zone each line is read once.
func TestReadsNoMoreThanItMust(t *testing.T) {
	texts, _ := readers(t)
	c := &counted{Reader: texts}
	r, err := zone.New(c)
	require.NoError(t, err)
	face := portrait(t, "obama.jpg")
	const photos = 5
	for seed := range uint64(photos) {
		front := documenttest.CedulaFront(documenttest.Person{
			Number: documenttest.CheckedNumber("0011234567"), Surname: "PEREZ ALMONTE", GivenNames: "JOSE MIGUEL", Birthplace: "SANTO DOMINGO, R.D.",
			Birth: "16 ABRIL 1984", Expiry: "24 MAYO 2034", Nationality: "REPÚBLICA DOMINICANA", Sex: "M",
		}, face, seed)
		_, err := read(t, texts, r, documenttest.Shoot(front, documenttest.Scene{Width: 1200, Degrees: 6, Perspective: 0.2, Noise: 4, Shadow: 0.3, Seed: seed}).JPEG)
		require.ErrorIs(t, err, zone.ErrNone)
	}
	require.Less(t, c.strips, photos)
	for f, lines := range map[mrz.Format]int{mrz.TD1: 3, mrz.TD3: 2} {
		c.strips = 0
		page := documenttest.Travel(documenttest.Document(rand.New(rand.NewPCG(3, 3)), f), typeface(t), face, 5)
		got, err := read(t, texts, r, page.Shoot(40, documenttest.Scene{Degrees: -4}).JPEG)
		require.NoError(t, err)
		require.Equal(t, mrz.Read, got.State)
		require.Equal(t, lines, c.strips)
	}
}
