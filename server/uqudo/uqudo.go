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

const tokenPath = "/api/oauth/token"

// Service is what the dialect speaks for; *identify.Service is one.
type Service interface {
	DefaultPolicy() store.Policy
	CreateGallery(ctx context.Context, tenant store.TenantID, g store.Gallery) (store.Gallery, error)
	Enrol(ctx context.Context, tenant store.TenantID, req identify.EnrolRequest) (identify.Enrolled, error)
	Search(ctx context.Context, tenant store.TenantID, req identify.SearchRequest) (identify.Answer, error)
	Verify(ctx context.Context, tenant store.TenantID, req identify.VerifyRequest) (identify.Verification, error)
	DeletePhotos(ctx context.Context, tenant store.TenantID, gallery string, subject store.SubjectID) error
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

// Dialect serves the API.
type Dialect struct {
	tokens  tokens
	service Service
	keys    Keys
}

var _ server.Dialect = (*Dialect)(nil)

// New returns the dialect, or ErrTokenKey.
func New(cfg Config, service Service, keys Keys) (*Dialect, error) {
	if len(cfg.TokenKeys) == 0 {
		return nil, fmt.Errorf("take no token key: %w", ErrTokenKey)
	}
	verifies := jwt.VerificationKeySet{}
	for _, k := range cfg.TokenKeys {
		if len(k) < minTokenKey {
			return nil, fmt.Errorf("take a token key of %d bytes, at least %d are needed: %w", len(k), minTokenKey, ErrTokenKey)
		}
		verifies.Keys = append(verifies.Keys, k)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Dialect{tokens: tokens{signs: cfg.TokenKeys[0], verifies: verifies, now: cfg.Now}, service: service, keys: keys}, nil
}

//go:embed openapi.yaml
var description []byte

// Description is where the dialect's OpenAPI description is served.
func (d *Dialect) Description() string { return "/openapi/uqudo.yaml" }

// Routes adds the dialect's calls, which openapi.yaml describes.
func (d *Dialect) Routes(r fiber.Router) {
	r.Get(d.Description(), func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "application/yaml")
		return c.Send(description)
	})
	r.Post(tokenPath, d.token)
	face := r.Group("/api/v1/face", asBadRequest, d.authenticate)
	face.Post("/match", scoped(access.FaceMatch, d.match))
	face.Post("/one-to-n/search", scoped(access.FaceSearch, d.search))
	face.Post("/one-to-n/insert", scoped(access.FaceInsert, d.insert))
	face.Delete("/one-to-n/search/:id", scoped(access.FaceDelete, d.delete))
}

// asBadRequest answers 400 where the native API answers 422: this API knows
// no other status for a photo that cannot be used.
func asBadRequest(c *fiber.Ctx) error {
	err := c.Next()
	if err == nil {
		return nil
	}
	if p := server.ProblemOf(err); p.Status == fiber.StatusUnprocessableEntity {
		p.Status = fiber.StatusBadRequest
		return p
	}
	return err
}

// authenticate lets requests with a valid token of a valid client pass.
func (d *Dialect) authenticate(c *fiber.Ctx) error {
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

func scoped(scope string, h func(c *fiber.Ctx, p access.Principal) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		p, err := server.Permit(c, scope, "")
		if err != nil {
			return err
		}
		return h(c, p)
	}
}

// inGallery does what needs the tenant's gallery, and makes it when missing.
func (d *Dialect) inGallery(ctx context.Context, tenant store.TenantID, do func() error) error {
	err := do()
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	policy := d.service.DefaultPolicy()
	policy.KeepPhotos = true
	_, err = d.service.CreateGallery(ctx, tenant, store.Gallery{Name: Gallery, Policy: policy})
	if err != nil && !errors.Is(err, store.ErrExists) {
		return fmt.Errorf("make gallery: %w", err)
	}
	return do()
}
