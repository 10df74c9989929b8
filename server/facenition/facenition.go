// Package facenition speaks Facenition's API: client tokens for who has shown
// that an e-mail address and a phone are theirs, and identity tokens that hold
// faces, of which the server keeps none.
package facenition

import (
	"bytes"
	"context"
	_ "embed" // the description

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/identitytoken"
	"oneton/photo"
	"oneton/server"
	"oneton/store"
)

// Faces tells what photos show; *identify.Service does.
type Faces interface {
	// Portrait is the face of a photo that must show one person. Of a photo that
	// cannot be used the error is about the argument.
	Portrait(ctx context.Context, pack, argument string, content []byte) (photo.Face, error)
}

// Tokens makes and reads identity tokens; *identitytoken.Service does. Every call
// stays within the tenant.
type Tokens interface {
	Generate(ctx context.Context, by store.Actor, m identitytoken.Making) (identitytoken.Issued, error)
	// Check refuses a token that no photo would be compared with, at the accuracy or,
	// where that is 0, at any, and returns the pack that is to look at the photo.
	Check(ctx context.Context, by store.Actor, token, context string, accuracy int) (pack string, err error)
	Authenticate(ctx context.Context, by store.Actor, a identitytoken.Attempt) (identitytoken.Result, error)
	Match(ctx context.Context, pack string, a, b photo.Face, accuracy int) (identitytoken.Result, error)
	Revoke(ctx context.Context, by store.Actor, token string) error
	Rotate(ctx context.Context, by store.Actor, r identitytoken.Rotation) (identitytoken.Issued, error)
}

// Keys tells whose client token a text is, or access.ErrUnauthorized;
// *access.Access does.
type Keys interface {
	Authenticate(ctx context.Context, text string) (access.Principal, error)
}

// dialect answers the calls.
type dialect struct {
	at      string
	packs   []string
	faces   Faces
	tokens  Tokens
	clients Clients
	keys    Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes, at the configuration's host
// or prefix. Identity tokens are made by the first of the loaded model packs, and
// compared by the one that made them.
func New(cfg Config, packs []string, faces Faces, tokens Tokens, clients Clients, keys Keys) server.API {
	d := &dialect{at: cfg.Prefix, packs: packs, faces: faces, tokens: tokens, clients: clients, keys: keys}
	api := server.API{
		Name:        "facenition",
		Host:        cfg.Host,
		Routes:      d.routes,
		Problem:     problemOf,
		Refuse:      refuse,
		Headers:     server.Headers{Accepted: []string{headerToken, headerVersion}},
		Description: server.Description{Path: "/openapi/facenition.yaml"},
	}
	base := cfg.Prefix
	if cfg.Host == "" {
		api.Prefixes = []string{cfg.Prefix}
	} else {
		base = "//" + cfg.Host + cfg.Prefix
	}
	api.Description.YAML = bytes.ReplaceAll(description, []byte("url: /facenition"), []byte("url: "+base))
	return api
}

func (d *dialect) routes(r fiber.Router) {
	for _, e := range endpoints {
		for prefix, v := range prefixes {
			r.Post(d.at+prefix+"/"+e.name, d.serve(e, v))
		}
	}
}
