package turbojpeg_test

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/turbojpeg"
)

func open(t testing.TB) *turbojpeg.Library {
	t.Helper()
	l, err := turbojpeg.Open()
	if errors.Is(err, turbojpeg.ErrMissing) {
		t.Skip("libjpeg-turbo is not installed (Debian: libturbojpeg0)")
	}
	require.NoError(t, err)
	return l
}

// scene has smooth parts and edges, in colour.
func scene(width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	rng := rand.New(rand.NewPCG(1, uint64(width*height)))
	for y := range height {
		for x := range width {
			img.Set(x, y, color.RGBA{uint8(x * 3), uint8(y * 2), uint8(rng.IntN(64) + (x/16+y/16)%2*128), 255})
		}
	}
	return img
}

func encode(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, img, &jpeg.Options{Quality: 90}))
	return b.Bytes()
}

func TestDecodeMatchesImageJPEG(t *testing.T) {
	l := open(t)
	for _, size := range []image.Point{{1, 1}, {2, 3}, {15, 17}, {16, 16}, {97, 61}, {640, 479}} {
		data := encode(t, scene(size.X, size.Y))
		want, err := jpeg.Decode(bytes.NewReader(data))
		require.NoError(t, err)
		got, err := l.Decode(data, size)
		require.NoError(t, err)
		require.Equal(t, want.Bounds(), got.Bounds())
		w, g := want.(*image.YCbCr), got.(*image.YCbCr)
		require.Equal(t, w.SubsampleRatio, g.SubsampleRatio)
		for y := range size.Y {
			for x := range size.X {
				// Both round an inverse DCT that the standard leaves open by one step.
				require.InDelta(t, w.Y[w.YOffset(x, y)], g.Y[g.YOffset(x, y)], 1, "luma at %d,%d of %v", x, y, size)
				require.InDelta(t, w.Cb[w.COffset(x, y)], g.Cb[g.COffset(x, y)], 1, "blue at %d,%d of %v", x, y, size)
				require.InDelta(t, w.Cr[w.COffset(x, y)], g.Cr[g.COffset(x, y)], 1, "red at %d,%d of %v", x, y, size)
			}
		}
	}
}

func TestDecodeGrey(t *testing.T) {
	l := open(t)
	img := image.NewGray(image.Rect(0, 0, 37, 23))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	data := encode(t, img)
	want, err := jpeg.Decode(bytes.NewReader(data))
	require.NoError(t, err)
	got, err := l.Decode(data, image.Pt(37, 23))
	require.NoError(t, err)
	for y := range 23 {
		for x := range 37 {
			require.InDelta(t, want.(*image.Gray).GrayAt(x, y).Y, got.(*image.Gray).GrayAt(x, y).Y, 1)
		}
	}
}

func TestDecodeLeavesDamageToOthers(t *testing.T) {
	l := open(t)
	data := encode(t, scene(64, 64))
	for name, damaged := range map[string][]byte{
		"empty":     nil,
		"text":      []byte("no picture"),
		"header":    data[:20],
		"truncated": data[:len(data)/2],
	} {
		t.Run(name, func(t *testing.T) {
			_, err := l.Decode(damaged, image.Pt(64, 64))
			require.ErrorIs(t, err, turbojpeg.ErrUndecided)
		})
	}
}

func TestDecodeRefusesAnotherSize(t *testing.T) {
	l := open(t)
	_, err := l.Decode(encode(t, scene(64, 64)), image.Pt(64, 65))
	require.ErrorIs(t, err, turbojpeg.ErrUndecided)
}

func FuzzDecode(f *testing.F) {
	l := open(f)
	f.Add(encode(f, scene(33, 17)))
	f.Add(encode(f, image.NewGray(image.Rect(0, 0, 9, 9))))
	f.Fuzz(func(t *testing.T, data []byte) {
		cfg, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || cfg.Width*cfg.Height > 1<<20 {
			return // the caller checks sizes first
		}
		_, _ = l.Decode(data, image.Pt(cfg.Width, cfg.Height))
	})
}

func BenchmarkDecode(b *testing.B) {
	l := open(b)
	data := encode(b, scene(1280, 800))
	b.Run("decoder=turbojpeg", func(b *testing.B) {
		for b.Loop() {
			_, _ = l.Decode(data, image.Pt(1280, 800))
		}
	})
	b.Run("decoder=image/jpeg", func(b *testing.B) {
		for b.Loop() {
			_, _ = jpeg.Decode(bytes.NewReader(data))
		}
	})
}
