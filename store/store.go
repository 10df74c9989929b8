// Package store holds the nouns of the truth: tenants, keys, galleries,
// subjects and faces. The databases live in its sub-packages; storetest is
// the one conformance suite that each of them passes.
package store

import (
	"time"

	"oneton/face"
)

// Tenant is a customer. Nothing of one tenant is visible to another.
type Tenant struct {
	ID        TenantID
	Name      string
	CreatedAt time.Time
}

// Key is an API key or a dialect's client. The secret itself is never kept.
type Key struct {
	// ID is public: it leads the key's text and names it in logs.
	ID     KeyID
	Tenant TenantID
	Name   string
	// MAC is the HMAC-SHA256 of the secret under the server's pepper.
	MAC       []byte
	Scopes    []string
	CreatedAt time.Time
	// MadeBy is the key by which it was made, and empty where the operator made it.
	MadeBy KeyID
	// RevokedAt is zero while the key is not revoked.
	RevokedAt time.Time
	// EndsAt is from when on the key is invalid by itself; zero is never.
	EndsAt time.Time
	// Damage names the columns that cannot be read, as after a flipped bit, and
	// is empty as a rule. Their fields are zero; so it is in the nouns below.
	Damage string
}

// Valid tells whether the key is neither revoked nor past its end.
func (k Key) Valid(now time.Time) bool {
	return k.RevokedAt.IsZero() && (k.EndsAt.IsZero() || now.Before(k.EndsAt))
}

// Expired says how many faces of a gallery are past its retention, and when the
// oldest was enrolled.
type Expired struct {
	Tenant TenantID
	// Gallery is its name.
	Gallery string
	Faces   int
	Oldest  time.Time
}

// Gallery is a set of subjects that are searched together. It pins a model
// pack, since templates of different packs do not compare.
type Gallery struct {
	ID     GalleryID
	Tenant TenantID
	// Name is the owner's, unique within the tenant.
	Name      string
	Pack      string
	Policy    Policy
	CreatedAt time.Time
	Damage    string
}

// What can be damaged of a gallery: what it is found by, so that nothing of it is
// to be relied on, or its policy, which a new one mends.
const (
	DamagedGallery = "gallery"
	DamagedPolicy  = "policy"
)

// Damaged names something that is not as it was written and that no log tells of:
// a gallery or its policy (What is as Gallery.Damage), a key or a calibration.
type Damaged struct {
	What string
	// Tenant is empty for a calibration.
	Tenant TenantID
	// Name is the gallery's name, the key's id or the pack's name.
	Name string
}

// DamagedRow is the damage of a face of which nothing can be read.
const DamagedRow = "row"

// What else can be Damaged.
const (
	DamagedKey         = "key"
	DamagedCalibration = "calibration"
)

// Policy is what a gallery's owner decides about its answers and its data.
type Policy struct {
	// FPIR is the wanted false-positive identification rate (ISO/IEC
	// 19795-1), in (0, 1); the threshold follows from it, from the number of
	// enrolled faces and from the pack's calibration.
	FPIR float64 `json:"fpir"`
	// Quality is the gate at enrolment and search: GateOff, GateReport or
	// GateEnforce.
	Quality string `json:"quality"`
	// Liveness is the passive liveness check's mode, likewise.
	Liveness string `json:"liveness"`
	// Detail is how closely photos are looked at: DetailFast or DetailFull. Empty,
	// as in policies from before there was a choice, is DetailFast.
	Detail string `json:"detail,omitempty"`
	// KeepPhotos keeps the enrolled photos, which re-embedding with another
	// pack needs.
	KeepPhotos bool `json:"keep_photos"`
	// Retention is how long a face is kept after its enrolment; zero is
	// without end.
	Retention time.Duration `json:"retention"`
	// Review is how long an answer of several candidates waits for a person to decide;
	// zero keeps none.
	Review time.Duration `json:"review,omitempty"`
}

// The modes of a gallery's gates.
const (
	GateOff     = "off"
	GateReport  = "report"
	GateEnforce = "enforce"
)

const (
	// DetailFast looks at the whole photo alone.
	DetailFast = "fast"
	// DetailFull also looks for small faces and leaning heads, part by part.
	DetailFull = "full"
)

// Subject is a person in a gallery.
type Subject struct {
	Gallery GalleryID
	ID      SubjectID
	// Metadata is the owner's, flat, and can be filtered on.
	Metadata  map[string]string
	CreatedAt time.Time
	UpdatedAt time.Time
	// EndsAt is from when on the subject is to be deleted; zero is never.
	EndsAt time.Time
	// Faces is how many faces are enrolled, and Photos of how many the photo is kept;
	// stores fill them in on reading.
	Faces, Photos int
	Damage        string
}

// Face is one enrolled photo of a subject.
type Face struct {
	ID      FaceID
	Gallery GalleryID
	Subject SubjectID
	// Pack names the template space, a version of a pack; see Space.
	Pack     string
	Template face.Template
	// Box and Landmarks are in pixels of the photo when it was turned by
	// Rotation degrees clockwise: 0 as a rule, 90, 180 or 270.
	Box       face.Box
	Landmarks face.Landmarks
	Rotation  int
	Quality   face.Quality
	// PhotoSHA256 is set while the photo is kept.
	PhotoSHA256 []byte
	CreatedAt   time.Time
	// AsideAt is when the face was set aside: it is kept, and no view has it, so that
	// no search finds it. Zero is not.
	AsideAt time.Time
	// Damage names the columns that cannot be read; with a damaged template
	// the face cannot be compared, and Template is nil.
	Damage string
}

// Photo is an enrolled photo, byte for byte as it was received.
type Photo struct {
	MediaType string
	Bytes     []byte
}

// Page asks for at most Limit rows after the row named After, in the order
// of their ids; an empty After starts at the beginning.
type Page struct {
	After string
	Limit int
}

// Counts says how much a gallery holds.
type Counts struct{ Subjects, Faces int }
