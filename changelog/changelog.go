// Package changelog holds the log that makes every index a view: the store
// appends a change in the transaction that makes it true, and a follower
// applies the changes to a view in order, from the view's own position.
package changelog

import (
	"context"

	"oneton/face"
	"oneton/store"
)

// Kind says what a change does to a view.
type Kind uint8

// The kinds of change. Each is idempotent: applying one twice, or applying a
// later state of the same face first, leaves the view the same.
const (
	// PutFace inserts a face, or replaces what the view knows of it.
	PutFace Kind = iota + 1
	// DeleteFace removes one face; removing an unknown face is no error.
	DeleteFace
	// DropGallery removes every face of a gallery.
	DropGallery
	// PutMetadata gives the metadata to every face of a subject that the view
	// holds; a subject without faces is no error. Logs of earlier versions put
	// each face again instead.
	PutMetadata
)

// Change is one entry of the log.
type Change struct {
	// Seq is the change's position; positions rise by commit order and are
	// never reused.
	Seq  uint64
	Kind Kind
	// Tenant and Gallery scope the change. Gallery is the gallery's internal
	// id, which is never reused, not the name its owner gave it.
	Tenant  store.TenantID
	Gallery store.GalleryID
	// Pack is the model pack whose space Template lives in; set for PutFace.
	Pack    string
	Subject store.SubjectID
	Face    store.FaceID
	// Template is set for PutFace, and Metadata, the subject's, for PutMetadata
	// too.
	Template face.Template
	Metadata map[string]string
	// Damage, unless it is nil, says what the store could not read of the
	// change: of a face that was put its template, which is nil then, or its
	// metadata, which are nil then; of a log's row itself, Kind, which is 0.
	Damage error
}

// Lost tells whether so much of the change is damaged that no view can apply
// it.
func (c Change) Lost() bool {
	return c.Damage != nil && (c.Kind == 0 || c.Kind == PutFace && c.Template == nil || c.Kind == PutMetadata && c.Subject == "")
}

// Log is the part of a store that a follower reads.
type Log interface {
	// Changes returns, in order, changes after position after, and the
	// position up to which they speak: reading on from there misses nothing.
	// Entries that a later entry has undone may be left out, so an empty list
	// with next > after is progress. next == after means that the log ends.
	// It reads at most limit entries. An entry that cannot be read comes with
	// its Damage and whatever else is known of it: no single row keeps the log
	// from going on. The list, templates and metadata are the caller's: it may
	// keep and change those of one entry, and sees that in no other and in no
	// later call.
	Changes(ctx context.Context, after uint64, limit int) (changes []Change, next uint64, err error)
	// Position is the position of the last committed change.
	Position(ctx context.Context) (uint64, error)
}

// View is what follows a log.
type View interface {
	// Apply brings the view to position next. All of changes lie in
	// (Position, next]. It is atomic for readers of one gallery: a search
	// sees all of a call's changes or none. Changes that it can never hold are
	// an *UnfitError; then none of the call's changes need have been made.
	Apply(ctx context.Context, changes []Change, next uint64) error
	// Position is the position up to which the view has applied the log.
	Position() uint64
}
