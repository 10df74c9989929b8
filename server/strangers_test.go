package server_test

import (
	"bytes"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server"
	"oneton/server/servertest"
)

// Where only the body tells who asks, all such bodies have an eighth of the memory
// together, until it is known whose they are; then they are of the tenant's half.
func TestMemoryForStrangers(t *testing.T) {
	known, hold := make(chan struct{}, 10), make(chan struct{})
	c := startOn(t, servertest.Options{
		Config: func(cfg *server.Config) { cfg.BodyLimit, cfg.BodyMemory = 4<<20, 16<<20 },
		APIs: func(*servertest.Rig) []server.API {
			return []server.API{{Prefixes: []string{"/late"}, Description: server.Description{Path: "/openapi/late.yaml"}, Routes: func(r fiber.Router) {
				r.Post("/late/:tenant", func(c *fiber.Ctx) error {
					body, err := server.Body(c, 1<<30)
					if err != nil {
						return err
					}
					if c.Params("tenant") != "none" {
						server.SetPrincipal(c, access.Principal{Tenant: "acme"})
					}
					known <- struct{}{}
					<-hold
					return c.JSON(len(body))
				})
			}}}
		},
	})
	const share = 16 << 20 / 8
	ask := func(tenant string, size int) servertest.Answer {
		return c.Do(t, "", "POST", "/late/"+tenant, "", bytes.Repeat([]byte("x"), size))
	}
	ask("none", share).Refused(t, http.StatusRequestEntityTooLarge, "body_too_large")
	var work sync.WaitGroup
	held := func(tenant string, size int) {
		work.Go(func() { require.Equal(t, http.StatusOK, ask(tenant, size).Status) })
		select {
		case <-known:
		case <-time.After(10 * time.Second):
			t.Error("the body was not read")
		}
	}
	held("none", share*3/4)
	ask("none", share*3/4).Refused(t, http.StatusServiceUnavailable, "busy")
	held("none", share/8)
	close(hold)
	work.Wait()
	hold = make(chan struct{})
	for range 4 { // all but one are the tenant's already
		held("acme", share*3/4)
	}
	require.Equal(t, http.StatusServiceUnavailable, func() int {
		const of = 4 << 20 // the tenant's half has 8 MiB, of which 6 are taken
		return c.Do(t, c.Key(t, "acme", "*"), "POST", "/v1/detect", "image/jpeg", append(servertest.Of(t, "ada", 1), make([]byte, of-1000)...)).Status
	}())
	close(hold)
	work.Wait()
}
