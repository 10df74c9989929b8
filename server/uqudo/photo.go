package uqudo

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/photo"
	"oneton/server"
	"oneton/server/decode"
)

const (
	// maxPhoto is the largest photo once decoded, in bytes.
	maxPhoto = 5 << 20
	// maxBody is room for two of them in base64, and for the rest.
	maxBody = 15 << 20
)

// read decodes a JSON request into the struct that into points to.
func read(c *fiber.Ctx, into any) error {
	body, err := server.Body(c, maxBody)
	if err != nil {
		return err
	}
	return decode.JSON(c.Get(fiber.HeaderContentType), body, into)
}

// check refuses a photo that is too large, or by its content neither a JPEG
// nor a PNG.
func check(field string, content decode.Photo) error {
	if len(content) > maxPhoto {
		p, _ := problemOf(fmt.Errorf("check size: %w", photo.ErrTooLarge))
		p.Field, p.Detail = field, fmt.Sprintf("%d bytes, the limit is %d", len(content), maxPhoto)
		return p
	}
	media, err := photo.MediaType(content)
	if media == "image/jpeg" || media == "image/png" {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: the file is %s; send a JPEG", photo.ErrUnsupported, media)
	}
	p, _ := problemOf(fmt.Errorf("check format: %w", err))
	p.Field, p.Title = field, "The photo must be a JPEG or PNG"
	return p
}
