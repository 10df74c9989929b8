package server

import "oneton/access"

// routes is the native API; openapi.yaml describes it.
func (s *Server) routes() {
	s.app.Get(livePath, s.live)
	s.app.Get(readyPath, s.readiness)
	s.descriptions = []string{"/openapi.yaml"}
	s.app.Get("/", s.root)
	s.app.Get("/openapi.yaml", describe)

	v1 := s.app.Group("/v1", s.authenticate, unconditional)
	v1.Post("/galleries", scoped(access.Galleries, s.createGallery))
	v1.Get("/galleries", scoped(access.Galleries, s.listGalleries))
	v1.Get("/galleries/:gallery", scoped(access.Galleries, s.getGallery))
	v1.Patch("/galleries/:gallery", scoped(access.Galleries, s.patchGallery))
	v1.Delete("/galleries/:gallery", scoped(access.Galleries, s.deleteGallery))

	v1.Post("/galleries/:gallery/subjects", scoped(access.Enrol, s.createSubject))
	v1.Get("/galleries/:gallery/subjects", scoped(access.Read, s.listSubjects))
	v1.Get("/galleries/:gallery/subjects/:subject", scoped(access.Read, s.getSubject))
	v1.Patch("/galleries/:gallery/subjects/:subject", scoped(access.Enrol, s.patchSubject))
	v1.Delete("/galleries/:gallery/subjects/:subject", scoped(access.Delete, s.deleteSubject))

	v1.Post("/galleries/:gallery/subjects/:subject/faces", scoped(access.Enrol, s.addFaces))
	v1.Delete("/galleries/:gallery/subjects/:subject/faces/:face", scoped(access.Delete, s.deleteFace))
	v1.Get("/galleries/:gallery/subjects/:subject/faces/:face/photo", scoped(access.Read, s.getPhoto))
	v1.Delete("/galleries/:gallery/subjects/:subject/photos", scoped(access.Delete, s.deletePhotos))

	v1.Post("/galleries/:gallery/search", scoped(access.Search, s.search))
	v1.Post("/galleries/:gallery/subjects/:subject/verify", scoped(access.Verify, s.verifySubject))
	v1.Post("/verify", scoped(access.Verify, s.verifyPhotos))
	v1.Post("/detect", scoped(access.Detect, s.detect))
}
