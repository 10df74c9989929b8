package picture

import (
	"bytes"

	"github.com/bep/imagemeta"
)

// upright is the EXIF orientation of a photo that needs no turning.
const upright = 1

// orientation is the EXIF orientation, 1 to 8; upright when the file does not
// say or what it says cannot be read.
func orientation(data []byte, mediaType string) int {
	formats := map[string]imagemeta.ImageFormat{
		"image/jpeg": imagemeta.JPEG,
		"image/png":  imagemeta.PNG,
		"image/webp": imagemeta.WebP,
	}
	value := upright
	_, err := imagemeta.Decode(imagemeta.Options{
		R:           bytes.NewReader(data),
		ImageFormat: formats[mediaType],
		Sources:     imagemeta.EXIF,
		ShouldHandleTag: func(tag imagemeta.TagInfo) bool {
			return tag.Tag == "Orientation" && tag.Namespace == "IFD0"
		},
		HandleTag: func(tag imagemeta.TagInfo) error {
			if v, ok := tag.Value.(uint16); ok && v >= 1 && v <= 8 {
				value = int(v)
			}
			return imagemeta.ErrStopWalking
		},
	})
	if err != nil {
		return upright
	}
	return value
}
