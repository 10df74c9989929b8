package picture_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/photo"
	"oneton/picture"
	"oneton/picture/picturetest"
)

// exifBlock is a block and the orientation that Pillow reads in it.
type exifBlock struct {
	Name        string `json:"name"`
	EXIF        string `json:"exif"`
	Orientation int    `json:"orientation"`
}

func exifBlocks(t testing.TB) []exifBlock {
	t.Helper()
	var blocks []exifBlock
	require.NoError(t, json.Unmarshal(file(t, "exif.json"), &blocks))
	require.NotEmpty(t, blocks)
	return blocks
}

// containers hold an EXIF block.
var containers = map[string]func([]byte) []byte{
	"image/jpeg": picturetest.JPEGWithEXIF,
	"image/png":  picturetest.PNGWithEXIF,
	"image/webp": picturetest.WebPWithEXIF,
}

func TestOrientationIsPillows(t *testing.T) {
	for _, b := range exifBlocks(t) {
		t.Run(b.Name, func(t *testing.T) {
			block, err := hex.DecodeString(b.EXIF)
			require.NoError(t, err)
			for mediaType, with := range containers {
				require.Equal(t, b.Orientation, picture.Orientation(with(block), mediaType), mediaType)
			}
			// Blocks as in a JPEG are in PNG and WebP files by mistake.
			prefixed := append([]byte("Exif\x00\x00"), block...)
			require.Equal(t, b.Orientation, picture.Orientation(picturetest.PNGWithEXIF(prefixed), "image/png"))
			require.Equal(t, b.Orientation, picture.Orientation(picturetest.WebPWithEXIF(prefixed), "image/webp"))
		})
	}
}

func TestFilesWithEXIFDecode(t *testing.T) {
	for mediaType, with := range containers {
		p, err := picture.Decode(t.Context(), with([]byte("MM\x00\x2a\x00\x00\x00\x08\x00\x00")), picture.DefaultLimits())
		require.NoError(t, err, mediaType)
		require.Equal(t, mediaType, p.MediaType)
	}
}

func TestOrientationIsReadBeforeTheImageAlone(t *testing.T) {
	block, err := hex.DecodeString(exifBlocks(t)[6].EXIF)
	require.NoError(t, err)
	turned := picturetest.JPEGWithEXIF(block)
	require.Equal(t, 6, picture.Orientation(turned, "image/jpeg"))
	// A second image in the file, as of a phone's depth, has its own.
	plain := file(t, "rgb.jpg")
	require.Equal(t, 1, picture.Orientation(append(plain, turned...), "image/jpeg"))
}

// oriented is an EXIF block with the orientation in an entry of the type.
func oriented(kind uint16, value ...byte) []byte {
	block := []byte("MM\x00\x2a\x00\x00\x00\x08\x00\x01\x01\x12")
	block = binary.BigEndian.AppendUint16(block, kind)
	block = binary.BigEndian.AppendUint32(block, 1)
	return append(append(block, value...), make([]byte, 8-len(value))...)
}

// TestOrientationOfByte is not Pillow's, but exiftool's and libexif's.
func TestOrientationOfByte(t *testing.T) {
	for mediaType, with := range containers {
		require.Equal(t, 6, picture.Orientation(with(oriented(1, 6)), mediaType), mediaType)
	}
}

// TestOrientationOfText is no reader's but exiftool's.
func TestOrientationOfText(t *testing.T) {
	require.Equal(t, 1, picture.Orientation(picturetest.JPEGWithEXIF(oriented(2, '6')), "image/jpeg"))
}

func TestOrientationWhereverTheBlockIs(t *testing.T) {
	plain := picturetest.JPEGWithEXIF(nil)[2+10:] // from behind the block on
	pixels := picturetest.WebPWithEXIF(nil)[30:]
	six, three, none := oriented(3, 0, 6), oriented(3, 0, 3), oriented(3, 0, 0)
	app1 := func(data ...[]byte) []byte {
		s := slices.Concat(data...)
		return append(binary.BigEndian.AppendUint16([]byte{0xff, 0xe1}, uint16(len(s)+2)), s...)
	}
	exif := func(block []byte) []byte { return app1([]byte("Exif\x00\x00"), block) }
	xmp := app1([]byte(`http://ns.adobe.com/xap/1.0/` + "\x00" + `<rdf:Description tiff:Orientation="3"/>`))
	jpeg := func(parts ...[]byte) []byte {
		return slices.Concat([]byte{0xff, 0xd8}, slices.Concat(parts...), plain)
	}
	chunk := func(kind string, data []byte, padding ...byte) []byte {
		c := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(data)))
		return slices.Concat(c, data, padding)
	}
	vp8x := chunk("VP8X", []byte{1 << 3, 0, 0, 0, 31, 0, 0, 31, 0, 0})
	vp8l := pixels[:8+binary.LittleEndian.Uint32(pixels[4:])]
	webp := func(parts ...[]byte) []byte {
		content := slices.Concat([]byte("WEBP"), vp8x, slices.Concat(parts...))
		return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(content))), content...)
	}
	cases := map[string]struct {
		data []byte
		want int
	}{
		"jpeg: block":                             {jpeg(exif(six)), 6},
		"jpeg: XMP first":                         {jpeg(xmp, exif(six)), 6},
		"jpeg: XMP only":                          {jpeg(xmp), 1},
		"jpeg: fill byte before":                  {jpeg([]byte{0xff}, exif(six)), 6},
		"jpeg: fill bytes before":                 {jpeg([]byte{0xff, 0xff, 0xff}, exif(six)), 6},
		"jpeg: stray bytes before":                {jpeg(xmp, []byte("stray"), exif(six)), 6},
		"jpeg: two blocks":                        {jpeg(exif(six), exif(three)), 6},
		"jpeg: empty block before":                {jpeg(exif(nil), exif(three)), 3},
		"jpeg: damaged block before":              {jpeg(exif([]byte("XX")), exif(three)), 3},
		"jpeg: block with another's value before": {jpeg(exif(none), exif(three)), 3},
		"jpeg: another byte of padding":           {jpeg(app1([]byte("Exif\x00\xff"), six)), 6},
		"jpeg: prefix cut":                        {jpeg(app1([]byte("Exif\x00")), exif(six)), 6},
		"jpeg: block behind the end":              {append(jpeg(), exif(six)...), 1},
		"webp: block":                             {webp(vp8l, chunk("EXIF", six)), 6},
		"webp: block before the image":            {webp(chunk("EXIF", six), vp8l), 6},
		"webp: odd chunk between":                 {webp(vp8l, chunk("XMP ", []byte("odd"), 0), chunk("EXIF", six)), 6},
		"webp: odd chunk without padding":         {webp(vp8l, chunk("XMP ", []byte("odd")), chunk("EXIF", six)), 6},
		"webp: odd chunk before the image":        {webp(chunk("ICCP", []byte("odd"), 0), vp8l, chunk("EXIF", six)), 6},
		"webp: odd block at the end":              {webp(vp8l, chunk("EXIF", append(six, 0))), 6},
		"webp: two blocks":                        {webp(vp8l, chunk("EXIF", none), chunk("EXIF", three)), 3},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := picture.Decode(t.Context(), c.data, picture.DefaultLimits())
			require.NoError(t, err)
			require.Equal(t, c.want, picture.Orientation(c.data, p.MediaType))
		})
	}
}

// TestWebPThatHidesItsImageIsChecked has a byte of padding that is not 0 before
// the image, which decoders skip.
func TestWebPThatHidesItsImageIsChecked(t *testing.T) {
	data := picturetest.Lossless(6000, 5000)
	hidden := slices.Concat(data[:12], []byte("ODD!\x01\x00\x00\x00xx"), data[12:])
	binary.LittleEndian.PutUint32(hidden[4:], uint32(len(hidden)-8))
	_, err := picture.Decode(t.Context(), hidden, picture.DefaultLimits())
	require.ErrorIs(t, err, photo.ErrTooLarge)
}

func FuzzOrientation(f *testing.F) {
	for _, b := range exifBlocks(f) {
		block, err := hex.DecodeString(b.EXIF)
		require.NoError(f, err)
		f.Add(block)
		for _, with := range containers {
			f.Add(with(block))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for mediaType, with := range containers {
			o := picture.Orientation(data, mediaType)
			require.True(t, o >= 1 && o <= 8)
			const longest = 1<<16 - 9
			o = picture.Orientation(with(data[:min(len(data), longest)]), mediaType)
			require.True(t, o >= 1 && o <= 8)
		}
	})
}
