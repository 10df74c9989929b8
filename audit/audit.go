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
	GalleryCreated   Verb = "gallery.created"   // the gallery's name
	PolicyChanged    Verb = "gallery.changed"   // the gallery's name
	GalleryDeleted   Verb = "gallery.deleted"   // the gallery's name
	SubjectDeleted   Verb = "subject.deleted"   // the gallery's name, a slash, and the subject's id
	CalibrationSet   Verb = "calibration.set"   // the template space
	CalibrationReset Verb = "calibration.reset" // the template space

	IdentityTokenCreated Verb = "identity_token.created" // the token's id
	IdentityTokenRotated Verb = "identity_token.rotated" // the id of the one replaced
	IdentityTokenRevoked Verb = "identity_token.revoked" // the token's id

	AttemptCreated Verb = "attempt.created" // the attempt's id
	AttemptChanged Verb = "attempt.changed" // the attempt's id
	UserCreated    Verb = "user.created"    // the user's id
	UserDeleted    Verb = "user.deleted"    // the user's id

	WebhookCreated     Verb = "webhook.created"     // the endpoint's id
	WebhookChanged     Verb = "webhook.changed"     // the endpoint's id
	WebhookRotated     Verb = "webhook.rotated"     // the endpoint's id
	WebhookDeleted     Verb = "webhook.deleted"     // the endpoint's id
	WebhookDisabled    Verb = "webhook.disabled"    // the endpoint's id; by its receiver
	WebhookRedelivered Verb = "webhook.redelivered" // the delivery's id, or the endpoint's for its dead letters
)

// Deed is one act.
type Deed struct {
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

// By is a deed of the actor's, now.
func By(by store.Actor, verb Verb, what string) Deed {
	return Deed{At: time.Now(), Tenant: by.Tenant, Key: by.Key, Request: by.Request, Verb: verb, What: what}
}

// Record writes the deed in the act's transaction. That a tenant was deleted takes
// the place of all that there was of it but earlier such rows.
func (d Deed) Record(tx store.Tx) error {
	if d.Verb == TenantDeleted {
		if _, err := tx.Exec(`DELETE FROM deeds WHERE tenant = $1 AND verb <> $2`, d.Tenant, TenantDeleted); err != nil {
			return fmt.Errorf("forget deeds: %w", err)
		}
	}
	id, err := uuid.NewV7()
	if err != nil {
		return fmt.Errorf("name deed: %w", err)
	}
	if _, err := tx.Exec(`INSERT INTO deeds (id, at, tenant, actor, request, verb, what) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		id.String(), d.At, d.Tenant, d.Key, d.Request, d.Verb, d.What); err != nil {
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
