package kyc

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"oneton/audit"
	"oneton/job"
	"oneton/store"
)

// User is somebody who was registered from an attempt.
type User struct {
	ID           string
	DocumentID   string
	DocumentType string
	// Metadata is the owner's, a JSON object.
	Metadata  json.RawMessage
	Attempt   string
	CreatedAt time.Time
	UpdatedAt time.Time

	face string
}

// NewUser is to be registered.
type NewUser struct {
	Attempt      string
	DocumentID   string
	DocumentType string
	// Metadata is a JSON object; empty is what the attempt's workflow was given, or {}.
	Metadata json.RawMessage
}

const userColumns = `SELECT id, document_id, document_type, metadata, attempt, face, created_at, updated_at FROM kyc_users `

func scanUser(row store.Row) (u User, err error) {
	var metadata string
	err = row.Scan(&u.ID, &u.DocumentID, &u.DocumentType, &metadata, &u.Attempt, &u.face, &u.CreatedAt, &u.UpdatedAt)
	u.Metadata = json.RawMessage(metadata)
	return u, err
}

// documentKey is a document's number as it is compared: its letters and digits alone,
// in capitals.
func documentKey(id string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToUpper(r)
	}, norm.NFKC.String(id))
}

// User is one of the tenant's, or a NotFoundError.
func (s *Service) User(ctx context.Context, by store.Actor, id string) (User, error) {
	return read(ctx, s.db, "user", id, scanUser, userColumns+`WHERE id = $1 AND tenant = $2`, id, by.Tenant)
}

// UserByDocument is the user with a document of that number, whatever its separators
// and the case of its letters. Where documents of two types have it, it is the user
// who was registered first.
func (s *Service) UserByDocument(ctx context.Context, by store.Actor, documentID string) (User, error) {
	return read(ctx, s.db, "user", documentID, scanUser, userColumns+`WHERE tenant = $1 AND document_key = $2 ORDER BY created_at, id`,
		by.Tenant, documentKey(documentID))
}

// CreateUser registers a user from an attempt at signing up that has the status
// SUCCESS, with the face that the attempt keeps. Asked again for the same attempt and
// document, it answers the same user. Errors are argument.Error, NotFoundError,
// ErrNotRegistrable, ErrRegistered and ErrDocumentTaken.
func (s *Service) CreateUser(ctx context.Context, by store.Actor, n NewUser) (User, error) {
	key := documentKey(n.DocumentID)
	switch {
	case key == "" || len(n.DocumentID) > MaxText || !store.ValidText(n.DocumentID):
		return User{}, invalid("documentId", "must be text of at most %d bytes with a letter or a digit", MaxText)
	case !slices.Contains(DocumentTypes(), n.DocumentType):
		return User{}, invalid("documentType", "must be one of the following: %s", strings.Join(DocumentTypes(), ", "))
	}
	if len(n.Metadata) > 0 {
		var err error
		if n.Metadata, err = object("metadata", n.Metadata); err != nil {
			return User{}, err
		}
	}
	attempt, err := s.registrable(ctx, by, n.Attempt)
	if err != nil {
		return User{}, err
	}
	// The face is a user's from before there is a user: until then it names nobody.
	if attempt.face != "" {
		if err := s.markFace(ctx, by, attempt.face); err != nil {
			return User{}, err
		}
	}
	now := s.now()
	var u User
	err = s.db.Update(ctx, "register user", func(tx store.Tx) (err error) {
		u, err = s.register(tx, by, now, n, key)
		return err
	})
	return u, err
}

// registrable is an attempt from which a user may be registered.
func (s *Service) registrable(ctx context.Context, by store.Actor, id string) (attemptRow, error) {
	a, err := read(ctx, s.db, "attempt", id, scanAttempt, oneAttempt, id, by.Tenant)
	if err == nil && (a.Kind != Signup || a.Status != Success) {
		err = ErrNotRegistrable
	}
	return a, err
}

func (s *Service) register(tx store.Tx, by store.Actor, now time.Time, n NewUser, key string) (User, error) {
	known, err := store.OneOf(tx, scanUser, userColumns+`WHERE tenant = $1 AND attempt = $2`, by.Tenant, n.Attempt)
	switch {
	case err == nil && documentKey(known.DocumentID) == key && known.DocumentType == n.DocumentType:
		return known, nil
	case err == nil:
		return User{}, ErrRegistered
	case !errors.Is(err, store.ErrNotFound):
		return User{}, err
	}
	a, err := found(tx, "attempt", n.Attempt, scanAttempt, oneAttempt, n.Attempt, by.Tenant)
	if err != nil {
		return User{}, err
	}
	metadata := string(n.Metadata)
	if metadata == "" {
		metadata = a.metadata
	}
	if metadata == "" {
		metadata = "{}"
	}
	u := User{
		ID: newID(now), DocumentID: n.DocumentID, DocumentType: n.DocumentType, Metadata: json.RawMessage(metadata),
		Attempt: n.Attempt, CreatedAt: now, UpdatedAt: now, face: a.face,
	}
	rows, err := tx.Exec(`INSERT INTO kyc_users (id, tenant, document_id, document_key, document_type, metadata, attempt, face, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9) ON CONFLICT DO NOTHING`,
		u.ID, by.Tenant, u.DocumentID, key, u.DocumentType, metadata, u.Attempt, u.face, now)
	if err == nil && rows == 0 {
		err = ErrDocumentTaken
	}
	if err != nil {
		return User{}, err
	}
	if _, err := tx.Exec(`UPDATE kyc_attempts SET person = $1 WHERE id = $2`, u.ID, u.Attempt); err != nil {
		return User{}, err
	}
	if err := keepFace(tx, u.face, never); err != nil {
		return User{}, err
	}
	if err := audit.By(by, audit.UserCreated, u.ID).Record(tx); err != nil {
		return User{}, err
	}
	return u, s.rooms.Events.Emit(tx, by.Tenant, UserCreated, map[string]any{"user": u.ID, "attempt": u.Attempt, "at": now})
}

// DeleteUser removes a user with the face, and every attempt that was about the user
// with its stages, its history, its kept photos and what its jobs said: when it
// returns, nothing of them is left but that it was done.
func (s *Service) DeleteUser(ctx context.Context, by store.Actor, id string) error {
	u, err := s.User(ctx, by, id)
	if err != nil {
		return err
	}
	// Jobs that still run could only bring back what is to go.
	jobs, err := store.List(ctx, s.db, "find jobs", scanText, `SELECT j.id FROM kyc_jobs j JOIN kyc_attempts a ON a.id = j.attempt
		WHERE a.tenant = $1 AND (a.person = $2 OR a.id = $3) AND j.ended_at IS NULL`, by.Tenant, id, u.Attempt)
	if err != nil {
		return err
	}
	for _, j := range jobs {
		if _, err := s.rooms.Jobs.Cancel(ctx, by.Tenant, job.ID(j)); err != nil && !errors.Is(err, job.ErrEnded) && !errors.Is(err, store.ErrNotFound) {
			return err
		}
	}
	faces, err := store.List(ctx, s.db, "find faces", scanFace, `SELECT f.subject, f.gallery, f.tenant FROM kyc_faces f LEFT JOIN kyc_attempts a ON a.id = f.attempt
		WHERE f.tenant = $1 AND (f.subject = $2 OR f.attempt = $3 OR a.person = $4)`, by.Tenant, u.face, u.Attempt, id)
	if err != nil {
		return err
	}
	// The face first: what is done half can be asked for again.
	for _, f := range faces {
		if err := s.deleteFace(ctx, by, f); err != nil {
			return err
		}
	}
	return audit.Removing(audit.By(by, audit.UserDeleted, id), func(also ...func(store.Tx) error) error {
		return s.db.Remove(ctx, "delete user", func(tx store.Tx) error {
			if err := eraseUser(tx, by.Tenant, id, u.Attempt); err != nil {
				return err
			}
			if len(also) > 0 { // on a full disk the removal goes before the telling
				also = append(also, func(tx store.Tx) error {
					return s.rooms.Events.Emit(tx, by.Tenant, UserDeleted, map[string]any{"user": id, "at": s.now()})
				})
			}
			return store.Run(tx, also)
		})
	})
}

func eraseUser(tx store.Tx, tenant store.TenantID, id, attempt string) error {
	n, err := tx.Exec(`DELETE FROM kyc_users WHERE id = $1 AND tenant = $2`, id, tenant)
	if err == nil && n == 0 {
		err = &NotFoundError{Kind: "user", ID: id}
	}
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM kyc_attempts WHERE tenant = $1 AND (person = $2 OR id = $3)`, tenant, id, attempt)
	return err
}

// Forget removes a user and their attempts from a database that no service works on. The
// face is a subject of a gallery, and removed as such.
func Forget(ctx context.Context, db store.DB, tenant store.TenantID, id string, also ...func(store.Tx) error) error {
	return db.Remove(ctx, "forget user", func(tx store.Tx) error {
		u, err := found(tx, "user", id, scanUser, userColumns+`WHERE id = $1 AND tenant = $2`, id, tenant)
		if err == nil {
			err = eraseUser(tx, tenant, id, u.Attempt)
		}
		if err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// user is the one whom a validation is about.
func (r *run) user(ctx context.Context) (User, error) {
	var u User
	var err error
	argument := "userId"
	if id := r.field("userId"); id != "" {
		u, err = r.s.User(ctx, r.by, id)
	} else {
		argument = "documentId"
		key := documentKey(r.field("documentId"))
		u, err = read(ctx, r.s.db, "user", "", scanUser, userColumns+`WHERE tenant = $1 AND document_key = $2 AND ($3 = '' OR document_type = $3) ORDER BY created_at, id`,
			r.by.Tenant, key, r.field("documentType"))
	}
	if errors.Is(err, ErrNotFound) {
		err = &RefusedError{UnknownUser, argument, "no user is registered with it"}
	}
	return u, err
}
