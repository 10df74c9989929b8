// Package native is the house's own API, under /v1: galleries, subjects and
// faces, search, verification and detection.
package native

import (
	_ "embed" // the description

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
)

// API serves the native API.
type API struct {
	service Service
	keys    Keys
}

var _ server.Dialect = (*API)(nil)

// New returns the API.
func New(service Service, keys Keys) *API { return &API{service: service, keys: keys} }

//go:embed openapi.yaml
var description []byte

// Description is where the API's OpenAPI description is served.
func (api *API) Description() string { return "/openapi.yaml" }

// Routes adds the API's calls, which openapi.yaml describes.
func (api *API) Routes(r fiber.Router) {
	r.Get(api.Description(), func(c *fiber.Ctx) error {
		c.Set(fiber.HeaderContentType, "application/yaml")
		return c.Send(description)
	})
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
