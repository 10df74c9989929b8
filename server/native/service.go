package native

import (
	"context"
	"time"

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

	// Export tells a gallery's people, and Import adds some as Export tells them.
	Export(ctx context.Context, by store.Actor, gallery string, photos bool, begin func(store.Gallery) error, each func(identify.Kept) error, leftOut func(store.Face)) error
	Import(ctx context.Context, by store.Actor, gallery, pack string, people []identify.Kept) (identify.Imported, error)

	Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error)
	// Known tells of each photo whether it is enrolled already.
	Known(ctx context.Context, by store.Actor, gallery, importName string, photos []identify.PhotoOf) ([]bool, error)
	Subject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (store.Subject, []store.Face, error)
	// FindSubjects lists a gallery's subjects that pass a filter, and where the next
	// page begins; empty is the end.
	FindSubjects(ctx context.Context, by store.Actor, gallery string, f identify.SubjectFilter, p store.Page) (found []store.Subject, next string, err error)
	Counts(ctx context.Context, by store.Actor, gallery string) (store.Counts, error)
	// UpdateMetadata replaces a subject's metadata by what change makes of the
	// subject as it is; nothing comes between.
	UpdateMetadata(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (uint64, error)
	// EndSubject lets a subject be deleted after a while, unless KeepSubject comes first.
	EndSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, after time.Duration) (store.Subject, error)
	KeepSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (store.Subject, error)
	// Merge, Split and Move make faces of one person another's, whom they return.
	Merge(ctx context.Context, by store.Actor, gallery string, id, into store.SubjectID, metadata map[string]string) (store.Subject, uint64, error)
	Split(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, faces []store.FaceID, into store.SubjectID, create bool, metadata map[string]string) (store.Subject, uint64, error)
	Move(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, to string, as store.SubjectID) (store.Subject, uint64, error)
	DeleteFace(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID, face store.FaceID) (uint64, error)
	// SetAside takes a face out of searches without deleting it, or brings it back.
	SetAside(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID, face store.FaceID, aside bool) (uint64, error)
	Aside(ctx context.Context, by store.Actor, gallery string, p store.Page) ([]identify.AsideFace, error)
	DeletePhotos(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID) error
	Photo(ctx context.Context, by store.Actor, gallery string, face store.FaceID) (store.Photo, error)

	Search(ctx context.Context, by store.Actor, req identify.SearchRequest) (identify.Answer, error)
	SearchStored(ctx context.Context, by store.Actor, req identify.StoredRequest) (identify.StoredAnswer, error)
	Duplicates(ctx context.Context, by store.Actor, req identify.DuplicatesRequest) (identify.Duplicates, error)
	// Reviews are answers of several candidates, which a person decides.
	Reviews(ctx context.Context, by store.Actor, gallery string, decided bool, p store.Page) ([]identify.Review, error)
	Review(ctx context.Context, by store.Actor, gallery, id string) (identify.Review, error)
	ReviewPhoto(ctx context.Context, by store.Actor, gallery, id string) (store.Photo, error)
	Decide(ctx context.Context, by store.Actor, d identify.Decision) (identify.Review, error)
	// Searches are the tenant's last ones of this process, the newest first.
	Searches(by store.Actor) []identify.Searched
	// Thresholds tells what is expected of a gallery's answers.
	Thresholds(ctx context.Context, by store.Actor, req identify.ThresholdsRequest) (identify.Thresholds, error)
	Verify(ctx context.Context, by store.Actor, req identify.VerifyRequest) (identify.Verification, error)
	Detect(ctx context.Context, req identify.DetectRequest) (identify.Detection, error)
}

// Keys tells whose key a text is; *access.Access does. A key that
// is not valid is access.ErrUnauthorized.
type Keys interface {
	Authenticate(ctx context.Context, text string) (access.Principal, error)
}

// Issuer keeps the tenants' keys; *access.Access does.
type Issuer interface {
	// Issue makes a key that may do no more than the actor's own, and Page lists the
	// tenant's by id. Revoke ends one for good.
	// RevokeAlone leaves what the key made, RevokeWithMade does not, nor does Revoke but
	// where the key was revoked before; the actor's own key is then access.ErrMaker.
	RevokeAlone(ctx context.Context, by store.Actor, id store.KeyID) error
	RevokeWithMade(ctx context.Context, by store.Actor, id store.KeyID) error
	Issue(ctx context.Context, by store.Actor, name string, scopes []string, ends time.Time) (text string, key store.Key, err error)
	Page(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Key, error)
	Revoke(ctx context.Context, by store.Actor, id store.KeyID) error
	// Catalogue are the scopes that keys may have.
	Catalogue() []access.Scope
}

// Sessions tells whose a browser's session is; *access.Sessions does. One that has ended
// is access.ErrUnauthorized.
type Sessions interface {
	Session(ctx context.Context, token string, present bool) (access.Session, error)
}
