package console

import (
	"io/fs"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
)

// demoPhotos are those of the tour: two people to enrol, another photo of one of them, and
// a stranger.
var demoPhotos = []string{"obama.jpg", "biden.jpg", "obama2.jpg", "astronaut.png"}

// listDemo tells which of the tour's photos this machine has.
func (p *console) listDemo(c *fiber.Ctx, _ access.Session) error {
	has := []string{}
	for _, name := range demoPhotos {
		if info, err := fs.Stat(p.demo(), name); err == nil && info.Mode().IsRegular() {
			has = append(has, name)
		}
	}
	return c.JSON(map[string]any{"photos": has})
}

func (p *console) sendDemo(c *fiber.Ctx, _ access.Session) error {
	for _, name := range demoPhotos {
		if name != c.Params("name") {
			continue
		}
		photo, err := fs.ReadFile(p.demo(), name)
		if err != nil {
			return fiber.ErrNotFound
		}
		c.Set(fiber.HeaderContentType, http.DetectContentType(photo))
		return c.Send(photo)
	}
	return fiber.ErrNotFound
}
