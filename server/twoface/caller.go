package twoface

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/kyc"
	"oneton/server"
	"oneton/store"
)

// headerSession carries a session's token.
const headerSession = "X-Tagshelf-Session"

// nameless tells whether a request does not say what sends it.
func nameless(c *fiber.Ctx) bool { return strings.TrimSpace(c.Get(fiber.HeaderUserAgent)) == "" }

// named refuses requests that do not say what sends them, before anything else of
// them is looked at.
func named(c *fiber.Ctx) error {
	if nameless(c) {
		return agentless.Problem()
	}
	return c.Next()
}

// one is the value of a header that is sent once, else empty.
func one(c *fiber.Ctx, header string) string {
	told := c.Request().Header.PeekAll(header)
	if len(told) != 1 {
		return ""
	}
	return strings.TrimSpace(string(told[0]))
}

// keyOf is the API key of a request: the whole header, or what follows Bearer.
func keyOf(c *fiber.Ctx) string {
	whole := one(c, fiber.HeaderAuthorization)
	if scheme, token, ok := strings.Cut(whole, " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	return whole
}

// byKey lets requests pass whose API key has the scope.
func (d *dialect) byKey(scope string, h func(c *fiber.Ctx, by store.Actor) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := d.keys.Authenticate(c.UserContext(), keyOf(c))
		if err != nil {
			return fmt.Errorf("authenticate: %w", err)
		}
		server.SetPrincipal(c, p)
		if err := d.take(c, p.Tenant); err != nil {
			return err
		}
		if err := server.Permit(c, scope, ""); err != nil {
			return err
		}
		return h(c, server.ActorOf(c))
	}
}

// bySession lets requests pass that carry the token of an open session.
func (d *dialect) bySession(h func(c *fiber.Ctx, s kyc.Session) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		s, err := d.session(c)
		if err != nil {
			return err
		}
		if err := d.take(c, s.Tenant); err != nil {
			return err
		}
		return h(c, s)
	}
}

// session is the one whose token a request carries.
func (d *dialect) session(c *fiber.Ctx) (kyc.Session, error) {
	s, err := d.service.Session(c.UserContext(), one(c, headerSession))
	if err != nil {
		return kyc.Session{}, fmt.Errorf("find session: %w", err)
	}
	server.SetPrincipal(c, access.Principal{Tenant: s.Tenant, KeyID: s.Key})
	return s, nil
}

// take counts the request among those of its user, whichever key or session it
// carries, and refuses one that is too many.
func (d *dialect) take(c *fiber.Ctx, tenant store.TenantID) error {
	v, err := d.limiter.Take(c.UserContext(), tenant)
	if err != nil {
		return fmt.Errorf("count request: %w", err)
	}
	if policy, left := v.Fields(); policy != "" {
		c.Set(headerRateLimitPolicy, policy)
		c.Set(headerRateLimit, left)
	}
	if !v.Allowed {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(max(1, v.RetrySeconds())))
		return limited.Problem()
	}
	return nil
}

// The fields of draft-ietf-httpapi-ratelimit-headers.
const (
	headerRateLimitPolicy = "RateLimit-Policy"
	headerRateLimit       = "RateLimit"
)
