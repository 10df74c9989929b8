package server_test

import (
	"bufio"
	"fmt"
	"net/http"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/servertest"
)

// A host that an API has to itself is known in every way that HTTP names it, and
// nothing else is served there; all other hosts are as without it.
func TestAHostOfItsOwn(t *testing.T) {
	c := startOn(t, servertest.Options{APIs: func(*servertest.Rig) []server.API {
		return []server.API{{
			Host: "faces.example.org", Description: server.Description{Path: "/openapi/faces.yaml", YAML: []byte("openapi: 3.0.3\n")},
			Routes: func(r fiber.Router) {
				r.Get("/v1/x", func(c *fiber.Ctx) error { return c.SendString("faces") })
			},
			Refuse: func(c *fiber.Ctx, p server.Problem) error { return c.Status(p.Status).SendString("faces: " + p.Code) },
		}}
	}})
	for _, q := range []struct {
		target, host string
		status       int
		body         string
	}{
		{"/v1/x", "faces.example.org", 200, "faces"},
		{"/v1/x", "faces.example.org:8080", 200, "faces"},
		{"/v1/x", "FACES.example.org.", 200, "faces"},
		{"http://faces.example.org/v1/x", "other", 200, "faces"},
		{"/livez", "faces.example.org", 404, "faces: not_found"},
		{"/v1/galleries", "faces.example.org", 404, "faces: not_found"},
		{"/", "faces.example.org", 404, "faces: not_found"},
		{"/v1/x", "x.faces.example.org", 401, ""},
		{"/v1/x", "faces.example.organ", 401, ""},
		{"/livez", "localhost", 200, ""},
		{"/openapi/faces.yaml", "localhost", 200, "openapi: 3.0.3\n"},
	} {
		conn := c.dial(t)
		_, err := fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", q.target, q.host)
		require.NoError(t, err)
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		require.NoError(t, err)
		body := make([]byte, 100)
		n, _ := res.Body.Read(body)
		require.NoError(t, res.Body.Close())
		require.Equal(t, q.status, res.StatusCode, q)
		if q.body != "" {
			require.Equal(t, q.body, string(body[:n]), q)
		}
	}
}
