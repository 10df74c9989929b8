package store

// The ids by which the truth is found. Each is a text of its own type, so that none
// is taken for another, nor a gallery's id for its owner's name of it.
type (
	// TenantID is a customer's.
	TenantID string
	// KeyID is an API key's; it is public.
	KeyID string
	// GalleryID is internal and never reused: a gallery deleted and made again
	// under the same name is another gallery.
	GalleryID string
	// SubjectID is the owner's id of a person, unique within the gallery.
	SubjectID string
	// FaceID is a UUID.
	FaceID string
)

// Actor is for whom a service acts, and on whose request.
type Actor struct {
	Tenant TenantID
	// Key is whose request it is; empty for the program's own work and its commands.
	Key KeyID
	// Request names the request in the log; empty where there is none.
	Request string
}
