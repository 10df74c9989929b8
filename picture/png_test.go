package picture_test

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

// noisy is a picture that hardly compresses.
func noisy(width, height int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	random := rand.New(rand.NewPCG(3, 4))
	for i := range m.Pix {
		if m.Pix[i] = uint8(random.Uint32()); i%4 == 3 {
			m.Pix[i] = 255
		}
	}
	return m
}

func requirePixels(t *testing.T, want *image.NRGBA, got *picture.Picture, about ...any) {
	t.Helper()
	size := want.Bounds().Size()
	require.Equal(t, [2]int{size.X, size.Y}, [2]int{got.Width, got.Height}, about...)
	r, differ := pixels(got), 0
	for i := range r.R {
		if c := want.Pix[4*i:]; r.R[i] != float32(c[0]) || r.G[i] != float32(c[1]) || r.B[i] != float32(c[2]) {
			differ++
		}
	}
	require.Zero(t, differ, about...)
}

// A photo of a phone, saved as a PNG, has nearly as many bytes as samples.
func TestNoisyPNGOfEightMegapixelsIsRead(t *testing.T) {
	noise := noisy(3264, 2448)
	var b bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, noise))
	limits := picture.DefaultLimits()
	require.Greater(t, b.Len(), 23_000_000)
	limits.Bytes = b.Len()
	p, err := picture.Decode(t.Context(), b.Bytes(), limits)
	require.NoError(t, err)
	requirePixels(t, noise, p)
}

func TestNoisyPNGsOfEveryEncoderAreRead(t *testing.T) {
	noise := noisy(301, 203)
	for _, level := range []png.CompressionLevel{png.DefaultCompression, png.NoCompression, png.BestSpeed, png.BestCompression} {
		var b bytes.Buffer
		require.NoError(t, (&png.Encoder{CompressionLevel: level}).Encode(&b, noise))
		requirePixels(t, noise, decoded(t, b.Bytes()), level)
	}
	const none, paeth = 0, 4
	for filter := byte(none); filter <= paeth; filter++ {
		for level := zlib.HuffmanOnly; level <= zlib.BestCompression; level++ {
			data := filtered(t, noise, filter, level)
			requirePixels(t, noise, decoded(t, data), filter, level)
		}
	}
}

// filtered is a PNG in colour whose rows all have the filter (PNG third edition,
// section 9).
func filtered(t *testing.T, m *image.NRGBA, filter byte, level int) []byte {
	t.Helper()
	size := m.Bounds().Size()
	const channels = 3
	at := func(x, y, c int) int {
		if x < 0 || y < 0 {
			return 0
		}
		return int(m.Pix[m.PixOffset(x, y)+c])
	}
	away := func(a, b int) int { return max(a-b, b-a) }
	var data bytes.Buffer
	w, err := zlib.NewWriterLevel(&data, level)
	require.NoError(t, err)
	for y := range size.Y {
		row := []byte{filter}
		for x := range size.X {
			for c := range channels {
				left, above, corner := at(x-1, y, c), at(x, y-1, c), at(x-1, y-1, c)
				nearest, p := corner, left+above-corner
				switch {
				case away(p, left) <= away(p, above) && away(p, left) <= away(p, corner):
					nearest = left
				case away(p, above) <= away(p, corner):
					nearest = above
				}
				row = append(row, byte(at(x, y, c)-[]int{0, left, above, (left + above) / 2, nearest}[filter]))
			}
		}
		_, err := w.Write(row)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, uint32(size.X)), uint32(size.Y))
	return pngOf(pngPart("IHDR", append(header, 8, 2, 0, 0, 0)), pngPart("IDAT", data.Bytes()), pngPart("IEND", nil))
}

// What a PNG's samples are in error is told apart.
func TestPNGsWhoseSamplesAreWrongAreCorrupt(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	m.Set(10, 10, color.White)
	data := filtered(t, m, 0, zlib.BestCompression)
	taller := bytes.Clone(data)
	const heightAt = 20
	binary.BigEndian.PutUint32(taller[heightAt:], 47)
	checksum := flip(data, len(data)-12-4-1)
	for name, c := range map[string]struct {
		content []byte
		detail  string
	}{
		"checksum":     {checksum, "the checksum of the PNG's samples is wrong"},
		"more samples": {reheaded(taller), "the PNG has more samples than its picture"},
	} {
		_, err := picture.Decode(t.Context(), c.content, picture.DefaultLimits())
		require.ErrorIs(t, err, photo.ErrCorrupt, name)
		require.ErrorContains(t, err, c.detail, name)
	}
}

// reheaded has the right checksum of its header.
func reheaded(data []byte) []byte {
	const signature, header, length = 8, 8, 13
	from := signature + header
	return append(pngOf(pngPart("IHDR", data[from:from+length])), data[from+length+4:]...)
}
