package facenition

import (
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
)

// version is one of the API's.
type version int

const (
	v1 version = 1
	v2 version = 2
)

// headerVersion overrides what the path says.
const headerVersion = "X-API-Version"

// prefixes are what paths begin with, and the version that each asks for.
var prefixes = map[string]version{"": v1, "/v1": v1, "/v2": v2}

// endpoint is one call.
type endpoint struct {
	name string
	// since is the version that it came with: in one before it is unknown.
	since version
	// scope is what the client token must allow; without one none is needed.
	scope string
	serve func(d *dialect, c *fiber.Ctx, v version) error
}

// endpoints are all calls.
var endpoints = []endpoint{
	{name: "new-credentials", since: v2, serve: (*dialect).newCredentials},
	{name: "authenticate-credentials", since: v2, serve: (*dialect).authenticateCredentials},
	{name: "generateToken", since: v1, serve: (*dialect).generateToken},
	{name: "token", since: v1, serve: (*dialect).token},
	{name: "generate", since: v1, scope: ScopeGenerate, serve: (*dialect).generate},
	{name: "authenticate", since: v1, scope: ScopeAuthenticate, serve: (*dialect).authenticate},
	{name: "match", since: v1, scope: ScopeMatch, serve: (*dialect).match},
	{name: "revoke", since: v1, scope: ScopeRevoke, serve: (*dialect).revoke},
	{name: "rotate", since: v1, scope: ScopeRotate, serve: (*dialect).rotate},
}

// serve answers an endpoint at a path that asks for the version.
func (d *dialect) serve(e endpoint, path version) fiber.Handler {
	return func(c *fiber.Ctx) error {
		v, err := versionOf(c, path)
		if err != nil {
			return err
		}
		if v < e.since {
			return server.Kind{
				Status: fiber.StatusNotFound, Code: "not_found",
				Title: fmt.Sprintf("Version %d has no %s; send %s: %d, or POST to /v%[4]d/%[2]s", v, e.name, headerVersion, e.since),
			}.Problem()
		}
		if e.scope != "" {
			if err := d.permit(c, e.scope); err != nil {
				return err
			}
		}
		return e.serve(d, c, v)
	}
}

// versionOf is the version that a request asks for: by its header, or else by its
// path.
func versionOf(c *fiber.Ctx, path version) (version, error) {
	told := c.Request().Header.PeekAll(headerVersion)
	if len(told) == 0 {
		return path, nil
	}
	if len(told) == 1 {
		switch string(told[0]) {
		case "1":
			return v1, nil
		case "2":
			return v2, nil
		}
	}
	return 0, invalid(headerVersion, "must be 1 or 2, and be sent once")
}
