package clip_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/clip"
	"oneton/picture"
)

// withoutVideo reads what is read without ffmpeg.
func withoutVideo(t testing.TB, cfg clip.Config) *clip.Reader {
	t.Helper()
	t.Setenv("PATH", t.TempDir())
	r, err := clip.New(cfg)
	require.NoError(t, err)
	require.ErrorIs(t, r.Video(), clip.ErrVideoOff)
	require.ErrorContains(t, r.Video(), "install ffmpeg")
	return r
}

var palette = color.Palette{color.White, color.Black, color.RGBA{R: 200, A: 255}, color.Transparent}

// gifOf is an animated GIF of pictures, each filled with one colour of the palette.
func gifOf(t testing.TB, width, height int, areas []image.Rectangle, colours []uint8, delays []int, disposal []byte) []byte {
	t.Helper()
	g := &gif.GIF{Delay: delays, Disposal: disposal, Config: image.Config{Width: width, Height: height, ColorModel: palette}}
	for i, r := range areas {
		m := image.NewPaletted(r, palette)
		for j := range m.Pix {
			m.Pix[j] = colours[i]
		}
		g.Image = append(g.Image, m)
	}
	var out bytes.Buffer
	require.NoError(t, gif.EncodeAll(&out, g))
	return out.Bytes()
}

func TestGIFIsComposedAndTimed(t *testing.T) {
	whole, part := image.Rect(0, 0, 32, 24), image.Rect(8, 8, 16, 16)
	data := gifOf(t, 32, 24,
		[]image.Rectangle{whole, part, part, part, part},
		[]uint8{1, 2, 3, 2, 3},
		[]int{5, 0, 1, 20, 10},
		[]byte{gif.DisposalNone, gif.DisposalPrevious, gif.DisposalNone, gif.DisposalBackground, gif.DisposalNone})
	var times []time.Duration
	var inside, outside []int
	for f, err := range withoutVideo(t, clip.Config{}).Frames(t.Context(), data) {
		require.NoError(t, err)
		times = append(times, f.At)
		r := picture.NewRaster(32, 24)
		f.Picture.Resize(r, whole)
		inside = append(inside, int(r.R[10*32+10])<<8|int(r.G[10*32+10]))
		outside = append(outside, int(r.R[0])<<8|int(r.G[0]))
	}
	const ms = time.Millisecond
	require.Equal(t, []time.Duration{0, 50 * ms, 150 * ms, 250 * ms, 450 * ms}, times, "no delay is a tenth of a second")
	const red, black, white = 200 << 8, 0, 255<<8 | 255
	require.Equal(t, []int{black, red, black, red, white}, inside)
	require.Equal(t, []int{0, 0, 0, 0, 0}, outside)
}

// jpegOf is a grey JPEG, with the segments behind its start.
func jpegOf(t testing.TB, level uint8, segments ...[]byte) []byte {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 32, 24))
	for i := range m.Pix {
		m.Pix[i] = level
	}
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, m, nil))
	return bytes.Join(append(append([][]byte{out.Bytes()[:2]}, segments...), out.Bytes()[2:]), nil)
}

func segment(marker byte, body []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
}

func levels(t testing.TB, r *clip.Reader, data []byte) (out []int, times []time.Duration) {
	t.Helper()
	for f, err := range r.Frames(t.Context(), data) {
		require.NoError(t, err)
		p := picture.NewRaster(1, 1)
		f.Picture.Resize(p, image.Rect(0, 0, 1, 1))
		out = append(out, int(p.R[0]+0.5))
		times = append(times, f.At)
	}
	return out, times
}

func TestMotionJPEG(t *testing.T) {
	r := withoutVideo(t, clip.Config{})
	thumbnail := segment(0xe1, append([]byte("Exif\x00\x00"), jpegOf(t, 9)...))
	want, frames := []int{10, 100, 200}, [][]byte{jpegOf(t, 10, thumbnail), jpegOf(t, 100), jpegOf(t, 200, thumbnail, segment(0xfe, []byte("\xff\xd9\xff\xd8\xff")))}
	const step = time.Second / 25

	t.Run("one behind the other", func(t *testing.T) {
		got, times := levels(t, r, bytes.Join(frames, nil))
		require.Equal(t, want, got)
		require.Equal(t, []time.Duration{0, step, 2 * step}, times)
	})
	t.Run("as multipart", func(t *testing.T) {
		var stream bytes.Buffer
		for _, f := range frames {
			fmt.Fprintf(&stream, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", len(f), f)
		}
		stream.WriteString("--frame--\r\n")
		got, _ := levels(t, r, stream.Bytes())
		require.Equal(t, want, got)
	})
	t.Run("in an AVI", func(t *testing.T) {
		got, times := levels(t, r, avi(50_000, frames[0], nil, frames[1], frames[2]))
		require.Equal(t, want, got)
		require.Equal(t, []time.Duration{0, 100 * time.Millisecond, 150 * time.Millisecond}, times, "a dropped picture takes its time")
	})
	t.Run("with a damaged picture", func(t *testing.T) {
		got, times := levels(t, r, bytes.Join([][]byte{frames[0], []byte("\xff\xd8\xff\xdb\x00\x04ab\xff\xd9"), frames[2]}, nil))
		require.Equal(t, []int{10, 200}, got)
		require.Equal(t, []time.Duration{0, 2 * step}, times)
	})
}

func chunk(name string, body []byte) []byte {
	c := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	c = append(c, body...)
	return append(c, make([]byte, len(body)%2)...)
}

// avi is an AVI of motion JPEG whose pictures last so many microseconds.
func avi(step uint32, frames ...[]byte) []byte {
	header := chunk("avih", binary.LittleEndian.AppendUint32(nil, step))
	stream := chunk("LIST", append([]byte("strl"), chunk("strh", []byte("vidsMJPG"))...))
	movie := []byte("movi")
	for _, f := range frames {
		movie = append(movie, chunk("00dc", f)...)
	}
	lists := bytes.Join([][]byte{[]byte("AVI "), chunk("LIST", bytes.Join([][]byte{[]byte("hdrl"), header, stream}, nil)), chunk("LIST", movie)}, nil)
	return chunk("RIFF", lists)
}

// What is no clip, or costs too much, is refused with what it is and what to do.
func TestRefusedClips(t *testing.T) {
	r := withoutVideo(t, clip.Config{Frames: 50, Duration: 10 * time.Second})
	canvas := image.Rect(0, 0, 32, 24)
	many := func(n, delay int) []byte {
		areas, colours, delays := make([]image.Rectangle, n), make([]uint8, n), make([]int, n)
		for i := range n {
			areas[i], colours[i], delays[i] = canvas, uint8(i%3), delay
		}
		return gifOf(t, 32, 24, areas, colours, delays, nil)
	}
	huge := many(2, 5)
	binary.LittleEndian.PutUint16(huge[6:], 0xffff)
	binary.LittleEndian.PutUint16(huge[8:], 0xffff)
	wide := many(2, 5)
	binary.LittleEndian.PutUint16(wide[6:], 8000)
	binary.LittleEndian.PutUint16(wide[8:], 8000)
	narrow := many(2, 5)
	binary.LittleEndian.PutUint16(narrow[6:], 20)
	frame := jpegOf(t, 50)
	big := bytes.Clone(frame)
	at := bytes.Index(big, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(big[at+5:], 60_000)
	binary.BigEndian.PutUint16(big[at+7:], 60_000)
	for name, c := range map[string]struct {
		data []byte
		want error
		says string
	}{
		"nothing":                    {nil, clip.ErrEmpty, "send all of it"},
		"more bytes than may be":     {make([]byte, 11<<20), clip.ErrTooLarge, "the limit is"},
		"a photo":                    {frame, clip.ErrUnsupported, "send a clip"},
		"a GIF of one picture":       {many(1, 0), clip.ErrUnsupported, "send a clip"},
		"10,000 pictures":            {many(10_000, 2), clip.ErrTooLong, "more than 50 pictures"},
		"10,000 without a delay":     {many(10_000, 0), clip.ErrTooLong, "more than 50 pictures"},
		"an hour":                    {many(40, 9_000), clip.ErrTooLong, "more than 10s"},
		"65,535×65,535 in a GIF":     {huge, clip.ErrTooLarge, "longest side"},
		"8,000×8,000 in a GIF":       {wide, clip.ErrTooLarge, "8000×8000"},
		"beyond the canvas":          {narrow, clip.ErrCorrupt, "beyond its canvas"},
		"60,000×60,000 in JPEGs":     {bytes.Repeat(big, 2), clip.ErrTooLarge, "60000"},
		"no more than its header":    {[]byte("GIF89a\x20\x00"), clip.ErrCorrupt, "send all of it"},
		"a GIF that is cut at once":  {many(3, 5)[:40], clip.ErrCorrupt, "no picture that is whole"},
		"an AVI of something else":   {bytes.ReplaceAll(avi(50_000, []byte("H264")), []byte("MJPG"), []byte("H264")), clip.ErrUnsupported, "send an MP4"},
		"an AVI without times":       {avi(0, frame, frame), clip.ErrCorrupt, "how long"},
		"JPEGs that are all damaged": {bytes.Repeat([]byte("\xff\xd8\xff\xdb\x00\x04ab\xff\xd9"), 3), clip.ErrCorrupt, ""},
		"an MP4 without ffmpeg":      {[]byte("\x00\x00\x00\x10ftypisom\x00\x00\x00\x00"), clip.ErrVideoOff, "install ffmpeg"},
		"a WebM without ffmpeg":      {[]byte("\x1a\x45\xdf\xa3\x01\x00\x00\x00"), clip.ErrVideoOff, "animated GIF"},
		"a HEIC":                     {[]byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic"), clip.ErrUnsupported, "no MP4"},
		"a PDF":                      {[]byte("%PDF-1.7\n"), clip.ErrUnsupported, "no MP4"},
		"an SVG":                     {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), clip.ErrUnsupported, "no MP4"},
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			_, err := read(t, r, c.data)
			require.ErrorIs(t, err, c.want)
			require.ErrorContains(t, err, c.says)
			require.Less(t, time.Since(start), 20*time.Second)
		})
	}
}

// Who breaks off early gets no more, and the context's end is its error.
func TestFramesEndEarly(t *testing.T) {
	r := withoutVideo(t, clip.Config{})
	data := bytes.Repeat(jpegOf(t, 50), 20)
	n := 0
	for range r.Frames(t.Context(), data) {
		if n++; n == 3 {
			break
		}
	}
	require.Equal(t, 3, n)
}

// A stream of GIF or motion JPEG, however damaged, ends in pictures or in an error of
// this package.
func FuzzNative(f *testing.F) {
	frame := jpegOf(f, 50)
	canvas := image.Rect(0, 0, 32, 24)
	f.Add(gifOf(f, 32, 24, []image.Rectangle{canvas, image.Rect(3, 3, 9, 9)}, []uint8{1, 2}, []int{5, 5}, []byte{gif.DisposalNone, gif.DisposalPrevious}))
	f.Add(bytes.Repeat(frame, 3))
	f.Add(append([]byte("--x\r\nContent-Type: image/jpeg\r\n\r\n"), frame...))
	f.Add(avi(40_000, frame, frame))
	f.Setenv("PATH", f.TempDir())
	r, err := clip.New(clip.Config{Bytes: 1 << 16, Frames: 20, Duration: 5 * time.Second, Pixels: 1 << 16, Time: 5 * time.Second})
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := read(t, r, data)
		require.LessOrEqual(t, s.frames, 20)
		require.LessOrEqual(t, s.width*s.height, 1<<16)
		require.LessOrEqual(t, s.last, 5*time.Second)
		if err == nil {
			require.GreaterOrEqual(t, s.frames, 1)
			return
		}
		for _, known := range []error{clip.ErrEmpty, clip.ErrUnsupported, clip.ErrVideoOff, clip.ErrCorrupt, clip.ErrTooLarge, clip.ErrTooLong, clip.ErrTooComplex} {
			if isError(err, known) {
				return
			}
		}
		require.NoError(t, err)
	})
}
