package native

import (
	"context"

	"oneton/access"
	"oneton/identify"
	"oneton/store"
)

// Service is what the native API speaks for; *identify.Service is one. Every
// call stays within the tenant: what is another's is store.ErrNotFound. Calls
// that change what a search sees return the position in the change log.
type Service interface {
	// DefaultPolicy is what a new gallery gets where its owner does not say.
	DefaultPolicy() store.Policy
	CreateGallery(ctx context.Context, by store.Actor, g store.Gallery) (store.Gallery, error)
	Gallery(ctx context.Context, by store.Actor, name string) (store.Gallery, error)
	Galleries(ctx context.Context, by store.Actor, p store.Page) ([]store.Gallery, error)
	// UpdatePolicy replaces a gallery's policy by what change makes of the
	// gallery as it is; nothing comes between.
	UpdatePolicy(ctx context.Context, by store.Actor, name string, change func(store.Gallery) (store.Policy, error)) (store.Gallery, error)
	DeleteGallery(ctx context.Context, by store.Actor, name string) (uint64, error)

	Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error)
	Subject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (store.Subject, []store.Face, error)
	Subjects(ctx context.Context, by store.Actor, gallery string, p store.Page) ([]store.Subject, error)
	// UpdateMetadata replaces a subject's metadata by what change makes of the
	// subject as it is; nothing comes between.
	UpdateMetadata(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (uint64, error)
	DeleteFace(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID, face store.FaceID) (uint64, error)
	DeletePhotos(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID) error
	Photo(ctx context.Context, by store.Actor, gallery string, face store.FaceID) (store.Photo, error)

	Search(ctx context.Context, by store.Actor, req identify.SearchRequest) (identify.Answer, error)
	Verify(ctx context.Context, by store.Actor, req identify.VerifyRequest) (identify.Verification, error)
	Detect(ctx context.Context, req identify.DetectRequest) (identify.Detection, error)
}

// Keys tells whose key a text is; *access.Access does. A key that
// is not valid is access.ErrUnauthorized.
type Keys interface {
	Authenticate(ctx context.Context, text string) (access.Principal, error)
}
