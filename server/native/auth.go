package native

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
)

// authenticate lets requests with a valid key pass, and those of the console's pages in
// a browser that is signed in with one.
func (api *api) authenticate(c *fiber.Ctx) error {
	if ticket, ok := server.TicketOf(c); ok && c.Get(fiber.HeaderAuthorization) == "" {
		session, err := api.sessions.Session(c.UserContext(), ticket.Token, ticket.Present)
		if err != nil {
			return server.Unauthorized(c, fmt.Errorf("find session: %w", err), "the console's session has ended; sign in again")
		}
		server.SetPrincipal(c, session.Principal)
		return c.Next()
	}
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
