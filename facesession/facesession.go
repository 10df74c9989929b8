// Package facesession lets a person show, before a camera, that they are whom a photo
// shows: a client opens a session with the photo, a page takes the person through steps
// that are drawn at random, and a signed result tells the client what came of it. After
// ten minutes nothing of the session is left, and what is kept until then is sealed
// under a key that follows from the session's id, which is kept nowhere. It knows
// nothing of HTTP, of databases or of how pictures are read; it declares what it needs
// of them.
package facesession

import (
	"context"
	"embed"
	"fmt"
	"sync"

	"oneton/identify"
	"oneton/photo"
	"oneton/store"
)

// Secret is an installation's keys, each of the versions for a purpose, the one to
// make new things with first; secret.Ring has them.
type Secret interface {
	Keys(purpose string) ([][]byte, error)
}

// Clients are the keys that open sessions.
type Clients interface {
	// Key is the one of that id, or store.ErrNotFound.
	Key(ctx context.Context, id store.KeyID) (store.Key, error)
}

// Faces finds, compares, searches and keeps faces; see identify.Service.
type Faces interface {
	// Portrait is the face of a photo that must show one person.
	Portrait(ctx context.Context, pack, argument string, content []byte) (photo.Face, error)
	Verify(ctx context.Context, by store.Actor, req identify.VerifyRequest) (identify.Verification, error)
	Search(ctx context.Context, by store.Actor, req identify.SearchRequest) (identify.Answer, error)
	DefaultPolicy() store.Policy
	CreateGallery(ctx context.Context, by store.Actor, g store.Gallery) (store.Gallery, error)
	DeleteSubject(ctx context.Context, by store.Actor, gallery string, id store.SubjectID) (uint64, error)
}

// Signer signs results.
type Signer interface {
	// Issuer is who says so, by whom clients know the keys.
	Issuer() string
	// Sign makes a compact JWS of the claims, as JSON encodes them.
	Sign(ctx context.Context, claims any) (compact string, err error)
}

// Events tells the tenant's receivers of what has happened.
type Events interface {
	// Emit does so if the transaction is made true.
	Emit(tx store.Tx, tenant store.TenantID, kind string, data any) error
}

// Rooms are those that a Service works with.
type Rooms struct {
	Clients Clients
	Faces   Faces
	Checks  Checks
	Signer  Signer
	Events  Events
}

// Service opens sessions, takes people through them, and makes results. It is safe for
// concurrent use, and any number of them may share a database.
type Service struct {
	cfg   Config
	db    store.DB
	seals seals
	once  once
	rooms Rooms

	mu sync.Mutex
	// guiding are the sessions for which a frame is looked at, or was just now.
	guiding map[string]struct{}
	// looking is how many of the frames are looked at now.
	looking int
	// called are the calls that were made just now; see admit.
	called map[string]struct{}
}

// NewService returns a service. The database has been migrated.
func NewService(cfg Config, secret Secret, db store.DB, rooms Rooms) (*Service, error) {
	s := &Service{cfg: cfg.filled(), db: db, rooms: rooms, guiding: make(map[string]struct{}), called: make(map[string]struct{})}
	var err error
	if s.seals, err = secret.Keys("face sessions"); err != nil {
		return nil, fmt.Errorf("seal face sessions: %w", err)
	}
	if s.once, err = secret.Keys("what comes once in face sessions"); err != nil {
		return nil, fmt.Errorf("tell what comes twice in face sessions: %w", err)
	}
	return s, nil
}

// Ready is ErrOff where no step can be checked, and so no session opened.
func (s *Service) Ready() error {
	if len(s.rooms.Checks.Plan()) == 0 {
		return ErrOff
	}
	return nil
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables in the database, which must be done before NewService.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "facesession", migrations)
}
