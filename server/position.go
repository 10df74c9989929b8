package server

import (
	"strconv"

	"github.com/gofiber/fiber/v2"
)

// HeaderPosition carries a change-log position: answers to searches and to all
// that changes what a search sees say as of which they speak, and a search
// that is sent one waits for an index that has come as far.
const HeaderPosition = "X-Oneton-Position"

// SetPosition says as of which change-log position the answer speaks.
func SetPosition(c *fiber.Ctx, p uint64) {
	c.Set(HeaderPosition, strconv.FormatUint(p, 10))
}
