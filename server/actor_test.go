package server_test

import (
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server"
	"oneton/server/problem"
	"oneton/server/servertest"
	"oneton/store"
)

// TestActorOfARequest asks a route for whom it is served.
func TestActorOfARequest(t *testing.T) {
	c := startOn(t, servertest.Options{APIs: func(r *servertest.Rig) []server.API {
		return []server.API{{
			Prefixes: []string{"/who"},
			Routes: func(router fiber.Router) {
				router.Get("/who", func(c *fiber.Ctx) error {
					if key := server.Bearer(c); key != "" {
						p, err := r.Access.Authenticate(c.UserContext(), key)
						if err != nil {
							return err
						}
						server.SetPrincipal(c, p)
					}
					return c.JSON(server.ActorOf(c))
				})
			},
			Problem:     problem.Table{}.Problem,
			Description: server.Description{Path: "/openapi/who.yaml", YAML: []byte("openapi: 3.0.3\n")},
		}}
	}})
	key := c.Key(t, "acme", "search")
	id, _, ok := access.Split(key)
	require.True(t, ok)
	for name, want := range map[string]store.Actor{
		key: {Tenant: "acme", Key: id, Request: "request-7"},
		"":  {Request: "request-7"},
	} {
		a := c.Do(t, name, "GET", "/who", "", nil, server.HeaderRequestID+": request-7")
		var got store.Actor
		a.Into(t, http.StatusOK, &got)
		require.Equal(t, want, got)
	}
}
