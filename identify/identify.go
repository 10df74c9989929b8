// Package identify is the service: it enrols, identifies, verifies and
// deletes. It knows nothing of HTTP, of databases or of how vectors are
// searched; it declares what it needs of them.
package identify

import (
	"context"
	"time"

	"oneton/calibration"
	"oneton/face"
	"oneton/index"
	"oneton/photo"
	"oneton/store"
)

// Embedder makes templates of photos. The photo's bytes are read, never kept.
type Embedder interface {
	// Embed finds the faces in a photo, largest first, each with a template
	// of the pack and with what the checks asked for say of it. No face is an
	// empty list, not an error.
	Embed(ctx context.Context, pack string, content []byte, checks ...photo.Check) (photo.Result, error)
	// Calibration is the pack's own table; photo.ErrPack when it is not loaded.
	Calibration(pack string) (*calibration.Table, error)
	// Version is the loaded pack's; photo.ErrPack when it is not loaded.
	Version(pack string) (string, error)
	// Probe is the form of a template that is kept, in the loaded version of the pack, in
	// which it is compared with others.
	Probe(pack string, kept face.Template) (face.Template, error)
	// JudgesLiveness says whether the pack can; faces of one that cannot are
	// photo.Unknown.
	JudgesLiveness(pack string) bool
}

// Index answers searches; see package index for the contract.
type Index interface {
	// Search answers q; its errors are index.ErrQuery and index.ErrUnavailable.
	Search(ctx context.Context, q index.Query) (index.Result, error)
	// Faces is how many faces the gallery holds in the space of the pack.
	Faces(ctx context.Context, scope index.Scope) (int, error)
}

// Follower tells how far the index has come.
type Follower interface {
	// Wait returns once the index has applied the log up to position, or
	// ctx's error.
	Wait(ctx context.Context, position uint64) error
	// WaitFor is Wait for the changes of one gallery, by its internal id.
	WaitFor(ctx context.Context, tenant store.TenantID, gallery store.GalleryID, position uint64) error
	// Notify says that the log has grown, so that the index need not poll.
	Notify()
}

// Store is the truth; see package store for its nouns and errors. Every
// method is atomic. Those that change what an index sees return the log
// position at which they did. What is also done belongs to the write: its error
// leaves all as it was.
type Store interface {
	store.DB

	CreateGallery(ctx context.Context, g store.Gallery, also ...func(store.Tx) error) error
	Gallery(ctx context.Context, tenant store.TenantID, name string) (store.Gallery, error)
	Galleries(ctx context.Context, tenant store.TenantID, p store.Page) ([]store.Gallery, error)
	// UpdatePolicy replaces a gallery's policy by what change makes of the
	// gallery as it is, and returns it; no other change comes between. Other
	// writes wait for change, whose error leaves all as it was.
	UpdatePolicy(ctx context.Context, tenant store.TenantID, name string, change func(store.Gallery) (store.Policy, error), also ...func(store.Tx) error) (store.Gallery, error)
	DeleteGallery(ctx context.Context, tenant store.TenantID, name string, also ...func(store.Tx) error) (uint64, error)

	// Enrol adds faces to a subject in one transaction, photo i belonging to
	// face i (photos may be nil). It creates the subject when it is absent;
	// when create is set and the subject is there it is ErrExists, and when
	// create is not set and the subject is absent it is ErrNotFound. A face's id that
	// is taken is ErrExists, too.
	Enrol(ctx context.Context, sub store.Subject, faces []store.Face, photos []store.Photo, create bool, also ...func(store.Tx) error) (uint64, error)
	// EnrolAsOf adds a new subject as Enrol does, unless a newcomer is the same
	// person: store.ErrConflict. Newcomers are the templates, of the first
	// face's pack, that were enrolled in the gallery after position seen; more
	// than store.MaxNewcomers are a conflict, too.
	EnrolAsOf(ctx context.Context, seen uint64, same func(newcomer face.Template) bool, sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error)
	Subject(ctx context.Context, gallery store.GalleryID, id store.SubjectID) (store.Subject, error)
	Subjects(ctx context.Context, gallery store.GalleryID, p store.Page) ([]store.Subject, error)
	// SubjectsOf returns the subjects of those of the faces that the gallery
	// has, by the face's id, all as of one moment.
	SubjectsOf(ctx context.Context, gallery store.GalleryID, faces []store.FaceID) (map[store.FaceID]store.Subject, error)
	// UpdateMetadata replaces a subject's metadata by what change makes of the
	// subject as it is, and returns the subject as changed; no other change
	// comes between. Other writes wait for change, whose error leaves all as
	// it was.
	UpdateMetadata(ctx context.Context, gallery store.GalleryID, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, also ...func(store.Tx) error) (uint64, error)
	// EndSubject notes that a subject is to be deleted after a while, or with 0 never.
	// Until then faces are not added to it: store.ErrEnding.
	EndSubject(ctx context.Context, gallery store.GalleryID, id store.SubjectID, after time.Duration, also ...func(store.Tx) error) (store.Subject, error)
	// EndedSubjects are some of those, of any tenant, whose end has come, in an order in
	// which they come after the one given, and DeleteEndedSubject deletes one; when it is
	// gone or to stay it is store.ErrNotFound.
	EndedSubjects(ctx context.Context, after store.Ended, limit int) ([]store.Ended, error)
	DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (uint64, error)
	// Reassign makes faces of one person another's. decide is told both as they are, and
	// says what the other is to be; nothing comes between, other writes wait for it, and
	// its error leaves all as it was.
	Reassign(ctx context.Context, r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error), also ...func(store.Tx) error) (store.Subject, uint64, error)
	// Counts is how much a gallery holds. It looks at every row.
	Counts(ctx context.Context, gallery store.GalleryID) (store.Counts, error)

	// Faces lists a subject's faces with their templates, oldest first.
	Faces(ctx context.Context, gallery store.GalleryID, subject store.SubjectID) ([]store.Face, error)
	DeleteFace(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, also ...func(store.Tx) error) (uint64, error)
	// SetAside takes a face out of every view, at a time, or with the zero time back
	// into them. Where it is so already nothing is changed, nor also done.
	SetAside(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, face store.FaceID, at time.Time, also ...func(store.Tx) error) (changed bool, position uint64, err error)
	// Photo is the kept photo of a face, or store.ErrNotFound.
	Photo(ctx context.Context, gallery store.GalleryID, face store.FaceID) (store.Photo, error)
	// DeletePhotos removes a subject's kept photos and leaves its faces; it
	// is store.ErrNotFound when none was kept.
	DeletePhotos(ctx context.Context, gallery store.GalleryID, subject store.SubjectID, also ...func(store.Tx) error) error

	// Space is in which template space the pack's galleries are searched. Faces
	// of others are not enrolled: store.ErrSpace.
	Space(ctx context.Context, pack string) (store.Space, error)

	// Position is that of the log's end, and PositionOf that of a gallery's last
	// change; when the gallery is gone it is store.ErrNotFound.
	Position(ctx context.Context) (uint64, error)
	PositionOf(ctx context.Context, gallery store.GalleryID) (uint64, error)
}

// Outcome is which of the three answers a search has.
type Outcome string

// The three answers.
const (
	Nobody  Outcome = "nobody"
	One     Outcome = "one"
	Several Outcome = "several"
)

// EnrolRequest adds photos of one person to a gallery.
type EnrolRequest struct {
	Gallery string
	// Subject is the owner's id; empty makes a new one. With Create set it
	// must be free, otherwise it must exist, unless OrCreate is set.
	Subject store.SubjectID
	Create  bool
	// OrCreate makes the subject, with the Metadata, where there is none.
	OrCreate bool
	// Once leaves out the photos that were enrolled for the subject with Once
	// before, byte for byte, and whose faces are there. The record of that is the
	// face's id, so it is made and lost together with the face.
	Once bool
	// Import, where it is not empty, lets faces be added to no subject but those
	// that requests of the same Import made: others are store.ErrExists.
	Import string
	// DryRun does everything but store.
	DryRun bool
	// Also is done in the transaction that adds the faces; its error leaves all as it
	// was. Nil is nothing.
	Also     func(tx store.Tx, faces []store.Face) error
	Metadata map[string]string
	Photos   [][]byte
	// Seen are the photos' faces where the caller has them.
	Seen Portraits
	// Detail replaces the gallery's unless it is empty.
	Detail string
}

// Portraits are faces that Portrait found, one in each of a request's photos: these
// are not looked at again, unless the gallery is of another pack or its policy asks
// for more than Portrait looks for.
type Portraits struct {
	// Pack made them; empty is the default one.
	Pack  string
	Faces []photo.Face
}

// Enrolled says what became of an enrolment.
type Enrolled struct {
	Subject store.Subject
	// Faces are those this request added, one a photo, in its order.
	Faces []store.Face
	// Present are the faces of the photos that were left out; see EnrolRequest.Once.
	Present []store.FaceID
	// Liveness is what the check says of each of them, nil where the gallery
	// asks for none. It is not kept.
	Liveness []*photo.Liveness
	Position uint64
	Timings  Timings
}

// SearchRequest asks who is on a photo, or on several photos of one person.
type SearchRequest struct {
	Gallery string
	// Photos are one, or up to MaxProbes of the same person: then the mean of
	// their templates is searched, which misses fewer people. Those that cannot
	// be compared are left out, and if none is left, the answer is Nobody.
	Photos [][]byte
	// Seen are the photos' faces where the caller has them.
	Seen Portraits
	// K is the most candidates to return; 0 means 5.
	K int
	// FPIR overrides the gallery's wanted rate when above 0.
	FPIR float64
	// Threshold, when set, is a cosine that replaces the calibrated one.
	Threshold *float64
	Filter    map[string][]string
	// AllFaces searches every face of one photo, and a face that the gate
	// refuses, or that cannot be compared, matches nobody, for its quality's
	// reasons; otherwise the one that is clearly the subject is searched, else
	// it is ErrSeveralFaces; see Subject.
	AllFaces bool
	// Detail replaces the gallery's unless it is empty.
	Detail string
	// Insert enrols the photos as a new subject when the answer is Nobody, if
	// an enrolment would take them: else it is ErrLowQuality.
	Insert   bool
	Metadata map[string]string
	// Position makes the search wait for an index that has come this far, for
	// Config.PositionWait at most: then it is ErrPositionNotReached or
	// ErrPositionAhead. 0 waits for every change of the gallery that was
	// acknowledged before the call.
	Position uint64
}

// Answer is the answer to one search.
type Answer struct {
	// Probes has one entry for each face searched, largest first.
	Probes []ProbeAnswer
	// Inserted is set when the probe was enrolled.
	Inserted *Enrolled
	// LeftOut is how many more faces a photo of which all are searched shows.
	LeftOut  int
	Position uint64
	Timings  Timings
}

// ProbeAnswer is the answer for one face of the photo.
type ProbeAnswer struct {
	// Face is the face searched; of several photos, the first that was. When
	// it is not Comparable the answer is Nobody, for its quality's reasons.
	Face    photo.Face
	Outcome Outcome
	// Candidates are the K best of the subjects at or above the threshold, best
	// first. Outcome rests on all of them: Several has two or more, of which a
	// K of 1 names one, and Nobody has none.
	Candidates []Candidate
	// Threshold is the cosine that was applied, and Faces the number of
	// enrolled faces it follows from. Extrapolated says that it rests on the
	// calibration's fitted tail, beyond what the calibration's data could show.
	Threshold    float64
	Extrapolated bool
	Faces        int
	// FPIR is the share of strangers' searches that find somebody at that threshold.
	FPIR float64
	// Review names where the answer waits for a person to decide; empty is nowhere.
	Review string
	// best is the best cosine in the gallery, where it is known.
	best *float64
	// work is what the index went over.
	work index.Work
	// ranked are the candidates, two at least where there are several.
	ranked []Candidate
}

// Candidate is one subject that the probe may show.
type Candidate struct {
	Subject  store.SubjectID
	Face     store.FaceID
	Metadata map[string]string
	Cosine   float64
	// Score is the calibrated score, 0 to 100; see package calibration.
	Score float64
}

// VerifyRequest compares a photo with another photo or with a subject:
// exactly one of Reference and Subject is set.
type VerifyRequest struct {
	Photo     []byte
	Reference []byte
	// Gallery and Subject name the enrolled person. Without a gallery, Pack
	// says which pack compares the photos; empty is the default pack.
	Gallery string
	Subject store.SubjectID
	Pack    string
	// FMR is the wanted false-match rate; 0 means 1e-4.
	FMR float64
	// Detail replaces the gallery's unless it is empty.
	Detail string
}

// Verification is the answer to one comparison.
type Verification struct {
	Match bool
	// Cosine is -1 when the probe or the reference is not Comparable.
	Cosine    float64
	Score     float64
	FMR       float64
	Threshold float64
	// Extrapolated is as in ProbeAnswer.
	Extrapolated bool
	// Probe and Reference are the faces compared; Reference is nil when a
	// subject was compared, and then Face names its nearest face.
	Probe     photo.Face
	Reference *photo.Face
	Face      store.FaceID
	Timings   Timings
}

// Timings says where the time of one answer went.
type Timings struct {
	photo.Timings
	Wait   time.Duration
	Search time.Duration
	Store  time.Duration
	Total  time.Duration
}

// DetectRequest asks for the faces of a photo.
type DetectRequest struct {
	Photo []byte
	// Pack is the model pack; empty is the default one.
	Pack string
	// Liveness asks for the liveness check.
	Liveness bool
	// Detail is as in store.Policy.
	Detail string
}

// Detection is what Detect answers.
type Detection struct {
	// Width, Height and Rotation are as in photo.Result.
	Width, Height, Rotation int

	Faces []photo.Face
	// LeftOut is how many more faces the photo shows.
	LeftOut int
	Timings Timings
}
