package server

import (
	"regexp"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

var plainMethod = regexp.MustCompile(`^[A-Z-]{1,16}$`)

// route answers a request: by its route, unless its connection or its method
// forbids. fiber would answer methods it does not know in plain text, unseen.
func (s *Server) route(rctx *fasthttp.RequestCtx) {
	answer := s.methods
	x := s.exchangeOf(rctx)
	switch method := string(rctx.Method()); {
	case x.conn.isSpare():
		rctx.SetConnectionClose()
		if path := string(rctx.Path()); path == livePath || path == readyPath {
			x.place.handle(rctx)
			return
		}
		answer = func(*fiber.Ctx) error { return ErrCrowded }
	case method != fiber.MethodOptions && slices.Contains(fiber.DefaultMethods, method):
		x.place.handle(rctx)
		return
	}
	c := x.place.router.AcquireCtx(rctx)
	defer x.place.router.ReleaseCtx(c)
	if err := s.around(c, func() error { return answer(c) }); err != nil {
		s.log.Error().Err(err).Msg("answer")
	}
}

// methods answers OPTIONS with the methods that the path takes, and says so to
// those that it does not take.
func (s *Server) methods(c *fiber.Ctx) error {
	if c.Method() == fiber.MethodOptions && c.OriginalURL() == "*" {
		return c.SendStatus(fiber.StatusNoContent)
	}
	methods := s.exchangeOf(c.Context()).place.methodsOf(c.Path())
	if len(methods) == 0 {
		return fiber.ErrNotFound
	}
	c.Set(fiber.HeaderAllow, strings.Join(methods, ", "))
	if c.Method() == fiber.MethodOptions {
		return c.SendStatus(fiber.StatusNoContent)
	}
	return fiber.ErrMethodNotAllowed
}

// methodsOf are the methods that a path takes, none when it has no route.
func (p *place) methodsOf(path string) []string {
	var methods []string
	for _, r := range p.router.GetRoutes(true) {
		if fiber.RoutePatternMatch(path, r.Path, p.router.Config()) {
			methods = append(methods, r.Method)
		}
	}
	if len(methods) > 0 {
		methods = append(methods, fiber.MethodOptions)
	}
	slices.Sort(methods)
	return slices.Compact(methods)
}

// methodOf is the request's method for the log: its text where that is a
// method's.
func methodOf(c *fiber.Ctx) string {
	method := string(c.Context().Method())
	if !plainMethod.MatchString(method) {
		return "other"
	}
	return method
}
