package server

import (
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Unslashed has a request whose path ends in slashes answered as the one without them,
// in dialects whose clients write both.
func Unslashed(c *fiber.Ctx) error {
	if path := c.Path(); strings.HasSuffix(path, "/") && strings.Trim(path, "/") != "" {
		c.Path(strings.TrimRight(path, "/"))
	}
	return c.Next()
}
