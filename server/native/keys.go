package native

import (
	"errors"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

func (api *api) keyRoutes(v1 fiber.Router) {
	v1.Get("/keys", server.Scoped(ScopeKeys, api.listKeys))
	v1.Post("/keys", server.Scoped(ScopeKeys, api.createKey))
	v1.Delete("/keys/:key", server.Scoped(ScopeKeys, api.revokeKey))
	v1.Get("/scopes", server.Scoped(ScopeKeys, api.listScopes))
}

// keyAnswer is a key as it is told; Key is its text, told once.
type keyAnswer struct {
	ID        string     `json:"id"`
	Name      string     `json:"name"`
	Scopes    []string   `json:"scopes"`
	CreatedAt time.Time  `json:"created_at"`
	MadeBy    string     `json:"made_by,omitempty"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	// Current says that the request was made with it.
	Current bool   `json:"current"`
	Damaged bool   `json:"damaged,omitempty"`
	Key     string `json:"key,omitempty"`
}

func keyOf(k store.Key, by store.Actor) keyAnswer {
	scopes := k.Scopes
	if scopes == nil {
		scopes = []string{}
	}
	return keyAnswer{
		ID: string(k.ID), Name: k.Name, Scopes: scopes, CreatedAt: k.CreatedAt, MadeBy: string(k.MadeBy), EndsAt: known(k.EndsAt), RevokedAt: known(k.RevokedAt),
		Current: k.ID == by.Key, Damaged: k.Damage != "",
	}
}

func (api *api) listKeys(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Keys []keyAnswer `json:"keys"`
		Next string      `json:"next,omitempty"`
	}
	a.Keys, a.Next, err = paged(p, func(p store.Page) ([]store.Key, error) { return api.issuer.Page(c.UserContext(), by.Tenant, p) },
		func(k store.Key) keyAnswer { return keyOf(k, by) }, func(k store.Key) string { return string(k.ID) })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) createKey(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Name   string   `param:"name"`
		Scopes []string `param:"scopes,required"`
		EndsAt string   `param:"ends_at"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	var ends time.Time
	if r.EndsAt != "" {
		var err error
		if ends, err = time.Parse(time.RFC3339, r.EndsAt); err != nil || !ends.After(time.Now()) {
			return decode.Invalid("ends_at", "must be a time to come as in RFC 3339, such as 2030-01-31T12:00:00Z")
		}
	}
	for i, scope := range r.Scopes {
		if err := server.Permit(c, scope, "scopes["+strconv.Itoa(i)+"]"); err != nil && api.isScope(scope) {
			return err
		}
	}
	text, key, err := api.issuer.Issue(c.UserContext(), by, r.Name, r.Scopes, ends.UTC())
	switch {
	case errors.Is(err, access.ErrScope):
		return decode.Invalid("scopes", "must be some of those that GET /v1/scopes lists")
	case errors.Is(err, access.ErrName):
		return decode.Invalid("name", "must be at most 256 bytes of printable text in one line")
	case errors.Is(err, access.ErrBeyond):
		return &server.ScopeError{Scope: "of the new key", For: "scopes"}
	case err != nil:
		return err
	}
	a := keyOf(key, by)
	a.Key = text
	c.Location("/v1/keys/" + escape(a.ID))
	return c.Status(fiber.StatusCreated).JSON(a)
}

// isScope tells whether a key can have the scope; a name that stands for others is none.
func (api *api) isScope(name string) bool {
	for _, s := range api.issuer.Catalogue() {
		if s.Name == name {
			return true
		}
	}
	return false
}

func (api *api) revokeKey(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Made string `param:"made"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	revoke := api.issuer.Revoke
	switch r.Made {
	case "":
	case "revoke":
		revoke = api.issuer.RevokeWithMade
	case "keep":
		revoke = api.issuer.RevokeAlone
	default:
		return decode.Invalid("made", "must be revoke or keep")
	}
	if err := revoke(c.UserContext(), by, store.KeyID(segment(c, "key"))); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// listScopes tells which scopes there are, and which the caller may give.
func (api *api) listScopes(c *fiber.Ctx, _ store.Actor) error {
	type scopeAnswer struct {
		Name   string `json:"name"`
		Allows string `json:"allows"`
		Given  bool   `json:"given"`
	}
	var a struct {
		Scopes []scopeAnswer `json:"scopes"`
	}
	p, _ := server.PrincipalOf(c)
	for _, s := range api.issuer.Catalogue() {
		a.Scopes = append(a.Scopes, scopeAnswer{s.Name, s.Allows, p.Can(s.Name)})
	}
	return c.JSON(a)
}
