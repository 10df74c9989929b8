package native

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
)

// authenticate lets requests with a valid key pass.
func (api *api) authenticate(c *fiber.Ctx) error {
	key := server.Bearer(c)
	p, err := api.keys.Authenticate(c.UserContext(), key)
	if err != nil {
		return server.Unauthorized(c, fmt.Errorf("authenticate: %w", err), wantKey(key))
	}
	server.SetPrincipal(c, p)
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
