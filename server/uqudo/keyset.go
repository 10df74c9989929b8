package uqudo

import (
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/signature"
)

// keySet answers with the public keys, which anybody may have and keep for a while.
func (d *dialect) keySet(c *fiber.Ctx) error {
	set, err := d.signatures.JWKS(c.UserContext())
	if err != nil {
		return fmt.Errorf("read key set: %w", err)
	}
	c.Set(fiber.HeaderCacheControl, fmt.Sprintf("public, max-age=%d", signature.MaxAge/time.Second))
	return c.JSON(set)
}
