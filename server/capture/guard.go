package capture

import (
	"net/url"

	"github.com/gofiber/fiber/v2"

	"oneton/facesession"
	"oneton/server/assets"
)

// guard lets the page stand in pages of the client's origins, and take the result to
// the client's addresses.
func guard(c *fiber.Ctx, e *facesession.Embedding) {
	var g assets.Guard
	if e != nil {
		g.Around = e.Origins
		for _, address := range e.Returns {
			if u, err := url.Parse(address); err == nil {
				g.Forms = append(g.Forms, u.Scheme+"://"+u.Host)
			}
		}
	}
	g.Set(c)
}
