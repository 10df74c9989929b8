package jpeg_test

import (
	"bytes"
	"encoding/binary"
	standard "image/jpeg"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/picture/internal/jpeg"
)

// parts are the marker segments of a file, from behind its beginning; a scan's
// has its data.
func parts(t testing.TB, data []byte) [][]byte {
	t.Helper()
	var all [][]byte
	at := 2
	for s := range jpeg.Segments(data) {
		if s.Marker == jpeg.EOI {
			break
		}
		n := 4 + len(s.Data) + len(s.Coded)
		require.Equal(t, []byte{0xff, s.Marker}, data[at:at+2])
		all = append(all, data[at:at+n])
		at += n
	}
	require.Equal(t, []byte{0xff, jpeg.EOI}, data[at:])
	return all
}

func join(parts ...[]byte) []byte {
	return slices.Concat([]byte{0xff, 0xd8}, slices.Concat(parts...), []byte{0xff, jpeg.EOI})
}

func segment(marker byte, data ...byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(len(data)+2)), data...)
}

// each changes the segments with the marker.
func each(t testing.TB, data []byte, marker byte, change func([]byte) []byte) []byte {
	t.Helper()
	all := parts(t, data)
	for i, p := range all {
		if p[1] == marker {
			all[i] = change(bytes.Clone(p))
		}
	}
	return join(all...)
}

// restarted changes the data of the scan from one restart to the next.
func restarted(t testing.TB, data []byte, change func(intervals [][]byte) [][]byte) []byte {
	t.Helper()
	return each(t, data, jpeg.SOS, func(p []byte) []byte {
		header := 2 + int(binary.BigEndian.Uint16(p[2:]))
		var intervals [][]byte
		from := header
		for i := header; i+1 < len(p); i++ {
			if p[i] == 0xff && p[i+1] >= 0xd0 && p[i+1] <= 0xd7 {
				intervals = append(intervals, p[from:i+2])
				from = i + 2
			}
		}
		return append(p[:header:header], slices.Concat(change(append(intervals, p[from:]))...)...)
	})
}

// TestVariants writes a file in other ways that show the same.
func TestVariants(t *testing.T) {
	all := files(t)
	plain, restarts := all["420-q95.jpg"], all["restarts.jpg"]
	var encoded bytes.Buffer
	picture, err := standard.Decode(bytes.NewReader(plain))
	require.NoError(t, err)
	require.NoError(t, standard.Encode(&encoded, picture, nil))
	sof := func(change func([]byte)) func([]byte) []byte {
		return func(p []byte) []byte {
			change(p)
			return p
		}
	}
	withoutHeight := each(t, plain, jpeg.SOF0, sof(func(p []byte) { p[5], p[6] = 0, 0 }))
	cases := map[string]struct{ plain, variant []byte }{
		"no Huffman tables, as a webcam's frames": {encoded.Bytes(), each(t, encoded.Bytes(), jpeg.DHT, func([]byte) []byte { return nil })},
		"extended sequential":                     {plain, each(t, plain, jpeg.SOF0, sof(func(p []byte) { p[1] = jpeg.SOF1 }))},
		"quantisation tables of 16 bits": {plain, each(t, plain, jpeg.DQT, func(p []byte) []byte {
			var wide []byte
			for p = p[4:]; len(p) > 0; p = p[65:] {
				wide = append(wide, p[0]|0x10)
				for _, q := range p[1:65] {
					wide = append(wide, 0, q)
				}
			}
			return segment(jpeg.DQT, wide...)
		})},
		"fill bytes before every marker": {plain, func() []byte {
			var filled [][]byte
			for _, p := range parts(t, plain) {
				filled = append(filled, []byte{0xff, 0xff}, p)
			}
			return join(append(filled, []byte{0xff})...)
		}()},
		"stray bytes before every marker": {plain, func() []byte {
			var stray [][]byte
			for _, p := range parts(t, plain) {
				stray = append(stray, []byte("stray\xff\x00"), p)
			}
			return join(append(stray, []byte("stray"))...)
		}()},
		"unknown segments":       {plain, join(append([][]byte{segment(0xef, 1, 2, 3), segment(0xfe), segment(0xf0, 0xff, 0xd9)}, parts(t, plain)...)...)},
		"an empty Huffman table": {plain, join(append([][]byte{segment(jpeg.DHT, append([]byte{0x12}, make([]byte, 16)...)...)}, parts(t, plain)...)...)},
		"no end":                 {plain, plain[:len(plain)-2]},
		"no end, cut in it":      {plain, plain[:len(plain)-1]},
		"another file behind":    {plain, append(bytes.Clone(plain), all["444-q15.jpg"]...)},
		"zeros behind":           {plain, append(bytes.Clone(plain), make([]byte, 1000)...)},
		"height behind the scan": {plain, join(append(parts(t, withoutHeight), segment(0xdc, 0, 75))...)},
		"height told again":      {plain, join(append(parts(t, plain), segment(0xdc, 0xff, 0xff))...)},
		"restarts of other numbers": {restarts, restarted(t, restarts, func(v [][]byte) [][]byte {
			for _, p := range v[:len(v)-1] {
				p[len(p)-1] = 0xd5
			}
			return v
		})},
		"stray bytes before restarts": {restarts, restarted(t, restarts, func(v [][]byte) [][]byte {
			for i, p := range v[:len(v)-1] {
				v[i] = slices.Concat(p[:len(p)-2], []byte("stray"), p[len(p)-2:])
			}
			return v
		})},
		"fill bytes before restarts": {restarts, restarted(t, restarts, func(v [][]byte) [][]byte {
			for i, p := range v[:len(v)-1] {
				v[i] = slices.Concat(p[:len(p)-2], []byte{0xff, 0xff}, p[len(p)-2:])
			}
			return v
		})},
		"a restart at the end":                  {restarts, restarted(t, restarts, func(v [][]byte) [][]byte { return append(v, []byte{0xff, 0xd0}) })},
		"restarts announced that are not there": {plain, join(append([][]byte{segment(0xdd, 0, 4)}, parts(t, plain)...)...)},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			want, err := standard.Decode(bytes.NewReader(c.plain))
			require.NoError(t, err)
			got, err := decode(t.Context(), new(jpeg.Memory), c.variant)
			require.NoError(t, err)
			requireEqual(t, want, got)
		})
	}
}

// requireStartOf compares the rows that are there with those of the whole.
func requireStartOf(t require.TestingT, whole, got *jpeg.Image) {
	require.Len(t, got.Planes, len(whole.Planes))
	require.Equal(t, whole.Width, got.Width)
	require.LessOrEqual(t, got.Height, whole.Height)
	require.Equal(t, got.Height < whole.Height, got.Damage != nil)
	for i, p := range got.Planes {
		w := whole.Planes[i]
		for y := range p.Height {
			if !bytes.Equal(w.Pix[y*w.Stride:][:w.Width], p.Pix[y*p.Stride:][:p.Width]) {
				require.Fail(t, "another row", "plane %d, row %d", i, y)
			}
		}
	}
}

func TestCutFilesHaveTheirFirstRows(t *testing.T) {
	for name, data := range files(t) {
		if name != "restarts.jpg" && !strings.Contains(name, "q15") {
			continue
		}
		whole, err := decode(t.Context(), new(jpeg.Memory), data)
		require.NoError(t, err)
		t.Run(name, func(t *testing.T) {
			most := 0
			for length := 1; length < len(data); length += 5 {
				got, err := decode(t.Context(), new(jpeg.Memory), data[:length])
				if err != nil {
					require.Zero(t, most, "of %d bytes", length)
					continue
				}
				requireStartOf(t, whole, got)
				require.GreaterOrEqual(t, got.Height, most)
				most = got.Height
			}
			require.GreaterOrEqual(t, most, whole.Height-16)
		})
	}
}

// TestCutProgressiveFiles have rows as soon as each coefficient was sent once,
// and differ from the whole by the bits that are missing.
func TestCutProgressiveFiles(t *testing.T) {
	data := files(t)["progressive.jpg"]
	whole, err := decode(t.Context(), new(jpeg.Memory), data)
	require.NoError(t, err)
	most := 0
	for length := 1; length < len(data); length += 25 {
		got, err := decode(t.Context(), new(jpeg.Memory), data[:length])
		if err != nil {
			require.Zero(t, most)
			continue
		}
		require.GreaterOrEqual(t, got.Height, most)
		most = got.Height
		sum, n := 0, 0
		for i, p := range got.Planes {
			w := whole.Planes[i]
			for y := range p.Height {
				for x := range p.Width {
					d := int(p.Pix[y*p.Stride+x]) - int(w.Pix[y*w.Stride+x])
					sum += max(d, -d)
					n++
				}
			}
		}
		require.Less(t, float64(sum)/float64(n), 12.0, "of %d bytes", length)
	}
	require.Equal(t, whole.Height, most)
}

// TestDamagedFilesHaveTheRowsBefore damages the eighth of twelve intervals.
func TestDamagedFilesHaveTheRowsBefore(t *testing.T) {
	data := files(t)["restarts.jpg"]
	whole, err := decode(t.Context(), new(jpeg.Memory), data)
	require.NoError(t, err)
	for name, change := range map[string]func([][]byte) [][]byte{
		"restart missing": func(v [][]byte) [][]byte {
			v[7] = v[7][:len(v[7])-2]
			return v
		},
		"interval missing": func(v [][]byte) [][]byte { return slices.Delete(v, 7, 8) },
		"interval cut": func(v [][]byte) [][]byte {
			v[7] = v[7][len(v[7])/2:]
			return v
		},
		"marker in an interval": func(v [][]byte) [][]byte {
			v[7] = slices.Concat(v[7][:4], []byte{0xff, 0x37}, v[7][4:])
			return v
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := decode(t.Context(), new(jpeg.Memory), restarted(t, data, change))
			require.NoError(t, err)
			require.Less(t, got.Height, whole.Height)
			require.GreaterOrEqual(t, got.Height, 16)
			requireStartOf(t, whole, got)
		})
	}
}

func TestRefusalsSayWhat(t *testing.T) {
	plain := files(t)["420-q95.jpg"]
	sof := func(change func([]byte)) []byte {
		return each(t, plain, jpeg.SOF0, func(p []byte) []byte {
			change(p)
			return p
		})
	}
	without := func(marker byte) []byte { return each(t, plain, marker, func([]byte) []byte { return nil }) }
	unsupported := map[string][]byte{
		"12 bits":      sof(func(p []byte) { p[1], p[4] = jpeg.SOF1, 12 }),
		"lossless":     sof(func(p []byte) { p[1] = 0xc3 }),
		"arithmetic":   sof(func(p []byte) { p[1] = 0xc9 }),
		"hierarchical": sof(func(p []byte) { p[1] = 0xc5 }),
		"2 colour":     sof(func(p []byte) { p[9] = 2 }),
	}
	for text, data := range unsupported {
		_, err := decode(t.Context(), new(jpeg.Memory), data)
		var kind jpeg.UnsupportedError
		require.ErrorAs(t, err, &kind, text)
		require.ErrorContains(t, err, text)
		require.ErrorContains(t, err, "save it")
	}
	damaged := map[string][]byte{
		"before the frame header":         without(jpeg.SOF0),
		"ends before the image data":      without(jpeg.SOS),
		"no quantisation table":           without(jpeg.DQT),
		"0×75 pixels":                     sof(func(p []byte) { p[7], p[8] = 0, 0 }),
		"101×0 pixels":                    sof(func(p []byte) { p[5], p[6] = 0, 0 }),
		"sampling factors 5×1":            sof(func(p []byte) { p[11] = 0x51 }),
		"two components have the id":      sof(func(p []byte) { p[13] = p[10] }),
		"blocks in a unit":                sof(func(p []byte) { p[11] = 0x44 }),
		"a Huffman table (DHT) is not":    each(t, plain, jpeg.DHT, func(p []byte) []byte { return segment(jpeg.DHT, p[4:20]...) }),
		"before the first row of the 101": each(t, plain, jpeg.SOS, func(p []byte) []byte { return p[:20] }),
	}
	damaged["two frame headers"] = each(t, plain, jpeg.SOF0, func(p []byte) []byte { return slices.Concat(p, p) })
	for text, data := range damaged {
		_, err := decode(t.Context(), new(jpeg.Memory), data)
		var damage jpeg.DamageError
		require.ErrorAs(t, err, &damage, text)
		require.ErrorContains(t, err, text)
	}
}
