package picture_test

import (
	"bytes"
	"context"
	"image"
	"image/color"
	standard "image/jpeg"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

// pixels is the picture as it is.
func pixels(p *picture.Picture) *picture.Raster {
	r := picture.NewRaster(p.Width, p.Height)
	p.Warp(r, picture.Affine{A: 1, E: 1})
	return r
}

func decoded(t testing.TB, data []byte) *picture.Picture {
	t.Helper()
	p, err := picture.Decode(t.Context(), data, picture.DefaultLimits())
	require.NoError(t, err)
	return p
}

func meanDifference(a, b *picture.Raster) float64 {
	sum := 0.0
	for i := range a.R {
		sum += math.Abs(float64(a.R[i]-b.R[i])) + math.Abs(float64(a.G[i]-b.G[i])) + math.Abs(float64(a.B[i]-b.B[i]))
	}
	return sum / float64(3*len(a.R))
}

// TestSamplingFactors shows what was encoded, whichever component has how many
// samples; libjpeg's decoder was held to the same difference.
func TestSamplingFactors(t *testing.T) {
	want := pixels(decoded(t, file(t, "smooth.png")))
	files, err := filepath.Glob("testdata/sampling-*.jpg")
	require.NoError(t, err)
	require.Greater(t, len(files), 20)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			p := decoded(t, file(t, filepath.Base(path)))
			require.Equal(t, [2]int{101, 75}, [2]int{p.Width, p.Height})
			require.Less(t, meanDifference(want, pixels(p)), 2.0)
			resized := picture.NewRaster(p.Width, p.Height)
			p.Resize(resized, image.Rect(0, 0, p.Width, p.Height))
			require.Less(t, meanDifference(want, resized), 4.0)
		})
	}
}

// TestInks holds pictures of four components to image/jpeg: with Adobe's marker
// of CMYK, of YCCK, and without it, where readers assume the first.
func TestInks(t *testing.T) {
	cmyk := file(t, "cmyk.jpg")
	at := bytes.Index(cmyk, []byte("Adobe"))
	ycck := bytes.Clone(cmyk)
	ycck[at+11] = 2
	unmarked := append(bytes.Clone(cmyk[:at-4]), cmyk[at+12:]...)
	for name, c := range map[string]struct{ data, same []byte }{
		"cmyk": {cmyk, cmyk}, "ycck": {ycck, ycck}, "unmarked": {unmarked, cmyk},
		"progressive": {file(t, "progressive-cmyk.jpg"), file(t, "progressive-cmyk.jpg")},
	} {
		t.Run(name, func(t *testing.T) {
			got := pixels(decoded(t, c.data))
			want, err := standard.Decode(bytes.NewReader(c.same))
			require.NoError(t, err)
			inks, ok := want.(*image.CMYK)
			require.True(t, ok)
			for i := range got.R {
				v := inks.CMYKAt(i%got.Width, i/got.Width)
				r, g, b := color.CMYKToRGB(v.C, v.M, v.Y, v.K)
				require.Equal(t, [3]float32{float32(r), float32(g), float32(b)}, [3]float32{got.R[i], got.G[i], got.B[i]}, "pixel %d", i)
			}
		})
	}
}

// TestRGBByItsComponents looks at files without Adobe's marker, and at those
// that JFIF's overrules.
func TestRGBByItsComponents(t *testing.T) {
	requireScene(t, decoded(t, file(t, "rgb.jpg")), quarters, 6)
	adobe := bytes.Index(file(t, "rgb.jpg"), []byte("Adobe"))
	without := file(t, "rgb.jpg")
	without = append(bytes.Clone(without[:adobe-4]), without[adobe+12:]...)
	requireScene(t, decoded(t, without), quarters, 6)
}

// TestCutPhotoIsItsRows cuts a photo after some of its rows: they are the photo,
// and no grey stands for the others.
func TestCutPhotoIsItsRows(t *testing.T) {
	var b bytes.Buffer
	m := image.NewRGBA(image.Rect(0, 0, 160, 120))
	for i := range m.Pix {
		m.Pix[i] = uint8(i * i >> 3)
	}
	require.NoError(t, standard.Encode(&b, m, nil))
	whole := decoded(t, b.Bytes())
	cut := decoded(t, b.Bytes()[:b.Len()*7/10])
	require.Equal(t, whole.Width, cut.Width)
	require.Greater(t, cut.Height, whole.Height/2)
	require.Less(t, cut.Height, whole.Height)
	require.Zero(t, cut.Height%16)
	w, c := pixels(whole), pixels(cut)
	inner := (cut.Height - 1) * cut.Width // chroma of the last row is between it and the next
	require.Equal(t, w.R[:inner], c.R[:inner])
	require.Equal(t, w.B[:inner], c.B[:inner])

	require.NoError(t, whole.Damage())
	require.ErrorContains(t, cut.Damage(), "of 120")
	w0, h0 := float64(cut.Width), float64(cut.Height)
	require.False(t, whole.Cuts(0, 0, 160, 120))
	require.True(t, cut.Cuts(5, 5, 6, h0))
	require.False(t, cut.Cuts(0, 0, w0, h0-1))
	require.True(t, cut.Turned(90).Cuts(0, 5, 6, 6))
	require.False(t, cut.Turned(90).Cuts(1, 0, h0, w0))
	require.True(t, cut.Turned(180).Cuts(5, 0, 6, 6))
	require.False(t, cut.Turned(180).Cuts(0, 1, w0, h0))
	require.True(t, cut.Turned(270).Cuts(5, 5, h0, 6))
	require.False(t, cut.Turned(270).Cuts(0, 0, h0-1, w0))

	_, err := picture.Decode(t.Context(), b.Bytes()[:b.Len()/4], picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrCorrupt)
	require.ErrorContains(t, err, "after row 16 of 120")
}

// TestDefaultLimitsTakePhonesPhotos has a flat picture of 8,192×6,144.
func TestDefaultLimitsTakePhonesPhotos(t *testing.T) {
	const width, height = 8192, 6144
	var b bytes.Buffer
	grey := image.NewYCbCr(image.Rect(0, 0, 16, 16), image.YCbCrSubsampleRatio420)
	for _, pix := range [][]uint8{grey.Y, grey.Cb, grey.Cr} {
		for i := range pix {
			pix[i] = 128
		}
	}
	require.NoError(t, standard.Encode(&b, grey, nil))
	data := b.Bytes()
	sof := bytes.Index(data, []byte{0xff, 0xc0})
	copy(data[sof+5:], []byte{height >> 8, height & 0xff, width >> 8, width & 0xff})
	// The unit's four blocks of luma are 00 1010 each, those of chroma 00 00.
	unit := []byte{0x28, 0xa2, 0x8a, 0x00}
	scan := bytes.Index(data, unit)
	require.Equal(t, len(data)-6, scan)
	large := append(bytes.Clone(data[:scan]), bytes.Repeat(unit, width/16*height/16)...)
	p := decoded(t, append(large, 0xff, 0xd9))
	require.Equal(t, [2]int{width, height}, [2]int{p.Width, p.Height})
}

func TestJPEGsThatAreRefused(t *testing.T) {
	_, err := picture.Decode(t.Context(), file(t, "refused-arithmetic.jpg"), picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrUnsupported)
	require.ErrorContains(t, err, "arithmetic coding; save it as a baseline or progressive JPEG")
}

// endsAfter is a context that is cancelled once it was asked so many times.
type endsAfter struct {
	context.Context
	left int
}

func (c *endsAfter) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestEachRowOfAJPEGMayBeTheLast cancels decoding wherever it can be: once a row
// of units, and once a row of pixels where inks become colours.
func TestEachRowOfAJPEGMayBeTheLast(t *testing.T) {
	limits := picture.DefaultLimits()
	limits.Time = 0
	for name, least := range map[string]int{"cmyk.jpg": 43, "progressive-cmyk.jpg": 43, "grey.jpg": 6, "progressive-422.jpg": 6} {
		const plenty = 1000
		ctx := &endsAfter{t.Context(), plenty}
		_, err := picture.Decode(ctx, file(t, name), limits)
		require.NoError(t, err)
		asked := plenty - ctx.left
		require.Greater(t, asked, least, name)
		for n := range asked {
			_, err := picture.Decode(&endsAfter{t.Context(), n}, file(t, name), limits)
			require.ErrorIs(t, err, context.Canceled, "%s, asked %d times", name, n)
		}
	}
}
