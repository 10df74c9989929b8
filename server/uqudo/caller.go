package uqudo

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/limit"
	"oneton/server"
	"oneton/store"
)

// Keys are the clients: a client's id is a key's id and its secret the key's;
// *access.Access has them.
type Keys interface {
	// Authenticate tells whose key a text is, or access.ErrUnauthorized.
	Authenticate(ctx context.Context, text string) (access.Principal, error)
	// Principal tells whose key has that id; access.ErrUnauthorized when it
	// is unknown or revoked.
	Principal(ctx context.Context, keyID store.KeyID) (access.Principal, error)
}

// Limiter counts a tenant's requests, over all its keys and on all servers;
// *limit.Limiter does.
type Limiter interface {
	Take(ctx context.Context, tenant store.TenantID) (limit.Verdict, error)
}

// authenticate lets requests with a valid token of a valid client pass, which may do
// what both the token and the client's key allow.
func (d *dialect) authenticate(c *fiber.Ctx) error {
	token := server.Bearer(c)
	granted, err := d.tokens.verify(c.UserContext(), token)
	var p access.Principal
	if err == nil {
		p, err = d.keys.Principal(c.UserContext(), store.KeyID(granted.Subject))
	}
	if err == nil && string(p.Tenant) != granted.Tenant {
		err = access.ErrUnauthorized
	}
	if err != nil {
		return server.Unauthorized(c, fmt.Errorf("authenticate: %w", err), wantToken(token))
	}
	p.Scopes = both(p, granted.Scope)
	server.SetPrincipal(c, p)
	if err := d.take(c, p.Tenant); err != nil {
		return err
	}
	return c.Next()
}

// wantToken says what is wrong with what was sent in the place of a token.
func wantToken(token string) string {
	const makes = "; POST " + tokenPath + " makes one of a client's id and secret"
	if token == "" {
		return "send the header Authorization: Bearer <access token>" + makes
	}
	if _, _, ok := access.Split(token); ok {
		return "this call takes an access token, and not an API key" + makes
	}
	return "the access token is malformed, has expired, or is of a revoked client" + makes
}

// take counts a request of a tenant that has a quota, and refuses one that is too many.
func (d *dialect) take(c *fiber.Ctx, tenant store.TenantID) error {
	if !d.cfg.limits(tenant) {
		return nil
	}
	v, err := d.limiter.Take(c.UserContext(), tenant)
	if err != nil {
		return fmt.Errorf("count request: %w", err)
	}
	if !v.Allowed {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(max(1, v.RetrySeconds())))
		return limited.Problem()
	}
	return nil
}

// client tells whose the credentials are.
func (d *dialect) client(ctx context.Context, id, secret string) (access.Principal, error) {
	if _, _, whole := access.Split(secret); !whole {
		secret = access.Text(store.KeyID(id), secret)
	}
	p, err := d.keys.Authenticate(ctx, secret)
	switch {
	case errors.Is(err, access.ErrUnauthorized), err == nil && string(p.KeyID) != id:
		return access.Principal{}, errClient
	case err != nil:
		return access.Principal{}, fmt.Errorf("authenticate client: %w", err)
	}
	return p, nil
}
