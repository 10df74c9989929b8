package picture_test

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
)

// pngParts are a PNG's chunks, whole.
func pngParts(t *testing.T, name string) (parts [][]byte) {
	t.Helper()
	const signature, rest = 8, 12
	for data := file(t, name)[signature:]; len(data) > 0; {
		n := rest + int(binary.BigEndian.Uint32(data))
		parts = append(parts, data[:n:n])
		data = data[n:]
	}
	return parts
}

func pngOf(parts ...[]byte) []byte {
	return slices.Concat([]byte("\x89PNG\r\n\x1a\n"), slices.Concat(parts...))
}

func pngPart(kind string, content []byte) []byte {
	p := append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), kind...)
	p = append(p, content...)
	return binary.BigEndian.AppendUint32(p, crc32.ChecksumIEEE(p[4:]))
}

// spoilt has a wrong checksum.
func spoilt(part []byte) []byte { return flip(part, len(part)-1) }

// A PNG is taken when all its pixels are there: what is wrong beside them does
// not matter, and a chunk with a wrong checksum counts as absent.
func TestPNGsWithOneOddityShowTheScene(t *testing.T) {
	parts := pngParts(t, "plain.png")
	header, data, end := parts[0], slices.Concat(parts[1:len(parts)-1]...), parts[len(parts)-1]
	require.Equal(t, "IDAT", string(data[4:8]))
	turned := pngPart("eXIf", []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x03\x00\x00\x00\x00\x00\x00"))
	palette := pngParts(t, "palette.png")
	require.Equal(t, "PLTE", string(palette[1][4:8]))
	long := slices.Concat(palette[1][8:len(palette[1])-4], make([]byte, 3*(256-16)))
	var bytewise []byte
	for i := 8; i < len(data)-4; i++ {
		bytewise = append(bytewise, pngPart("IDAT", data[i:i+1])...)
	}
	for name, content := range map[string][]byte{
		"wrong checksum of a chunk beside":    pngOf(header, spoilt(pngPart("pHYs", make([]byte, 9))), data, end),
		"wrong checksum of the orientation":   pngOf(header, spoilt(turned), data, end),
		"wrong checksum of transparency":      pngOf(header, spoilt(pngPart("tRNS", []byte{0, 220, 0, 40, 0, 30})), data, end),
		"wrong checksum of the data":          pngOf(header, spoilt(data), end),
		"wrong checksum of the end":           pngOf(header, data, spoilt(end)),
		"no end":                              pngOf(header, data),
		"data's checksum cut off":             pngOf(header, data[:len(data)-2]),
		"bytes behind":                        append(pngOf(header, data, end), "\x00\x00\x00\x10eXIfMM"...),
		"orientation behind the end":          pngOf(header, data, end, turned),
		"another file behind":                 append(pngOf(header, data, end), file(t, "grey.png")...),
		"data twice":                          pngOf(header, data, data, end),
		"header twice":                        pngOf(header, header, data, end),
		"data in chunks of a byte":            pngOf(header, bytewise, end),
		"a chunk between data and other data": pngOf(header, data, pngPart("tEXt", []byte("a\x00b")), data, end),
		"a palette of no use":                 pngOf(header, pngPart("PLTE", make([]byte, 300)), data, end),
		"an odd transparent colour":           pngOf(header, pngPart("tRNS", []byte{1}), data, end),
		"an unknown chunk":                    pngOf(header, pngPart("CRIT", []byte{1}), data, end),
		"a profile that is none":              pngOf(header, pngPart("iCCP", []byte("name")), data, end),
		"more colours than can be meant":      pngOf(append([][]byte{palette[0], pngPart("PLTE", long)}, palette[2:]...)...),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
			require.NoError(t, err)
			requireScene(t, p, quarters, 1)
		})
	}
}

func TestPNGsWithoutAllPixelsAreCorrupt(t *testing.T) {
	parts, palette := pngParts(t, "plain.png"), pngParts(t, "palette.png")
	for name, content := range map[string][]byte{
		"wrong checksum of the header":  pngOf(append([][]byte{spoilt(parts[0])}, parts[1:]...)...),
		"wrong checksum of the palette": pngOf(append([][]byte{palette[0], spoilt(palette[1])}, palette[2:]...)...),
		"no palette":                    pngOf(append([][]byte{palette[0]}, palette[2:]...)...),
		"no data":                       pngOf(parts[0], parts[len(parts)-1]),
		"no header":                     pngOf(parts[1:]...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
			require.ErrorIs(t, err, photo.ErrCorrupt)
			require.NotEqual(t, photo.ErrCorrupt.Error(), err.Error(), "without a detail")
		})
	}
}

// Of a PNG that ends early the rows before are the photo, as they are in the
// whole file.
func TestCutPNGsShowTheirWholeRows(t *testing.T) {
	const least = 20
	limits := picture.DefaultLimits()
	for _, name := range []string{"plain.png", "palette-alpha.png", "16-bit.png", "alpha.png", "grey.png", "grey-16-bit.png"} {
		data := file(t, name)
		at := bytes.Index(data, []byte("IDAT")) + 4
		whole, err := picture.Decode(t.Context(), data, limits)
		require.NoError(t, err)
		want := picture.NewRaster(whole.Width, whole.Height)
		whole.Warp(want, picture.Affine{A: 1, E: 1})
		taken, before := 0, 0
		for cut := at; cut < len(data); cut++ {
			p, err := picture.Decode(t.Context(), data[:cut], limits)
			if err != nil {
				require.ErrorIs(t, err, photo.ErrCorrupt, "%s at %d", name, cut)
				require.Zero(t, taken, "%s at %d: a shorter one is taken", name, cut)
				continue
			}
			taken++
			require.GreaterOrEqual(t, p.Height, max(least, before), "%s at %d", name, cut)
			require.Equal(t, whole.Width, p.Width)
			before = p.Height
			got := picture.NewRaster(p.Width, p.Height)
			p.Warp(got, picture.Affine{A: 1, E: 1})
			n := p.Width * p.Height
			require.Equal(t, [][]float32{want.R[:n], want.G[:n], want.B[:n]}, [][]float32{got.R, got.G, got.B}, "%s at %d", name, cut)
		}
		require.Equal(t, whole.Height, before, "%s: all rows, when what is missing is behind them", name)
		require.Greater(t, taken, 4, name)
	}
	interlaced := pngParts(t, "plain.png")
	interlaced[0] = pngPart("IHDR", append(bytes.Clone(interlaced[0][8:20]), 1))
	_, err := picture.Decode(t.Context(), pngOf(interlaced...)[:120], limits)
	require.ErrorIs(t, err, photo.ErrCorrupt)
}

func TestCutPNGSaysWhere(t *testing.T) {
	data := file(t, "16-bit.png")
	for cut := len(data); ; cut-- {
		_, err := picture.Decode(t.Context(), data[:cut], picture.DefaultLimits())
		if err == nil {
			continue
		}
		require.ErrorIs(t, err, photo.ErrCorrupt)
		require.Regexp(t, `: the file ends after row 1?[0-9] of 43; send the whole file$`, err.Error())
		return
	}
}

// A PNG or WebP with one frame is a still, one with more has pictures of which
// nobody knows which is meant.
func TestOneFrameIsAStill(t *testing.T) {
	parts := pngParts(t, "plain.png")
	control := func(frames uint32) []byte {
		return pngPart("acTL", binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, frames), 0))
	}
	frame := pngPart("fcTL", []byte("\x00\x00\x00\x00\x00\x00\x00\x3d\x00\x00\x00\x2b\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x0a\x00\x00"))
	rest := slices.Concat(parts[1:]...)
	for name, content := range map[string][]byte{
		"png of one frame":                      pngOf(parts[0], control(1), frame, rest),
		"png that announces frames it lacks":    pngOf(parts[0], control(3), frame, rest),
		"png with data of a frame, no animated": pngOf(slices.Concat(parts[:len(parts)-1]...), pngPart("fdAT", make([]byte, 9)), parts[len(parts)-1]),
	} {
		p, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
		require.NoError(t, err, name)
		requireScene(t, p, quarters, 1)
	}
	hidden := pngOf(parts[0], control(1), slices.Concat(parts[1:len(parts)-1]...), frame, pngPart("fdAT", make([]byte, 9)), parts[len(parts)-1])
	_, err := picture.Decode(t.Context(), hidden, picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrUnsupported)
	require.ErrorContains(t, err, "an animated PNG; send one of its pictures as a still")
}

// webpPart is a chunk; content of odd length is padded.
func webpPart(kind string, content []byte) []byte {
	p := append(binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(content))), content...)
	return append(p, make([]byte, len(content)%2)...)
}

func webpOf(parts ...[]byte) []byte {
	all := slices.Concat(parts...)
	return append(append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(4+len(all))), "WEBP"...), all...)
}

// extended is a header with flags, of a canvas.
func extended(flags byte, width, height int) []byte {
	return webpPart("VP8X", []byte{flags, 0, 0, 0, byte(width - 1), 0, 0, byte(height - 1), 0, 0})
}

// frame is the only one of an animation, at a position of half as many pixels.
func frame(x, y byte, width, height int, parts ...[]byte) []byte {
	place := []byte{x, 0, 0, y, 0, 0, byte(width - 1), 0, 0, byte(height - 1), 0, 0, 100, 0, 0, 0}
	return slices.Concat(webpPart("ANIM", make([]byte, 6)), webpPart("ANMF", append(place, slices.Concat(parts...)...)))
}

func TestWebPsWithOneOddityShowTheScene(t *testing.T) {
	const w, h, animation, alpha = 61, 43, 1 << 1, 1 << 4
	lossy, lossless := file(t, "lossy.webp")[12:], file(t, "lossless.webp")[12:]
	for name, content := range map[string][]byte{
		"one frame":                          webpOf(extended(animation, w, h), frame(0, 0, w, h, lossy)),
		"one lossless frame":                 webpOf(extended(animation, w, h), frame(0, 0, w, h, lossless)),
		"one frame, not announced":           webpOf(extended(0, w, h), frame(0, 0, w, h, lossy)),
		"animation that is none":             webpOf(extended(animation, w, h), lossy),
		"every flag, nothing of it":          webpOf(extended(0xff, w, h), lossy),
		"transparency announced, not there":  webpOf(extended(alpha, w, h), lossy),
		"a profile that is none":             webpOf(extended(1<<5, w, h), webpPart("ICCP", []byte("odd")), lossy),
		"bytes behind":                       append(webpOf(lossy), "behind"...),
		"the picture twice":                  webpOf(extended(0, w, h), lossy, lossy),
		"an unknown chunk of odd length":     webpOf(extended(0, w, h), webpPart("ODD!", []byte("odd")), lossy),
		"another length of the whole":        flip(webpOf(lossy), 5),
		"no header, transparency not before": webpOf(lossy, webpPart("ALPH", make([]byte, 9))),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
			require.NoError(t, err)
			requireScene(t, p, quarters, 6)
		})
	}
}

func TestTransparentWebPsWithOneOddityShowTheScene(t *testing.T) {
	const w, h, animation = 61, 43, 1 << 1
	want := quarters
	want[3] = [3]float64{255, 255, 255}
	lossy, lossless := file(t, "alpha-lossy.webp")[12:], file(t, "alpha-lossless.webp")[12:]
	require.True(t, bytes.HasPrefix(lossy, []byte("VP8X")))
	lossy = lossy[18:]
	if bytes.HasPrefix(lossless, []byte("VP8X")) {
		lossless = lossless[18:]
	}
	for name, content := range map[string][]byte{
		"transparency not announced": webpOf(extended(0, w, h), lossy),
		"one frame":                  webpOf(extended(animation, w, h), frame(0, 0, w, h, lossy)),
		"one lossless frame":         webpOf(extended(animation, w, h), frame(0, 0, w, h, lossless)),
	} {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
			require.NoError(t, err)
			requireScene(t, p, want, 6)
		})
	}
}

// A frame that fills a part of the canvas lies on white.
func TestFrameLiesOnItsCanvas(t *testing.T) {
	const w, h, animation = 61, 43, 1 << 1
	for _, name := range []string{"lossy.webp", "lossless.webp", "alpha-lossy.webp", "alpha-lossless.webp"} {
		content := file(t, name)[12:]
		if bytes.HasPrefix(content, []byte("VP8X")) {
			content = content[18:]
		}
		p, err := picture.Decode(t.Context(), webpOf(extended(animation, w+9, h+13), frame(3, 2, w, h, content)), picture.DefaultLimits())
		require.NoError(t, err, name)
		require.Equal(t, [2]int{w + 9, h + 13}, [2]int{p.Width, p.Height}, name)
		r := picture.NewRaster(p.Width, p.Height)
		p.Warp(r, picture.Affine{A: 1, E: 1})
		at := func(x, y int) [3]float64 {
			i := y*p.Width + x
			return [3]float64{float64(r.R[i]), float64(r.G[i]), float64(r.B[i])}
		}
		near := func(want [3]float64, x, y int) {
			for i, v := range at(x, y) {
				require.InDelta(t, want[i], v, 6, "%s: %d of %d, %d", name, i, x, y)
			}
		}
		white := [3]float64{255, 255, 255}
		for _, corner := range [][2]int{{0, 0}, {3, 20}, {w + 8, 5}, {30, 1}, {30, h + 12}} {
			near(white, corner[0], corner[1])
		}
		near(quarters[0], 6+w/4, 4+h/4)
		near(quarters[1], 6+w/4+w/2, 4+h/4)
		near(quarters[2], 6+w/4, 4+h/4+h/2)
		near(quarters[0], 8, 6)
	}
}

func TestWebPsThatContradictThemselvesAreCorrupt(t *testing.T) {
	const w, h, animation = 61, 43, 1 << 1
	lossy := file(t, "lossy.webp")[12:]
	for name, content := range map[string][]byte{
		"another canvas":             webpOf(extended(0, w+1, h), lossy),
		"a frame beyond its canvas":  webpOf(extended(animation, w, h), frame(1, 0, w, h, lossy)),
		"no picture":                 webpOf(extended(0, w, h)),
		"no picture in the frame":    webpOf(extended(animation, w, h), frame(0, 0, w, h)),
		"a frame of a few bytes":     webpOf(extended(animation, w, h), webpPart("ANMF", []byte{1, 2, 3})),
		"a picture of a few bytes":   webpOf(webpPart("VP8 ", []byte{1, 2, 3})),
		"transparency without rows":  webpOf(extended(1<<4, w, h), webpPart("ALPH", []byte{0, 1}), lossy),
		"transparency of no content": webpOf(extended(1<<4, w, h), webpPart("ALPH", nil), lossy),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := picture.Decode(t.Context(), content, picture.DefaultLimits())
			require.ErrorIs(t, err, photo.ErrCorrupt)
			require.NotEqual(t, photo.ErrCorrupt.Error(), err.Error(), "without a detail")
		})
	}
	_, err := picture.Decode(t.Context(), webpOf(extended(animation, w, h), frame(0, 0, w, h, lossy), frame(0, 0, w, h, lossy)), picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrUnsupported)
	require.ErrorContains(t, err, "an animated WebP; send one of its pictures as a still")
}
