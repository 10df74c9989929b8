package server

import (
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
)

// Bearer is the token of an Authorization header with the Bearer scheme (RFC
// 6750), or empty.
func Bearer(c *fiber.Ctx) string {
	scheme, token, _ := strings.Cut(c.Get(fiber.HeaderAuthorization), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return ""
	}
	return strings.TrimSpace(token)
}

// authenticate lets requests with a valid key pass.
func (s *Server) authenticate(c *fiber.Ctx) error {
	p, err := s.keys.Authenticate(c.UserContext(), Bearer(c))
	if err != nil {
		return fmt.Errorf("authenticate: %w", err)
	}
	SetPrincipal(c, p)
	return c.Next()
}

// handler answers for an authenticated principal.
type handler func(c *fiber.Ctx, tenant string) error

// scoped lets principals with the scope pass to h.
func scoped(scope string, h handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := Permit(c, scope)
		if err != nil {
			return err
		}
		return h(c, p.Tenant)
	}
}

// Permit is whose request this is, if its key has the scope, else
// ErrForbidden.
func Permit(c *fiber.Ctx, scope string) (access.Principal, error) {
	p, ok := PrincipalOf(c)
	if !ok {
		return access.Principal{}, access.ErrUnauthorized
	}
	if !p.Can(scope) {
		return access.Principal{}, fmt.Errorf("permit %s: %w", scope, ErrForbidden)
	}
	return p, nil
}
