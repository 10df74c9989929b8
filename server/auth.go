package server

import (
	"errors"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/store"
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

// Unauthorized adds to access.ErrUnauthorized what the call wants and where
// it is had; another error stays as it is.
func Unauthorized(c *fiber.Ctx, err error, detail string) error {
	if !errors.Is(err, access.ErrUnauthorized) {
		return err
	}
	p := ownProblem(err)
	p.Detail, p.Field = detail, fiber.HeaderAuthorization
	// RFC 6750, section 3.1: no error code where nothing was sent.
	if c.Get(fiber.HeaderAuthorization) != "" {
		p.Challenge = `Bearer error="invalid_token"`
	}
	return p
}

// Permit is nil if the request's key has the scope that the call needs or,
// unless it is empty, the field; else a ScopeError.
func Permit(c *fiber.Ctx, scope, field string) error {
	p, ok := PrincipalOf(c)
	if !ok {
		return access.ErrUnauthorized
	}
	if !p.Can(scope) {
		return &ScopeError{Scope: scope, For: field, Has: p.Scopes}
	}
	return nil
}

// Scoped lets requests whose key has the scope pass to h.
func Scoped(scope string, h func(c *fiber.Ctx, by store.Actor) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		if err := Permit(c, scope, ""); err != nil {
			return err
		}
		return h(c, ActorOf(c))
	}
}
