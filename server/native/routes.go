// Package native is the house's own API, under /v1: galleries, subjects and
// faces, search, verification and detection, imports, jobs, webhooks, and attempts of people to
// show who they are.
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
	issuer   Issuer
	sessions Sessions
	imports  Imports
	jobs     Jobs
	attempts Attempts
	standing Standing
	tally    *tally

	evaluations Evaluations
}

// Rooms are what the API speaks for.
type Rooms struct {
	Service  Service
	Webhooks Webhooks
	Keys     Keys
	Issuer   Issuer
	Sessions Sessions
	Imports  Imports
	Jobs     Jobs
	Attempts Attempts
	Standing Standing

	Evaluations Evaluations
}

//go:embed openapi.yaml
var description []byte

// New returns the API, which openapi.yaml describes.
func New(r Rooms) server.API {
	api := &api{
		service:  r.Service,
		webhooks: r.Webhooks,
		keys:     r.Keys,
		issuer:   r.Issuer,
		sessions: r.Sessions,
		imports:  r.Imports,
		jobs:     r.Jobs,
		attempts: r.Attempts,
		standing: r.Standing,
		tally:    newTally(),

		evaluations: r.Evaluations,
	}
	return server.API{
		Name:        "native",
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
	v1.Get("/galleries/:gallery/thresholds", server.Scoped(ScopeGalleries, api.thresholds))
	v1.Post("/galleries/:gallery/evaluation", server.Scoped(ScopeEvaluate, api.evaluate))
	v1.Get("/galleries/:gallery/evaluation", server.Scoped(ScopeEvaluate, api.getEvaluation))
	api.reviewRoutes(v1)
	v1.Get("/searches", server.Scoped(ScopeEvaluate, api.searches))
	v1.Get("/galleries/:gallery/export", server.Scoped(ScopeExport, api.exportGallery))
	v1.Post("/galleries/:gallery/import", server.Scoped(ScopeImport, api.importGallery))

	v1.Post("/galleries/:gallery/subjects", server.Scoped(ScopeEnrol, api.createSubject))
	v1.Post("/galleries/:gallery/photos/known", server.Scoped(ScopeEnrol, api.knownPhotos))
	v1.Get("/galleries/:gallery/subjects", server.Scoped(ScopeRead, api.listSubjects))
	v1.Get("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeRead, api.getSubject))
	v1.Patch("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeEnrol, api.patchSubject))
	v1.Delete("/galleries/:gallery/subjects/:subject", server.Scoped(ScopeDelete, api.deleteSubject))

	v1.Post("/galleries/:gallery/subjects/:subject/merge", server.Scoped(ScopeEnrol, api.mergeSubject))
	v1.Post("/galleries/:gallery/subjects/:subject/split", server.Scoped(ScopeEnrol, api.splitSubject))
	v1.Post("/galleries/:gallery/subjects/:subject/move", server.Scoped(ScopeEnrol, api.moveSubject))
	v1.Put("/galleries/:gallery/subjects/:subject/deletion", server.Scoped(ScopeDelete, api.endSubject))
	v1.Delete("/galleries/:gallery/subjects/:subject/deletion", server.Scoped(ScopeDelete, api.keepSubject))

	v1.Post("/galleries/:gallery/subjects/:subject/faces", server.Scoped(ScopeEnrol, api.addFaces))
	v1.Delete("/galleries/:gallery/subjects/:subject/faces/:face", server.Scoped(ScopeDelete, api.deleteFace))
	v1.Put("/galleries/:gallery/subjects/:subject/faces/:face/aside", server.Scoped(ScopeDelete, api.setFaceAside))
	v1.Delete("/galleries/:gallery/subjects/:subject/faces/:face/aside", server.Scoped(ScopeEnrol, api.bringFaceBack))
	v1.Get("/galleries/:gallery/aside", server.Scoped(ScopeRead, api.listAside))
	v1.Get("/galleries/:gallery/subjects/:subject/faces/:face/photo", server.Scoped(ScopeRead, api.getPhoto))
	v1.Delete("/galleries/:gallery/subjects/:subject/photos", server.Scoped(ScopeDelete, api.deletePhotos))

	v1.Get("/galleries/:gallery/counts", server.Scoped(ScopeRead, api.getCounts))

	v1.Post("/galleries/:gallery/search", server.Scoped(ScopeSearch, api.search))
	v1.Post("/galleries/:gallery/subjects/:subject/search", server.Scoped(ScopeSearch, api.searchStored))
	v1.Get("/galleries/:gallery/duplicates", server.Scoped(ScopeSearch, api.duplicates))
	v1.Post("/galleries/:gallery/subjects/:subject/verify", server.Scoped(ScopeVerify, api.verifySubject))
	v1.Post("/verify", server.Scoped(ScopeVerify, api.verifyPhotos))
	v1.Post("/detect", server.Scoped(ScopeDetect, api.detect))

	api.webhookRoutes(v1)
	api.importRoutes(v1)
	api.jobRoutes(v1)
	api.attemptRoutes(v1)
	api.keyRoutes(v1)
	v1.Get("/overview", server.Scoped(ScopeGalleries, api.overview))
}
