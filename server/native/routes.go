// Package native is the house's own API, under /v1: galleries, subjects and
// faces, search, verification and detection, and webhooks.
package native

import (
	_ "embed" // the description

	"github.com/gofiber/fiber/v2"

	"oneton/server"
)

// api answers the calls.
type api struct {
	service  Service
	webhooks Webhooks
	keys     Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes.
func New(service Service, webhooks Webhooks, keys Keys) server.API {
	api := &api{service, webhooks, keys}
	return server.API{
		Prefixes:    []string{"/v1"},
		Routes:      api.routes,
		Problem:     problems.Problem,
		Description: server.Description{Path: "/openapi.yaml", YAML: description},
	}
}

func (api *api) routes(r fiber.Router) {
	v1 := r.Group("/v1", api.authenticate, unconditional)
	v1.Post("/galleries", server.Scoped(ScopeGalleries, api.createGallery))
	v1.Get("/galleries", server.Scoped(ScopeGalleries, api.listGalleries))
	v1.Get("/galleries/:gallery", server.Scoped(ScopeGalleries, api.getGallery))
	v1.Patch("/galleries/:gallery", server.Scoped(ScopeGalleries, api.patchGallery))
	v1.Delete("/galleries/:gallery", server.Scoped(ScopeGalleries, api.deleteGallery))

	v1.Post("/galleries/:gallery/subjects", server.Scoped(ScopeEnrol, api.createSubject))
	v1.Get("/galleries/:gallery/subjects", server.Scoped(ScopeRead, api.listSubjects))
	v1.Get("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeRead, api.getSubject))
	v1.Patch("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeEnrol, api.patchSubject))
	v1.Delete("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeDelete, api.deleteSubject))

	v1.Post("/galleries/:gallery/subjects/:subject/faces", server.Scoped(ScopeEnrol, api.addFaces))
	v1.Delete("/galleries/:gallery/subjects/:subject/faces/:face", server.Scoped(ScopeDelete, api.deleteFace))
	v1.Get("/galleries/:gallery/subjects/:subject/faces/:face/photo", server.Scoped(ScopeRead, api.getPhoto))
	v1.Delete("/galleries/:gallery/subjects/:subject/photos", server.Scoped(ScopeDelete, api.deletePhotos))

	v1.Post("/galleries/:gallery/search", server.Scoped(ScopeSearch, api.search))
	v1.Post("/galleries/:gallery/subjects/:subject/verify", server.Scoped(ScopeVerify, api.verifySubject))
	v1.Post("/verify", server.Scoped(ScopeVerify, api.verifyPhotos))
	v1.Post("/detect", server.Scoped(ScopeDetect, api.detect))

	api.webhookRoutes(v1)
}
