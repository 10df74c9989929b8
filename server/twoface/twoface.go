// Package twoface speaks 2FACE's API: sessions in which a person is signed up or
// recognised, checks of faces and documents, jobs, users and attempts. What a check
// comes to is decided by package kyc; here it is decoded, encoded and counted.
package twoface

import (
	"bytes"
	"context"
	_ "embed" // the description
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/limit"
	"oneton/server"
	"oneton/store"
)

// Keys tells whose API key a text is, or access.ErrUnauthorized; *access.Access does.
type Keys interface {
	Authenticate(ctx context.Context, text string) (access.Principal, error)
}

// Limiter counts a tenant's requests, over all its keys and sessions and on all
// servers; *limit.Limiter does.
type Limiter interface {
	Take(ctx context.Context, tenant store.TenantID) (limit.Verdict, error)
}

// dialect answers the calls.
type dialect struct {
	cfg     Config
	at      string
	uses    int
	links   links
	service Service
	limiter Limiter
	keys    Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes, at the configuration's host or
// prefix. The first of the keys signs addresses of photos, and any of them verifies
// one; replicas share them. uses is how often a session may ask for a check, for
// answers to whoever has none.
func New(cfg Config, linkKeys [][]byte, uses int, service Service, limiter Limiter, keys Keys) server.API {
	d := &dialect{
		cfg: cfg, at: cfg.Prefix, uses: uses, service: service, limiter: limiter, keys: keys,
		links: links{keys: linkKeys, lasts: cfg.LinkTime, now: time.Now},
	}
	api := server.API{
		Name:    "twoface",
		Host:    cfg.Host,
		Routes:  d.routes,
		Problem: problemOf,
		Refuse:  d.refuse,
		Headers: server.Headers{
			Accepted: []string{headerSession},
			Exposed:  []string{headerAttempts, headerRetries, headerJob, headerCode, headerRateLimit, headerRateLimitPolicy},
		},
		Description: server.Description{Path: "/openapi/twoface.yaml"},
	}
	base := cfg.Prefix
	if cfg.Host == "" {
		api.Prefixes = []string{cfg.Prefix}
	} else {
		base = "//" + cfg.Host + cfg.Prefix
	}
	api.Description.YAML = bytes.ReplaceAll(description, []byte("url: /v1/2face"), []byte("url: "+base))
	return api
}

func (d *dialect) routes(r fiber.Router) {
	r.Use(server.Unslashed, named)
	api := r.Group(d.at)
	api.Post("/session", d.byKey(ScopeSessions, d.open))
	api.Post("/session/close", d.bySession(d.closeSession))
	for _, ch := range all {
		api.Post(ch.path, d.serve(ch))
	}
	api.Post("/jobs/start/:workflowName", d.bySession(d.start))
	api.Get("/jobs/:id", d.byKey(ScopeRead, d.job))
	api.Post("/users", d.byKey(ScopeUsers, d.register))
	api.Get("/users/document/:documentId", d.byKey(ScopeRead, d.userByDocument))
	api.Get("/users/:id", d.byKey(ScopeRead, d.user))
	api.Delete("/users/:id", d.byKey(ScopeUsers, d.forget))
	api.Post("/attempts/review/:id", d.byKey(ScopeReview, d.review))
	api.Get("/attempts/:id", d.byKey(ScopeRead, d.attempt))
	api.Get("/photos/:photo", d.photo)
}
