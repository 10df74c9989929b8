// Package native is the house's own API, under /v1: galleries, subjects and
// faces, search, verification and detection.
package native

import (
	_ "embed" // the description

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
)

// api answers the calls.
type api struct {
	service Service
	keys    Keys
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes.
func New(service Service, keys Keys) server.API {
	api := &api{service, keys}
	return server.API{
		Prefixes:    []string{"/v1"},
		Routes:      api.routes,
		Problem:     problems.Problem,
		Description: server.Description{Path: "/openapi.yaml", YAML: description},
	}
}

func (api *api) routes(r fiber.Router) {
	v1 := r.Group("/v1", api.authenticate, unconditional)
	v1.Post("/galleries", scoped(access.Galleries, api.createGallery))
	v1.Get("/galleries", scoped(access.Galleries, api.listGalleries))
	v1.Get("/galleries/:gallery", scoped(access.Galleries, api.getGallery))
	v1.Patch("/galleries/:gallery", scoped(access.Galleries, api.patchGallery))
	v1.Delete("/galleries/:gallery", scoped(access.Galleries, api.deleteGallery))

	v1.Post("/galleries/:gallery/subjects", scoped(access.Enrol, api.createSubject))
	v1.Get("/galleries/:gallery/subjects", scoped(access.Read, api.listSubjects))
	v1.Get("/galleries/:gallery/subjects/:subject", scoped(access.Read, api.getSubject))
	v1.Patch("/galleries/:gallery/subjects/:subject", scoped(access.Enrol, api.patchSubject))
	v1.Delete("/galleries/:gallery/subjects/:subject", scoped(access.Delete, api.deleteSubject))

	v1.Post("/galleries/:gallery/subjects/:subject/faces", scoped(access.Enrol, api.addFaces))
	v1.Delete("/galleries/:gallery/subjects/:subject/faces/:face", scoped(access.Delete, api.deleteFace))
	v1.Get("/galleries/:gallery/subjects/:subject/faces/:face/photo", scoped(access.Read, api.getPhoto))
	v1.Delete("/galleries/:gallery/subjects/:subject/photos", scoped(access.Delete, api.deletePhotos))

	v1.Post("/galleries/:gallery/search", scoped(access.Search, api.search))
	v1.Post("/galleries/:gallery/subjects/:subject/verify", scoped(access.Verify, api.verifySubject))
	v1.Post("/verify", scoped(access.Verify, api.verifyPhotos))
	v1.Post("/detect", scoped(access.Detect, api.detect))
}
