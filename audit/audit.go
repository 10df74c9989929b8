// Package audit keeps who changed what: a row for each act of management, written
// in the transaction of the act itself, so that there is none without the other. It
// names what was changed by its id or its owner's name, and holds no metadata,
// photo, template or secret.
package audit

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"oneton/store"
)

// Verb is what was done.
type Verb string

// The acts that leave a row, and what their rows name.
const (
	TenantCreated    Verb = "tenant.created"
	TenantDeleted    Verb = "tenant.deleted"
	KeyCreated       Verb = "key.created"       // the key's id
	KeyRevoked       Verb = "key.revoked"       // the key's id
	SessionOpened    Verb = "session.opened"    // the id of the key that a browser signed in with
	GalleryCreated   Verb = "gallery.created"   // the gallery's name
	PolicyChanged    Verb = "gallery.changed"   // the gallery's name
	GalleryDeleted   Verb = "gallery.deleted"   // the gallery's name
	GalleryExported  Verb = "gallery.exported"  // the gallery's name
	GalleryImported  Verb = "gallery.imported"  // the gallery's name
	SubjectDeleted   Verb = "subject.deleted"   // the gallery's name, a slash, and the subject's id
	FaceDeleted      Verb = "face.deleted"      // the gallery's name, a slash, the subject's id, a slash, and the face's
	PhotosDeleted    Verb = "photos.deleted"    // the gallery's name, a slash, and the subject's id
	GalleryEvaluated Verb = "gallery.evaluated" // the gallery's name
	ReviewDecided    Verb = "review.decided"    // the gallery's name, a slash, the review's id, a slash, and what was decided
	FaceSetAside     Verb = "face.set_aside"    // the gallery's name, a slash, the subject's id, a slash, and the face's
	FaceBroughtBack  Verb = "face.brought_back" // likewise
	SubjectEnding    Verb = "subject.ending"    // the gallery's name, a slash, the subject's id, a space, and how long after the deed it is to be deleted
	SubjectKept      Verb = "subject.kept"      // the gallery's name, a slash, and the subject's id; it is not, after all
	SubjectMerged    Verb = "subject.merged"    // likewise, a space, and likewise whom it is one with
	SubjectSplit     Verb = "subject.split"     // likewise, a space, likewise whose some faces are now, and each face's id after a space
	SubjectMoved     Verb = "subject.moved"     // likewise, a space, and likewise where it is
	CalibrationSet   Verb = "calibration.set"   // the template space
	CalibrationReset Verb = "calibration.reset" // the template space

	IdentityTokenCreated Verb = "identity_token.created" // the token's id
	IdentityTokenRotated Verb = "identity_token.rotated" // the id of the one replaced
	IdentityTokenRevoked Verb = "identity_token.revoked" // the token's id

	AttemptCreated Verb = "attempt.created" // the attempt's id
	AttemptChanged Verb = "attempt.changed" // the attempt's id
	UserCreated    Verb = "user.created"    // the user's id
	UserDeleted    Verb = "user.deleted"    // the user's id

	SigningKeyCreated Verb = "signing_key.created" // the key's id
	SigningKeyRevoked Verb = "signing_key.revoked" // the key's id

	WebhookCreated     Verb = "webhook.created"     // the endpoint's id
	WebhookChanged     Verb = "webhook.changed"     // the endpoint's id
	WebhookRotated     Verb = "webhook.rotated"     // the endpoint's id
	WebhookDeleted     Verb = "webhook.deleted"     // the endpoint's id
	WebhookDisabled    Verb = "webhook.disabled"    // the endpoint's id; by its receiver
	WebhookRedelivered Verb = "webhook.redelivered" // the delivery's id, or the endpoint's for its dead letters

	ImportStarted   Verb = "import.started"   // the gallery's name, a slash, and the import's id
	ImportCancelled Verb = "import.cancelled" // likewise

	FacePolicySet Verb = "face_policy.set" // the key's id; empty for the tenant's
)

// Deed is one act.
type Deed struct {
	// At is when it was done, by the database's time, so that deeds of servers whose own
	// clocks differ can be told apart; zero of one that is yet to be recorded.
	At time.Time `json:"at"`
	// Tenant is whose it was, and empty for what concerns all.
	Tenant store.TenantID `json:"tenant,omitempty"`
	// Key is whose request it was; empty for the program's own work and its
	// commands.
	Key store.KeyID `json:"key_id,omitempty"`
	// Request names the request in the log; empty where there was none.
	Request string `json:"request_id,omitempty"`
	Verb    Verb   `json:"verb"`
	// What names the thing; see the verbs.
	What string `json:"what,omitempty"`
}

// By is a deed of the actor's, which is done when it is recorded.
func By(by store.Actor, verb Verb, what string) Deed {
	return Deed{Tenant: by.Tenant, Key: by.Key, Request: by.Request, Verb: verb, What: what}
}

// Record writes the deed in the act's transaction. That a tenant was deleted takes
// the place of all that there was of it but earlier such rows.
func (d Deed) Record(tx store.Tx) error {
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name deed: %w", err)
	}
	if d.At.IsZero() {
		if d.At, err = tx.Now(); err != nil {
			return fmt.Errorf("date deed: %w", err)
		}
	}
	return Entry{id.String(), d}.Record(tx)
}

// Entry is a deed with the id under which it is kept.
type Entry struct {
	ID string `json:"id"`
	Deed
}

// Record writes the deed as it was kept elsewhere, in the transaction in which it is done
// again.
func (e Entry) Record(tx store.Tx) error {
	if e.Verb == TenantDeleted {
		if _, err := tx.Exec(`DELETE FROM deeds WHERE tenant = $1 AND verb <> $2`, e.Tenant, TenantDeleted); err != nil {
			return fmt.Errorf("forget deeds: %w", err)
		}
	}
	if _, err := tx.Exec(`INSERT INTO deeds (id, at, tenant, actor, request, verb, what) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		e.ID, e.At, e.Tenant, e.Key, e.Request, e.Verb, e.What); err != nil {
		return fmt.Errorf("record deed: %w", err)
	}
	return nil
}

// Removing makes a removal together with its deed. Where that cannot be written,
// for want of room or for damage, the removal is made without: nothing that is to
// be erased or revoked stays for want of a row about it.
func Removing(d Deed, remove func(also ...func(store.Tx) error) error) error {
	err := remove(d.Record)
	if errors.Is(err, store.ErrFull) || errors.Is(err, store.ErrDamaged) {
		err = remove()
	}
	return err
}

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the table of deeds in the database, which must be done before any
// act.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "audit", migrations)
}
