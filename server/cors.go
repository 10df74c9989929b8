package server

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// What pages of other origins may send and see of every API, besides what all
// may.
var (
	acceptedHeaders = []string{fiber.HeaderAuthorization, fiber.HeaderContentType, fiber.HeaderIfMatch, fiber.HeaderIfNoneMatch, HeaderPosition, HeaderRequestID}
	exposedHeaders  = []string{fiber.HeaderAllow, fiber.HeaderETag, fiber.HeaderLocation, fiber.HeaderRetryAfter, HeaderPosition, HeaderRequestID}
)

// preflightAge is how long a browser may keep what it was told, in seconds.
const preflightAge = "600"

// share tells browsers what pages of the configured origins may do (CORS, in
// the Fetch standard). It allows no credentials of theirs: a key is sent by
// the page that has it.
func (s *Server) share(c *fiber.Ctx, p *place) {
	if len(s.cfg.Origins) == 0 {
		return
	}
	c.Vary(fiber.HeaderOrigin)
	origin := c.Get(fiber.HeaderOrigin)
	if !slices.Contains(s.cfg.Origins, origin) {
		return
	}
	c.Set(fiber.HeaderAccessControlAllowOrigin, origin)
	if c.Method() != fiber.MethodOptions || c.Get(fiber.HeaderAccessControlRequestMethod) == "" {
		c.Set(fiber.HeaderAccessControlExposeHeaders, p.exposed)
		return
	}
	c.Set(fiber.HeaderAccessControlAllowMethods, strings.Join(p.methodsOf(c.Path()), ", "))
	c.Set(fiber.HeaderAccessControlAllowHeaders, p.accepted)
	c.Set(fiber.HeaderAccessControlMaxAge, preflightAge)
}
