// Package uqudo speaks uqudo's Face API: client tokens and the keys that sign them, 1:N
// search, insert and delete, 1:1 match, and face sessions. A tenant's faces live in its gallery named
// uqudo, which keeps photos and is made at first use.
package uqudo

import (
	"bytes"
	"context"
	_ "embed" // the description
	"errors"
	"fmt"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server"
	"oneton/store"
)

// Gallery is the name of each tenant's gallery.
const Gallery = "uqudo"

const (
	tokenPath = "/api/oauth/token"
	facePath  = "/api/v1/face"
	infoPath  = "/api/v1/info"
	// bareTokenPath is where clients look whose base URL for tokens ends in /api with
	// the original, and leaves that out here.
	bareTokenPath = "/oauth/token"
	keysPath      = "/.well-known/jwks.json"
	apiKeysPath   = "/api" + keysPath
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

// dialect answers the calls.
type dialect struct {
	cfg        Config
	tokens     tokens
	signatures Signatures
	service    Service
	sessions   FaceSessions
	limiter    Limiter
	keys       Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes.
func New(cfg Config, service Service, sessions FaceSessions, signatures Signatures, limiter Limiter, keys Keys) server.API {
	d := &dialect{cfg: cfg, tokens: tokens{signatures}, signatures: signatures, service: service, sessions: sessions, limiter: limiter, keys: keys}
	api := server.API{
		Name:        "uqudo",
		Prefixes:    []string{"/api/oauth/", bareTokenPath, facePath, infoPath, "/api/.well-known/", keysPath},
		Routes:      d.routes,
		Problem:     problemOf,
		Refuse:      refuse,
		Description: server.Description{Path: "/openapi/uqudo.yaml", YAML: describe(cfg.Prefix)},
	}
	if cfg.Prefix != "" {
		api.Prefixes = append(api.Prefixes, cfg.Prefix+"/")
	}
	return api
}

// describe is the description of calls that have the prefix, too.
func describe(prefix string) []byte {
	if prefix == "" {
		return description
	}
	return bytes.Replace(description, []byte("\n  - url: /\n"), []byte("\n  - url: /\n  - url: "+prefix+"\n"), 1)
}

func (d *dialect) routes(r fiber.Router) {
	r.Use(server.Unslashed)
	d.calls(r)
	if d.cfg.Prefix != "" {
		d.calls(r.Group(d.cfg.Prefix))
	}
}

func (d *dialect) calls(r fiber.Router) {
	r.Post(tokenPath, d.token)
	r.Post(bareTokenPath, d.token)
	r.Get(keysPath, d.keySet)
	r.Get(apiKeysPath, d.keySet)
	face := r.Group(facePath, d.authenticate)
	face.Post("", server.Scoped(ScopeSession, d.open))
	face.Post("/match", server.Scoped(ScopeMatch, d.match))
	face.Post("/one-to-n/search", server.Scoped(ScopeSearch, d.search))
	face.Post("/one-to-n/insert", server.Scoped(ScopeInsert, d.insert))
	face.Delete("/one-to-n/search/:id", server.Scoped(ScopeDelete, d.delete))
	info := r.Group(infoPath, d.authenticate)
	info.Get("/img/:id", server.Scoped(ScopeSession, d.auditImage))
	info.Delete("/:id", server.Scoped(ScopeSession, d.purge))
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
