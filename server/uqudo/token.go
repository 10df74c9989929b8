package uqudo

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
)

// maxCredentials is the largest token request, which anyone may send.
const maxCredentials = 4 << 10

// oauthError is the body of a refused token request (RFC 6749, section 5.2).
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// token exchanges a client's id and secret for an access token.
func (d *dialect) token(c *fiber.Ctx) error {
	c.Set(fiber.HeaderPragma, "no-cache")
	body, err := server.Body(c, maxCredentials)
	if err != nil {
		return err
	}
	g, wrong := grantOf(c, body, d.cfg.AllowQueryCredentials)
	if wrong != nil {
		return c.Status(fiber.StatusBadRequest).JSON(wrong)
	}
	p, err := d.client(c.UserContext(), g.id, g.secret)
	if errors.Is(err, errClient) {
		c.Set(fiber.HeaderWWWAuthenticate, `Basic realm="oneton", charset="UTF-8"`)
		return c.Status(fiber.StatusUnauthorized).JSON(oauthError{"invalid_client", "client_id or client_secret is wrong, or the client is revoked; they are the middle part of an API key and the whole key, or its last part"})
	}
	if err != nil {
		return err
	}
	server.SetPrincipal(c, p)
	if err := d.take(c, p.Tenant); err != nil {
		return err
	}
	scope := asked(p, g.scope)
	if len(scope) == 0 && len(granted(p)) > 0 {
		return c.Status(fiber.StatusBadRequest).JSON(oauthError{"invalid_scope", "the client has none of the scopes that are asked for; it has " + strings.Join(granted(p), " ")})
	}
	token, jti, err := d.tokens.issue(c.UserContext(), p, scope)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string `json:"scope"`
		JTI         string `json:"jti"`
	}{token, "bearer", int(lifetime / time.Second), strings.Join(scope, " "), jti})
}

// asked are the scopes that a token gets: those of the client that are asked for.
// Scopes of other houses are not looked at, and whoever asks for none of this one's
// gets all that the client has.
func asked(p access.Principal, scope string) []string {
	var known []string
	for _, s := range access.Expand(Scopes(), strings.Fields(scope)) {
		if slices.Contains(names(), s) {
			known = append(known, s)
		}
	}
	if len(known) == 0 {
		return granted(p)
	}
	return slices.DeleteFunc(granted(p), func(s string) bool { return !slices.Contains(known, s) })
}
