// Package uqudo speaks uqudo's Face API: client tokens, 1:N search, insert and
// delete, and 1:1 match. A tenant's faces live in its gallery named uqudo,
// which keeps photos and is made at first use.
package uqudo

import (
	"context"
	_ "embed" // the description
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"

	"oneton/access"
	"oneton/identify"
	"oneton/server"
	"oneton/store"
)

// Gallery is the name of each tenant's gallery.
const Gallery = "uqudo"

const (
	tokenPath = "/api/oauth/token"
	facePath  = "/api/v1/face"
)

// Service is what the dialect speaks for; *identify.Service is one.
type Service interface {
	DefaultPolicy() store.Policy
	CreateGallery(ctx context.Context, by store.Actor, g store.Gallery) (store.Gallery, error)
	Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error)
	Search(ctx context.Context, by store.Actor, req identify.SearchRequest) (identify.Answer, error)
	Verify(ctx context.Context, by store.Actor, req identify.VerifyRequest) (identify.Verification, error)
	DeletePhotos(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID) error
}

// Keys are the clients: a client's id is a key's id and its secret the key's;
// *access.Access has them.
type Keys interface {
	// Authenticate tells whose key a text is, or access.ErrUnauthorized.
	Authenticate(ctx context.Context, text string) (access.Principal, error)
	// Principal tells whose key has that id; access.ErrUnauthorized when it
	// is unknown or revoked.
	Principal(ctx context.Context, keyID store.KeyID) (access.Principal, error)
}

// Config is what the dialect is told once.
type Config struct {
	// TokenKeys are at least 32 bytes each. The first signs the tokens, and any
	// of them verifies one. Replicas share them.
	TokenKeys [][]byte
	// Now tells the time; nil is time.Now.
	Now func() time.Time
}

// dialect answers the calls.
type dialect struct {
	tokens  tokens
	service Service
	keys    Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes, or ErrTokenKey.
func New(cfg Config, service Service, keys Keys) (server.API, error) {
	if len(cfg.TokenKeys) == 0 {
		return server.API{}, fmt.Errorf("take no token key: %w", ErrTokenKey)
	}
	verifies := jwt.VerificationKeySet{}
	for _, k := range cfg.TokenKeys {
		if len(k) < minTokenKey {
			return server.API{}, fmt.Errorf("take a token key of %d bytes, at least %d are needed: %w", len(k), minTokenKey, ErrTokenKey)
		}
		verifies.Keys = append(verifies.Keys, k)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	d := &dialect{tokens: tokens{signs: cfg.TokenKeys[0], verifies: verifies, now: cfg.Now}, service: service, keys: keys}
	return server.API{
		Prefixes:    []string{tokenPath, facePath},
		Routes:      d.routes,
		Problem:     problemOf,
		Description: server.Description{Path: "/openapi/uqudo.yaml", YAML: description},
	}, nil
}

func (d *dialect) routes(r fiber.Router) {
	r.Post(tokenPath, d.token)
	face := r.Group(facePath, d.authenticate)
	face.Post("/match", server.Scoped(ScopeMatch, d.match))
	face.Post("/one-to-n/search", server.Scoped(ScopeSearch, d.search))
	face.Post("/one-to-n/insert", server.Scoped(ScopeInsert, d.insert))
	face.Delete("/one-to-n/search/:id", server.Scoped(ScopeDelete, d.delete))
}

// authenticate lets requests with a valid token of a valid client pass.
func (d *dialect) authenticate(c *fiber.Ctx) error {
	token := server.Bearer(c)
	keyID, err := d.tokens.verify(token)
	var p access.Principal
	if err == nil {
		p, err = d.keys.Principal(c.UserContext(), keyID)
	}
	if err != nil {
		return server.Unauthorized(c, fmt.Errorf("authenticate: %w", err), wantToken(token))
	}
	server.SetPrincipal(c, p)
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

// inGallery does what needs the tenant's gallery, and makes it when missing.
func (d *dialect) inGallery(ctx context.Context, by store.Actor, do func() error) error {
	err := do()
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	policy := d.service.DefaultPolicy()
	policy.KeepPhotos = true
	_, err = d.service.CreateGallery(ctx, by, store.Gallery{Name: Gallery, Policy: policy})
	if err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("make gallery: %w", err)
	}
	return do()
}
