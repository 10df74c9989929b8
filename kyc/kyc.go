// Package kyc lets people show who they are: in a session their face, their document
// and their clips are checked, each check as a job, and what came of it is kept as a
// stage of the attempt; from one that succeeded a user is registered, whose face is
// known from then on. It knows nothing of HTTP, of databases or of how pictures are
// read; it declares what it needs of them.
package kyc

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"oneton/identify"
	"oneton/job"
	"oneton/photo"
	"oneton/store"
)

// Secret is an installation's keys, each of the versions for a purpose, the one to
// make new things with first; secret.Ring has them.
type Secret interface {
	Keys(purpose string) ([][]byte, error)
}

// Keys are those that may call.
type Keys interface {
	// Key is the one of that id, or store.ErrNotFound.
	Key(ctx context.Context, id store.KeyID) (store.Key, error)
}

// Faces finds, compares, keeps and forgets faces; see identify.Service.
type Faces interface {
	Detect(ctx context.Context, req identify.DetectRequest) (identify.Detection, error)
	// Portrait is the face of a photo that must show one person.
	Portrait(ctx context.Context, pack, argument string, content []byte) (photo.Face, error)
	Compare(ctx context.Context, pack string, probe, reference photo.Face) (identify.Likeness, error)
	Verify(ctx context.Context, by store.Actor, req identify.VerifyRequest) (identify.Verification, error)
	Search(ctx context.Context, by store.Actor, req identify.SearchRequest) (identify.Answer, error)
	CreateGallery(ctx context.Context, by store.Actor, g store.Gallery) (store.Gallery, error)
	Enrol(ctx context.Context, by store.Actor, req identify.EnrolRequest) (identify.Enrolled, error)
	UpdateMetadata(ctx context.Context, by store.Actor, gallery string, id store.SubjectID, change func(store.Subject) (map[string]string, error)) (store.Subject, uint64, error)
	DeleteSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (uint64, error)
}

// Documents reads identity documents.
type Documents interface {
	// Read tells what a photo shows of a document. Its errors are those of photos, or
	// made by Refuse; a photo of something else is a Document of no type.
	Read(ctx context.Context, content []byte) (Document, error)
}

// Document is what a photo shows of one.
type Document struct {
	// Type is CEDULA or PASSPORT, by the evidence found; empty where that is for none.
	Type string
	// Side is FRONT or BACK; empty where it is not known.
	Side string
	// Number is the document's own, and Sure says that its check digits hold and that
	// no other reading of it does.
	Number string
	Sure   bool
	// Portrait is the holder's picture on it, with its template; nil where none was
	// found.
	Portrait *photo.Face
	// Data is what else was read, by its name, for whoever reviews it.
	Data map[string]any
}

// Clips judges videos.
type Clips interface {
	// Smiles and Blinks tell whether the one face of a clip does, which a still photo
	// does not. Errors are made by Refuse.
	Smiles(ctx context.Context, clip []byte) (bool, error)
	Blinks(ctx context.Context, clip []byte) (bool, error)
}

// Jobs is durable work; see job.Queue.
type Jobs interface {
	Add(tx store.Tx, n job.New) (job.ID, error)
	Handle(kind string, k job.Kind)
	Get(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
	Wait(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
	Cancel(ctx context.Context, tenant store.TenantID, id job.ID) (job.State, error)
}

// Events tells the tenant's receivers of what has happened.
type Events interface {
	// Emit does so if the transaction is made true.
	Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error
}

// Rooms are those that a Service works with.
type Rooms struct {
	Faces     Faces
	Documents Documents
	Clips     Clips
	Jobs      Jobs
	Events    Events
	Keys      Keys
}

// Service opens sessions, checks, keeps attempts and registers users. It is safe for
// concurrent use.
type Service struct {
	cfg       Config
	db        store.DB
	rooms     Rooms
	macs      macs
	workflows map[string]Workflow
}

// New returns a service whose work is done by the queue of the rooms, to which it
// adds its kind of job. The database has been migrated. It is ErrWorkflow when a
// workflow that the configuration defines cannot work.
func New(cfg Config, secret Secret, db store.DB, rooms Rooms) (*Service, error) {
	cfg = cfg.filled()
	keys, err := secret.Keys("kyc sessions")
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, db: db, rooms: rooms, macs: keys}
	if s.workflows, err = workflows(cfg); err != nil {
		return nil, err
	}
	rooms.Jobs.Handle(jobKind, job.Kind{Do: s.do, Attempts: tries, Backoff: func(attempt int) time.Duration { return job.Backoff(attempt) / hurry }})
	return s, nil
}

// Somebody waits for a check: it is tried again soon, and for some minutes in all.
const (
	tries = 12
	hurry = 5
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables in the database, which must be done before New.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "kyc", migrations)
}

// now is the time to store, in the microseconds that every store keeps.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

// newID is an id of 24 hexadecimal digits that nobody has: the time in seconds, so
// that ids made later are greater, and 64 random bits.
func newID(now time.Time) string {
	const size = 12
	id := make([]byte, size)
	binary.BigEndian.PutUint32(id, uint32(now.Unix())) //nolint:gosec // until the year 2106
	_, _ = rand.Read(id[4:])                           // never fails
	return hex.EncodeToString(id)
}

// found is the row of a query, or a NotFoundError.
func found[T any](r store.Reader, kind, id string, scan func(store.Row) (T, error), query string, args ...any) (T, error) {
	v, err := store.OneOf(r, scan, query, args...)
	if errors.Is(err, store.ErrNotFound) {
		err = &NotFoundError{Kind: kind, ID: id}
	}
	return v, err
}

// read is found outside of a transaction.
func read[T any](ctx context.Context, db store.DB, kind, id string, scan func(store.Row) (T, error), query string, args ...any) (v T, err error) {
	err = db.Read(ctx, "read "+kind, func(r store.Reader) (err error) {
		v, err = found(r, kind, id, scan, query, args...)
		return err
	})
	if errors.Is(err, store.ErrNotFound) { // asked for what no row can have
		err = &NotFoundError{Kind: kind, ID: id}
	}
	return v, err
}

func scanText(row store.Row) (text string, err error) {
	err = row.Scan(&text)
	return text, err
}

// largest is the face of the largest box, the first of them: on a document the ghost
// picture is smaller than the portrait.
func largest(faces []photo.Face) (photo.Face, error) {
	if len(faces) == 0 {
		return photo.Face{}, identify.ErrNoFace
	}
	best := faces[0]
	for _, f := range faces[1:] {
		if f.Box.Area() > best.Box.Area() {
			best = f
		}
	}
	if best.Quality.InterEye < photo.MinInterEye {
		return photo.Face{}, fmt.Errorf("%w: %.0f pixels between the eyes", identify.ErrFaceTooSmall, best.Quality.InterEye)
	}
	return best, nil
}
