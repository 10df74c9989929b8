package picture_test

import (
	"encoding/hex"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/picture"
	"oneton/embed/picture/picturetest"
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
			prefixed := append([]byte("Exif\x00\x00"), block...)
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

func TestOrientationReadsFewEntries(t *testing.T) {
	const entries, entry = 1000, 12
	block := append([]byte("MM\x00\x2a\x00\x00\x00\x08\x03\xe8"), make([]byte, entries*entry)...)
	copy(block[10+(entries-1)*entry:], "\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00")
	require.Equal(t, 1, picture.Orientation(picturetest.JPEGWithEXIF(block), "image/jpeg"))
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
