package embed_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	ximage "golang.org/x/image/draw"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, img))
	return b.Bytes()
}

// decoded is a demo photo, for tests that cut and paste.
func decoded(t testing.TB, name string) image.Image {
	t.Helper()
	img, err := jpeg.Decode(bytes.NewReader(embedtest.Photo(t, name)))
	require.NoError(t, err)
	return img
}

// cut is a part of an image scaled to a size.
func cut(img image.Image, part image.Rectangle, width, height int) image.Image {
	out := image.NewRGBA(image.Rect(0, 0, width, height))
	ximage.CatmullRom.Scale(out, out.Rect, img, part, ximage.Src, nil)
	return out
}

// faces embeds a photo that can be read.
func faces(t testing.TB, e *embed.Embedder, photo []byte) []photo.Face {
	t.Helper()
	r, err := e.Embed(t.Context(), "default", photo)
	require.NoError(t, err)
	require.NotNil(t, r.Faces)
	return r.Faces
}

func cosine(t testing.TB, a, b face.Template) float64 {
	t.Helper()
	c, err := a.Cosine(b)
	require.NoError(t, err)
	return c
}

func TestEmbedTellsPeopleApart(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	one := func(name string) face.Template {
		found := faces(t, e, embedtest.Photo(t, name))
		require.Len(t, found, 1, name)
		return found[0].Template
	}
	obama := one("obama.jpg")
	for _, name := range []string{"obama2.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg", "32bit.png"} {
		require.Greater(t, cosine(t, obama, one(name)), 0.6, name)
	}
	require.Less(t, cosine(t, obama, one("biden.jpg")), 0.3)
}

func TestEmbedIsTheSameBitForBit(t *testing.T) {
	const goroutines, rounds = 6, 3
	e := embedtest.NewIn(t, pool.New(pool.Config{Workers: 3, Queue: goroutines}), embed.Config{})
	names := []string{"obama.jpg", "sample2.jpg", "32bit.png"}
	want := map[string][]photo.Face{}
	for _, name := range names {
		want[name] = faces(t, e, embedtest.Photo(t, name))
	}
	var group sync.WaitGroup
	for i := range goroutines {
		group.Go(func() {
			for k := range rounds {
				name := names[(i+k)%len(names)]
				r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, name))
				if err != nil {
					t.Error(err)
					return
				}
				require.Equal(t, want[name], r.Faces)
			}
		})
	}
	group.Wait()

	another := embedtest.NewIn(t, pool.New(pool.Config{Workers: 1}), embed.Config{})
	require.Equal(t, want["obama.jpg"], faces(t, another, embedtest.Photo(t, "obama.jpg")))
}

func TestEmbedSaysWhereTimeWent(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	content, told := embedtest.Photo(t, "obama.jpg"), 0.0
	const tries = 20 // of which a busy machine may hold some up before or after
	for try := 0; try < tries && told < 0.8; try++ {
		start := time.Now()
		r, err := e.Embed(t.Context(), "default", content)
		require.NoError(t, err)
		total := time.Since(start)
		sum := time.Duration(0)
		for _, d := range []time.Duration{
			r.Timings.Queue, r.Timings.Decode, r.Timings.Detect, r.Timings.Align, r.Timings.Recognise, r.Timings.Assess,
		} {
			require.Positive(t, d)
			sum += d
		}
		require.LessOrEqual(t, sum, total)
		told = max(told, sum.Seconds()/total.Seconds())
	}
	require.Greater(t, told, 0.8)
}

func TestEmbedFindsNobody(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	rng := rand.New(rand.NewPCG(1, 2))
	noise := image.NewGray(image.Rect(0, 0, 300, 200))
	for i := range noise.Pix {
		noise.Pix[i] = uint8(rng.UintN(256))
	}
	ramp := image.NewRGBA(image.Rect(0, 0, 1500, 1000))
	for y := range 1000 {
		for x := range 1500 {
			ramp.Set(x, y, color.RGBA{uint8(x / 6), uint8(y / 4), 128, 255})
		}
	}
	sky := cut(decoded(t, "obama.jpg"), image.Rect(0, 0, 200, 400), 400, 800)
	for name, img := range map[string]image.Image{
		"noise": noise, "ramp": ramp, "background": sky,
		"smallest": image.NewGray(image.Rect(0, 0, 20, 20)), "strip": image.NewGray(image.Rect(0, 0, 5000, 20)),
	} {
		require.Empty(t, faces(t, e, encodePNG(t, img)), name)
	}
}

func TestEmbedFindsFaceThatFillsThePhoto(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	table, err := e.Calibration("default")
	require.NoError(t, err)
	matches, scarcely := table.Threshold(1e-4), table.Threshold(1e-3)
	obama := decoded(t, "obama.jpg")
	want := faces(t, e, embedtest.Photo(t, "obama.jpg"))[0]
	x, y := int(want.Box.X), int(want.Box.Y)
	w, h := int(want.Box.Width), int(want.Box.Height)
	cases := map[string]image.Image{
		"box":           cut(obama, image.Rect(x, y, x+w, y+h), w, h),
		"enlarged":      cut(obama, image.Rect(x, y, x+w, y+h), 3*w, 3*h),
		"cut at brow":   cut(obama, image.Rect(x+w/10, y+h/5, x+w*9/10, y+h), w, h),
		"square crop":   cut(obama, image.Rect(x, y+h-w, x+w, y+h), 112, 112),
		"enlarged crop": cut(obama, image.Rect(x, y+h-w, x+w, y+h), 1500, 1500),
		// The detector finds these only when it sees the photo smaller.
		"brow to chin":   cut(obama, image.Rect(x+w/5, y+h/5, x+w*4/5, y+h*4/5), 3*w, 3*h),
		"eyes and mouth": cut(obama, image.Rect(x+w/4, y+h/4, x+w*3/4, y+h*3/4), 3*w, 3*h),
	}
	for name, img := range cases {
		t.Run(name, func(t *testing.T) {
			found := faces(t, e, encodePNG(t, img))
			require.Len(t, found, 1)
			c := cosine(t, want.Template, found[0].Template)
			t.Logf("cosine with the whole photo %.3f", c)
			if name == "brow to chin" || name == "eyes and mouth" { // without the face's outline
				require.Greater(t, c, scarcely)
			} else {
				require.Greater(t, c, matches)
			}
		})
	}
}

func TestEmbedFindsFaceAtTheEdge(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	whole := faces(t, e, embedtest.Photo(t, "obama.jpg"))[0]
	left := faces(t, e, embedtest.Photo(t, "obama_partial_face.jpg"))
	require.Len(t, left, 1)
	require.Less(t, left[0].Box.X, float32(1))
	require.Greater(t, cosine(t, whole.Template, left[0].Template), 0.7)
}

// mosaic has faces in four rows of five, smaller to the right.
func mosaic(t *testing.T) image.Image {
	t.Helper()
	obama, biden := decoded(t, "obama.jpg"), decoded(t, "biden.jpg")
	out := image.NewRGBA(image.Rect(0, 0, 1600, 1280))
	draw.Draw(out, out.Rect, image.NewUniform(color.Gray{Y: 90}), image.Point{}, draw.Src)
	for row := range 4 {
		for column := range 5 {
			side := 280 - 20*column
			head := cut(obama, image.Rect(260, 20, 720, 480), side, side)
			if (row+column)%2 == 1 {
				head = cut(biden, image.Rect(310, 110, 830, 630), side, side)
			}
			at := image.Rect(320*column+20, 320*row+20, 320*column+20+side, 320*row+20+side)
			draw.Draw(out, at, head, image.Point{}, draw.Src)
		}
	}
	return out
}

func TestEmbedFindsTwentyFaces(t *testing.T) {
	photo := encodePNG(t, mosaic(t))
	all := faces(t, embedtest.New(t, embed.Config{}), photo)
	require.Len(t, all, 20)
	for i, f := range all[1:] {
		require.LessOrEqual(t, f.Box.Area(), all[i].Box.Area())
	}
	capped, err := embedtest.New(t, embed.Config{MaxFaces: 7}).Embed(t.Context(), "default", photo)
	require.NoError(t, err)
	require.Equal(t, all[:7], capped.Faces)
	require.Equal(t, 13, capped.LeftOut)
}

func TestEmbedRefuses(t *testing.T) {
	e := embedtest.New(t, embed.Config{Limits: picture.Limits{Bytes: 1 << 20, Pixels: 2_000_000, Side: 1500, MinSide: 30}})
	obama := embedtest.Photo(t, "obama.jpg")
	cases := map[string]struct {
		pack  string
		photo []byte
		want  error
	}{
		"unknown pack":   {"other", obama, photo.ErrPack},
		"no bytes":       {"default", nil, photo.ErrEmpty},
		"text":           {"default", []byte("no photo"), photo.ErrUnsupported},
		"first bytes":    {"default", obama[:len(obama)/100], photo.ErrCorrupt},
		"too many bytes": {"default", make([]byte, 1<<20+1), photo.ErrTooLarge},
		"too long":       {"default", embedtest.Photo(t, "sample1.jpg"), photo.ErrTooLarge},
		"too short":      {"default", encodePNG(t, image.NewGray(image.Rect(0, 0, 29, 100))), photo.ErrTooSmall},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := e.Embed(t.Context(), c.pack, c.photo)
			require.ErrorIs(t, err, c.want)
		})
	}
	_, err := e.EmbedAligned(t.Context(), "other", make([]byte, 3*112*112))
	require.ErrorIs(t, err, photo.ErrPack)
	_, err = e.EmbedAligned(t.Context(), "default", make([]byte, 112*112))
	require.ErrorIs(t, err, photo.ErrCorrupt)
	_, err = e.Calibration("other")
	require.ErrorIs(t, err, photo.ErrPack)

	require.Len(t, faces(t, e, obama), 1, "still works")
}

func TestEmbedStopsWithContext(t *testing.T) {
	e := embedtest.NewIn(t, pool.New(pool.Config{}), embed.Config{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := e.Embed(ctx, "default", embedtest.Photo(t, "obama.jpg"))
	require.ErrorIs(t, err, context.Canceled)

	photo := embedtest.Photo(t, "sample5.jpg")
	for ms := range 12 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(5*ms)*time.Millisecond)
		if _, err := e.Embed(ctx, "default", photo); err != nil {
			require.ErrorIs(t, err, context.DeadlineExceeded)
		}
		cancel()
	}
	require.Len(t, faces(t, e, photo), 5, "still works")
}

func TestClosedEmbedder(t *testing.T) {
	workers := pool.New(pool.Config{})
	e := embedtest.NewIn(t, workers, embed.Config{})
	require.Equal(t, []string{"default"}, e.Packs())
	table, err := e.Calibration("default")
	require.NoError(t, err)
	require.NoError(t, table.Validate())
	require.NoError(t, e.Close())
	require.NoError(t, e.Close())
	_, err = e.Embed(t.Context(), "default", embedtest.Photo(t, "obama.jpg"))
	require.ErrorIs(t, err, onnx.ErrClosed)
	workers.Close()
	_, err = e.Embed(t.Context(), "default", embedtest.Photo(t, "obama.jpg"))
	require.ErrorIs(t, err, pool.ErrClosed)
	_, err = e.EmbedAligned(t.Context(), "default", make([]byte, 3*112*112))
	require.ErrorIs(t, err, pool.ErrClosed)
}
