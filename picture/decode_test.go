package picture_test

import (
	"bytes"
	"context"
	"image"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return data
}

// quarters are the scene's colours, as testdata/fixtures.py paints them: top
// left, top right, bottom left, bottom right.
var quarters = [4][3]float64{{220, 40, 30}, {20, 160, 60}, {40, 60, 200}, {250, 250, 250}}

// requireScene looks at the middle of each quarter, in both ways that a picture
// can be sampled.
func requireScene(t *testing.T, p *picture.Picture, want [4][3]float64, tolerance float64) {
	t.Helper()
	require.Equal(t, [2]int{61, 43}, [2]int{p.Width, p.Height})
	warped := picture.NewRaster(p.Width, p.Height)
	p.Warp(warped, picture.Affine{A: 1, E: 1})
	resized := picture.NewRaster(p.Width, p.Height)
	p.Resize(resized, image.Rect(0, 0, p.Width, p.Height))
	for i, colour := range want {
		x, y := p.Width/4+i%2*p.Width/2, p.Height/4+i/2*p.Height/2
		at := y*p.Width + x
		for _, r := range []*picture.Raster{warped, resized} {
			require.InDelta(t, colour[0], r.R[at], tolerance, "red of quarter %d", i)
			require.InDelta(t, colour[1], r.G[at], tolerance, "green of quarter %d", i)
			require.InDelta(t, colour[2], r.B[at], tolerance, "blue of quarter %d", i)
		}
	}
}

func TestDecodeShowsScene(t *testing.T) {
	const exact, lossy, palette = 0.01, 6, 1
	cases := map[string]float64{
		"orientation-1.jpg": lossy, "orientation-2.jpg": lossy, "orientation-3.jpg": lossy,
		"orientation-4.jpg": lossy, "orientation-5.jpg": lossy, "orientation-6.jpg": lossy,
		"orientation-7.jpg": lossy, "orientation-8.jpg": lossy,
		"orientation-6.png": exact, "orientation-6.webp": lossy,
		"progressive.jpg": lossy, "progressive-444.jpg": lossy, "progressive-422.jpg": lossy, "progressive-cmyk.jpg": lossy, "cmyk.jpg": lossy, "rgb.jpg": lossy,
		"plain.png": exact, "palette.png": palette, "palette-alpha.png": palette, "16-bit.png": exact,
		"lossy.webp": lossy, "lossless.webp": exact,
		"plain.bmp": exact, "palette.bmp": palette, "32-bit.bmp": exact, "hidden.bmp": exact,
	}
	for name, tolerance := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), file(t, name), picture.DefaultLimits())
			require.NoError(t, err)
			want := quarters
			if name == "palette-alpha.png" {
				want[3] = [3]float64{255, 255, 255}
			}
			requireScene(t, p, want, tolerance)
			require.Equal(t, "image/"+strings.Replace(filepath.Ext(name)[1:], "jpg", "jpeg", 1), p.MediaType)
		})
	}
}

func TestDecodeShowsTransparencyOnWhite(t *testing.T) {
	want := quarters
	want[3] = [3]float64{255, 255, 255}
	for name, tolerance := range map[string]float64{"alpha.png": 0.01, "alpha.bmp": 0.01, "alpha-lossless.webp": 0.01, "alpha-lossy.webp": 6} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), file(t, name), picture.DefaultLimits())
			require.NoError(t, err)
			requireScene(t, p, want, tolerance)
		})
	}
}

func TestDecodeGrey(t *testing.T) {
	var want [4][3]float64
	for i, q := range quarters {
		y := math.Round(0.299*q[0] + 0.587*q[1] + 0.114*q[2])
		want[i] = [3]float64{y, y, y}
	}
	for name, tolerance := range map[string]float64{"grey.png": 1, "grey-16-bit.png": 1, "grey.jpg": 4, "progressive-grey.jpg": 4} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), file(t, name), picture.DefaultLimits())
			require.NoError(t, err)
			requireScene(t, p, want, tolerance)
		})
	}
}

func TestDecodeRefuses(t *testing.T) {
	jpeg, png, webp := file(t, "orientation-1.jpg"), file(t, "plain.png"), file(t, "lossy.webp")
	progressive := file(t, "progressive.jpg")
	cases := map[string]struct {
		data []byte
		want error
	}{
		"no bytes":            {nil, photo.ErrEmpty},
		"zero bytes":          {make([]byte, 1000), photo.ErrUnsupported},
		"text":                {[]byte("this is not a picture"), photo.ErrUnsupported},
		"gif":                 {file(t, "refused-animation.gif"), photo.ErrUnsupported},
		"truncated bmp":       {file(t, "plain.bmp")[:4000], photo.ErrCorrupt},
		"old bmp":             {[]byte("BM\x1a\x00\x00\x00\x00\x00\x00\x00\x1a\x00\x00\x00\x0c\x00\x00\x00\x20\x00\x20\x00\x01\x00\x18\x00"), photo.ErrUnsupported},
		"text like a bmp":     {[]byte("BM is how this text begins"), photo.ErrUnsupported},
		"animated png":        {file(t, "refused-animation.png"), photo.ErrUnsupported},
		"animated webp":       {file(t, "refused-animation.webp"), photo.ErrUnsupported},
		"huge png":            {file(t, "huge.png"), photo.ErrTooLarge},
		"truncated jpeg":      {jpeg[:len(jpeg)*3/4], photo.ErrCorrupt},
		"truncated headers":   {jpeg[:30], photo.ErrCorrupt},
		"truncated progress":  {progressive[:len(progressive)*2/4], photo.ErrCorrupt},
		"truncated png":       {png[:45], photo.ErrCorrupt},
		"truncated webp":      {webp[:len(webp)*3/4], photo.ErrCorrupt},
		"corrupt png":         {flip(png, len(png)*3/4), photo.ErrCorrupt},
		"signature alone":     {png[:8], photo.ErrCorrupt},
		"jpeg behind a riff":  {append([]byte("RIFF\x00\x00\x00\x00WEBP"), jpeg...), photo.ErrCorrupt},
		"twelve-bit jpeg":     {bytes.Replace(jpeg, []byte("\xff\xc0\x00\x11\x08"), []byte("\xff\xc1\x00\x11\x0c"), 1), photo.ErrUnsupported},
		"one pixel too short": {tiny(t), photo.ErrTooSmall},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), c.data, picture.DefaultLimits())
			require.ErrorIs(t, err, c.want)
			require.Nil(t, p)
		})
	}
}

func flip(data []byte, at int) []byte {
	data = bytes.Clone(data)
	data[at] ^= 0x55
	return data
}

func tiny(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, encodePNG(&b, image.NewGray(image.Rect(0, 0, 19, 100))))
	return b.Bytes()
}

func TestDecodeChecksLimits(t *testing.T) {
	data := file(t, "plain.png")
	cases := map[string]struct {
		change func(*picture.Limits)
		want   error
	}{
		"all fit exactly":  {func(l *picture.Limits) { *l = picture.Limits{Bytes: len(data), Pixels: 61 * 43, Side: 61, MinSide: 43} }, nil},
		"one byte more":    {func(l *picture.Limits) { l.Bytes = len(data) - 1 }, photo.ErrTooLarge},
		"one pixel more":   {func(l *picture.Limits) { l.Pixels = 61*43 - 1 }, photo.ErrTooLarge},
		"one column more":  {func(l *picture.Limits) { l.Side = 60 }, photo.ErrTooLarge},
		"one row too few ": {func(l *picture.Limits) { l.MinSide = 44 }, photo.ErrTooSmall},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			limits := picture.DefaultLimits()
			c.change(&limits)
			_, err := picture.Decode(t.Context(), data, limits)
			require.ErrorIs(t, err, c.want)
		})
	}
}

func TestDecodeRefusesHugePictureWithoutMemory(t *testing.T) {
	const few = 1 << 20
	data := file(t, "huge.png")
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := picture.Decode(t.Context(), data, picture.DefaultLimits())
	runtime.ReadMemStats(&after)
	require.ErrorIs(t, err, photo.ErrTooLarge)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(few))
}

func TestDecodeStopsWithContext(t *testing.T) {
	for _, name := range []string{"orientation-1.jpg", "progressive.jpg", "plain.png", "lossy.webp"} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := picture.Decode(ctx, file(t, name), picture.DefaultLimits())
		require.ErrorIs(t, err, context.Canceled, name)
	}
}

func TestDecodeStopsWithTime(t *testing.T) {
	limits := picture.DefaultLimits()
	limits.Time = time.Nanosecond
	for _, name := range []string{"orientation-1.jpg", "progressive.jpg", "plain.png", "lossy.webp"} {
		_, err := picture.Decode(t.Context(), file(t, name), limits)
		require.ErrorIs(t, err, photo.ErrTooComplex, name)
		require.NotErrorIs(t, err, context.DeadlineExceeded, name)
	}
}

// TestDecodeTakesFlatPictures looks at files that need as few bits as there can
// be, in which scans of one component have fewer blocks than whole units hold.
func TestDecodeTakesFlatPictures(t *testing.T) {
	files, err := filepath.Glob("testdata/flat-*.jpg")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		p, err := picture.Decode(t.Context(), file(t, filepath.Base(path)), picture.DefaultLimits())
		require.NoError(t, err, path)
		raster := picture.NewRaster(p.Width, p.Height)
		p.Resize(raster, image.Rect(0, 0, p.Width, p.Height))
		require.InDelta(t, 250, raster.G[len(raster.G)-1], 1, path)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*.*")
	require.NoError(f, err)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(f, err)
		f.Add(data)
	}
	limits := picture.Limits{Bytes: 1 << 20, Pixels: 1 << 16, Side: 1 << 10, MinSide: 1}
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := picture.Decode(t.Context(), data, limits)
		if err != nil {
			for _, known := range []error{
				photo.ErrEmpty, photo.ErrUnsupported, photo.ErrCorrupt, photo.ErrTooLarge, photo.ErrTooSmall, photo.ErrTooComplex,
			} {
				if bytes.Contains([]byte(err.Error()), []byte(known.Error())) {
					return
				}
			}
			t.Fatalf("unknown error: %v", err)
		}
		require.LessOrEqual(t, p.Width*p.Height, limits.Pixels)
		raster := picture.NewRaster(p.Width, p.Height)
		p.Resize(raster, image.Rect(0, 0, (p.Width+1)/2, (p.Height+1)/2))
		p.Warp(raster, picture.Affine{A: 1.5, B: 0.3, C: -3, D: -0.2, E: 0.7, F: 5})
		for _, v := range raster.R {
			require.True(t, v >= 0 && v <= 255)
		}
	})
}
