package server

import (
	"errors"
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
	key := Bearer(c)
	p, err := s.keys.Authenticate(c.UserContext(), key)
	if err != nil {
		return Unauthorized(c, fmt.Errorf("authenticate: %w", err), wantKey(key))
	}
	SetPrincipal(c, p)
	return c.Next()
}

// wantKey says what is wrong with what was sent in the place of a key.
func wantKey(key string) string {
	const makes = "; an operator makes keys with 'oneton key create'"
	if key == "" {
		return "send the header Authorization: Bearer <API key>" + makes
	}
	if _, _, ok := access.Split(key); !ok {
		return "what was sent is no API key, which has the form ot_<id>_<secret>" + makes
	}
	return "the API key is unknown, wrong or revoked" + makes
}

// Unauthorized adds to access.ErrUnauthorized what the call wants and where
// it is had; another error stays as it is.
func Unauthorized(c *fiber.Ctx, err error, detail string) error {
	if !errors.Is(err, access.ErrUnauthorized) {
		return err
	}
	p := ProblemOf(err)
	p.Detail, p.Field = detail, fiber.HeaderAuthorization
	// RFC 6750, section 3.1: no error code where nothing was sent.
	if c.Get(fiber.HeaderAuthorization) != "" {
		p.challenge = `Bearer error="invalid_token"`
	}
	return p
}

// handler answers for an authenticated principal.
type handler func(c *fiber.Ctx, tenant string) error

// scoped lets principals with the scope pass to h.
func scoped(scope string, h handler) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := Permit(c, scope, "")
		if err != nil {
			return err
		}
		return h(c, p.Tenant)
	}
}

// Permit is whose request this is, if its key has the scope that the call
// needs or, unless it is empty, the field; else a ScopeError.
func Permit(c *fiber.Ctx, scope, field string) (access.Principal, error) {
	p, ok := PrincipalOf(c)
	if !ok {
		return access.Principal{}, access.ErrUnauthorized
	}
	if !p.Can(scope) {
		return access.Principal{}, &ScopeError{Scope: scope, For: field, Has: p.Scopes}
	}
	return p, nil
}
