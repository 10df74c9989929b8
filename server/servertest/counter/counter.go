// Package counter is an API of another make than those that are served, for
// tests: a key in a header of its own, envelopes that say ok, small bodies, and
// a path beneath another API's.
package counter

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
	"oneton/server/decode"
)

const (
	// Prefix is beneath the native API's.
	Prefix = "/v1/counter"
	// Token is the header that carries a key.
	Token = "X-Counter-Token"
	// Left is the header that tells how often one may count on.
	Left = "X-Counter-Left"
	// MaxBody is the largest body, in bytes.
	MaxBody = 64
	// Page is a page for people.
	Page = "<!doctype html><title>counter</title>"
)

// ErrSpent means that there is nothing left to count.
var ErrSpent = errors.New("counter: spent")

// Scope allows to count.
const Scope = "counter:count"

// Scopes are what keys may allow.
func Scopes() []access.Scope { return []access.Scope{{Name: Scope, Allows: "count"}} }

// Keys tells whose key a text is.
type Keys interface {
	Authenticate(ctx context.Context, text string) (access.Principal, error)
}

// New returns the API; left is how often it counts.
func New(keys Keys, left int) server.API {
	a := &api{keys, left}
	return server.API{
		Prefixes: []string{Prefix}, Routes: a.routes, Problem: problemOf, Refuse: refuse,
		Headers:     server.Headers{Accepted: []string{Token}, Exposed: []string{Left}},
		Description: server.Description{Path: "/openapi/counter.yaml", YAML: []byte("openapi: 3.0.3\n")},
	}
}

type api struct {
	keys Keys
	left int
}

func (a *api) routes(r fiber.Router) {
	r.Get(Prefix+"/page", func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentSecurityPolicy, "default-src 'none'")
		c.Type("html")
		return c.SendString(Page)
	})
	r.Post(Prefix+"/count", a.authenticate, a.count)
	r.Get(Prefix+"/panic", func(*fiber.Ctx) error { panic("counter") })
}

func (a *api) authenticate(c *fiber.Ctx) error {
	p, err := a.keys.Authenticate(c.UserContext(), c.Get(Token))
	if err != nil {
		return err
	}
	server.SetPrincipal(c, p)
	if err := server.Permit(c, Scope, ""); err != nil {
		return err
	}
	return c.Next()
}

func (a *api) count(c *fiber.Ctx) error {
	body, err := server.Body(c, MaxBody)
	if err != nil {
		return err
	}
	var r struct {
		By int `param:"by,required"`
	}
	if err := decode.JSON(c.Get(fiber.HeaderContentType), body, &r); err != nil {
		return err
	}
	if r.By > a.left {
		return ErrSpent
	}
	a.left -= r.By
	return c.JSON(fiber.Map{"ok": true, "left": a.left})
}

func problemOf(err error) (server.Problem, bool) {
	fault, malformed := errors.AsType[*decode.Error](err)
	switch {
	case errors.Is(err, ErrSpent):
		return server.Kind{Status: fiber.StatusGone, Code: "spent", Title: "nothing is left to count"}.Problem(), true
	case malformed:
		return server.Kind{Status: fiber.StatusBadRequest, Code: "bad", Title: fault.Error()}.Problem(), true
	}
	return server.Problem{}, false
}

// refuse says no without the words of HTTP that its clients do not know.
func refuse(c *fiber.Ctx, p server.Problem) error {
	if p.Status == fiber.StatusInternalServerError {
		p.Status = fiber.StatusBadGateway
	}
	return c.Status(p.Status).JSON(fiber.Map{"ok": false, "error": p.Title})
}
