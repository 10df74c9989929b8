package facenition

import (
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/identitytoken"
	"oneton/photo"
	"oneton/server/decode"
)

// image is the field of photos; clients know it by other names, too.
const image = "image"

// photos are those of a request, each with what its field is called.
type photos []named

type named struct {
	field   string
	content []byte
}

// photosOf are the photos of the field that may be repeated.
func photosOf(images decode.Photos) photos {
	all := make(photos, len(images))
	for i, content := range images {
		all[i] = named{image, content}
		if len(images) > 1 {
			all[i].field = fmt.Sprintf("%s[%d]", image, i)
		}
	}
	return all
}

// portraits are the faces of so many photos, as the pack sees them.
func (d *dialect) portraits(c *fiber.Ctx, pack string, of photos, fewest, most int) ([]photo.Face, error) {
	if n := len(of); n < fewest || n > most {
		return nil, invalid(image, fmt.Sprintf("must be %s, not %d", count(fewest, most), n))
	}
	faces := make([]photo.Face, len(of))
	for i, p := range of {
		var err error
		if faces[i], err = d.faces.Portrait(c.UserContext(), pack, p.field, p.content); err != nil {
			return nil, err
		}
	}
	return faces, nil
}

func count(fewest, most int) string {
	switch {
	case most == 1:
		return "one image"
	case fewest == most:
		return fmt.Sprintf("%d images", most)
	}
	return fmt.Sprintf("%d to %d images", fewest, most)
}

// about says which of the photos is too poor, if err is about one.
func (of photos) about(err error) error {
	poor, ok := errors.AsType[*identitytoken.QualityError](err)
	if !ok {
		return err
	}
	p, _ := problemOf(err)
	p.Field, p.Reasons = of[poor.Face].field, poor.Reasons
	return p
}
