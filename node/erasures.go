package node

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"oneton/access"
	"oneton/audit"
	"oneton/config"
	"oneton/identify"
	"oneton/identitytoken"
	"oneton/kyc"
	"oneton/store"
	"oneton/webhook"
)

// erasing ends for good what an entry names, with what is to be in the same transaction:
// store.ErrNotFound, or an error of its room, where there is nothing to end.
type erasing func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error

// erasures are the deeds that are done again on a database that was restored. People are
// merged, split and moved again, too: whom a later deed ended may have had faces of theirs.
// So is what says that somebody is to be deleted, or is not after all.
var erasures = map[audit.Verb]erasing{
	audit.SubjectMerged: reassigning, audit.SubjectSplit: reassigning, audit.SubjectMoved: reassigning,
	audit.SubjectEnding: ending,
	audit.SubjectKept: inGallery(func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, _ store.FaceID, also func(store.Tx) error) error {
		_, err := db.EndSubject(ctx, g, subject, 0, also)
		return err
	}),
	audit.TenantDeleted: func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
		_, err := db.DeleteTenant(ctx, e.Tenant, also)
		return err
	},
	audit.GalleryDeleted: func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
		_, err := db.DeleteGallery(ctx, e.Tenant, e.What, also)
		return err
	},
	audit.SubjectDeleted: inGallery(func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, _ store.FaceID, also func(store.Tx) error) error {
		_, err := db.DeleteSubject(ctx, g, subject, also)
		return err
	}),
	audit.FaceDeleted: inGallery(func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, face store.FaceID, also func(store.Tx) error) error {
		_, err := db.DeleteFace(ctx, g, subject, face, also)
		return err
	}),
	audit.PhotosDeleted: inGallery(func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, _ store.FaceID, also func(store.Tx) error) error {
		return db.DeletePhotos(ctx, g, subject, also)
	}),
	audit.KeyRevoked: func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
		return access.NewKeyTable(db).RevokeKey(ctx, e.Tenant, store.KeyID(e.What), also)
	},
	audit.UserDeleted:          forgetting(kyc.Forget),
	audit.IdentityTokenRevoked: forgetting(identitytoken.Forget),
	audit.IdentityTokenRotated: forgetting(identitytoken.Forget),
	audit.WebhookDeleted:       forgetting(webhook.Forget),
}

// forgetting ends what a room keeps in tables of its own.
func forgetting(forget func(ctx context.Context, db store.DB, tenant store.TenantID, id string, also ...func(store.Tx) error) error) erasing {
	return func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
		return forget(ctx, db, e.Tenant, e.What, also)
	}
}

// inGallery ends what an entry names by the gallery, the subject and, of a face, its id.
func inGallery(erase func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, face store.FaceID, also func(store.Tx) error) error) erasing {
	return func(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
		gallery, rest, _ := strings.Cut(e.What, "/")
		subject, face, _ := strings.Cut(rest, "/")
		g, err := db.Gallery(ctx, e.Tenant, gallery)
		if err != nil {
			return err
		}
		return erase(ctx, db, g.ID, store.SubjectID(subject), store.FaceID(face), also)
	}
}

// ending lets a subject be deleted when it was to be, which may have come.
func ending(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
	who, after, _ := strings.Cut(e.What, " ")
	wait, err := time.ParseDuration(after)
	if err != nil {
		return fmt.Errorf("%w: the deed does not say when: %w", store.ErrNotFound, err)
	}
	e.What = who
	return inGallery(func(ctx context.Context, db Database, g store.GalleryID, subject store.SubjectID, _ store.FaceID, also func(store.Tx) error) error {
		_, err := db.EndSubject(ctx, g, subject, max(time.Until(e.At.Add(wait)), time.Microsecond), also)
		return err
	})(ctx, db, e, also)
}

// reassigning makes faces those of whom an entry names, where there are such faces. Who
// has them then is made where they are not there.
func reassigning(ctx context.Context, db Database, e audit.Entry, also func(store.Tx) error) error {
	names := strings.Fields(e.What)
	if len(names) < 2 {
		return fmt.Errorf("%w: the deed names nobody", store.ErrNotFound)
	}
	var people [2]store.Person
	var keep bool
	for i := range people {
		gallery, subject, _ := strings.Cut(names[i], "/")
		g, err := db.Gallery(ctx, e.Tenant, gallery)
		if err != nil {
			return err
		}
		people[i], keep = store.Person{Gallery: g.ID, Subject: store.SubjectID(subject)}, g.Policy.KeepPhotos
	}
	r := store.Reassignment{From: people[0], To: people[1], DropPhotos: people[0].Gallery != people[1].Gallery && !keep}
	if len(names) > len(people) {
		faces, err := db.Faces(ctx, r.From.Gallery, r.From.Subject)
		if err != nil {
			return err
		}
		for _, f := range faces {
			if slices.Contains(names[len(people):], string(f.ID)) {
				r.Faces = append(r.Faces, f.ID)
			}
		}
		if len(r.Faces) == 0 {
			return fmt.Errorf("%w: the faces are not there", store.ErrNotFound)
		}
	}
	_, err := db.Subject(ctx, r.To.Gallery, r.To.Subject)
	if r.Create = errors.Is(err, store.ErrNotFound); err != nil && !r.Create {
		return err
	}
	_, _, err = db.Reassign(ctx, r, func(from, to store.Subject) (store.Subject, error) {
		if r.Create {
			return store.Subject{Metadata: from.Metadata, CreatedAt: from.CreatedAt, UpdatedAt: time.Now()}, nil
		}
		return to, nil
	}, also)
	return err
}

// IsErasure tells whether a deed ended something for good or will, or took that back, or
// says whose faces another may have ended.
func IsErasure(d audit.Deed) bool { return erasures[d.Verb] != nil }

// Replayed is what came of erasures that were done again.
type Replayed struct {
	// Erased are those that ended something, or said when or that it stays, or made faces
	// another's, and Gone those that found nothing.
	Erased int `json:"erased"`
	Gone   int `json:"gone"`
	// Before are those that the backup knew of.
	Before int `json:"before"`
	// Ended are people whose deletion was put off and has come due.
	Ended int `json:"ended"`
	// Imports are those that were under way when the backup was made, and go on.
	Imports int `json:"imports_under_way"`
}

// skew is how far apart the clocks of the machines may be.
const skew = 24 * time.Hour

// Replay erases anew, in a database that was restored from a backup made at that time,
// what was erased since, in the order in which it was done, and whose end has come by now.
// Done again it changes nothing.
func Replay(ctx context.Context, cfg config.Config, made time.Time, all iter.Seq2[audit.Entry, error]) (r Replayed, err error) {
	if err := readable(cfg); err != nil {
		return r, err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if err := migrateRooms(ctx, db); err != nil {
		return r, err
	}
	var later []audit.Entry
	for e, err := range all {
		switch {
		case err != nil:
			return r, err
		case erasures[e.Verb] == nil:
		case e.At.Before(made.Add(-skew)): // or so old that the backup has forgotten it
			r.Before++
		default:
			later = append(later, e)
		}
	}
	// Their ids, by which they are listed, are of each server's own clock, and who was to be
	// deleted and then kept is not to end as if it had been the other way round.
	slices.SortStableFunc(later, func(a, b audit.Entry) int { return a.At.Compare(b.At) })
	deeds := audit.NewDeeds(db)
	for _, e := range later {
		known, err := deeds.Has(ctx, e)
		if err != nil {
			return r, err
		}
		if known {
			r.Before++
			continue
		}
		switch err := erasures[e.Verb](ctx, db, e, e.Record); {
		case err == nil:
			r.Erased++
		case errors.Is(err, store.ErrNotFound), errors.Is(err, identitytoken.ErrEnded), errors.Is(err, kyc.ErrNotFound):
			r.Gone++
			if err := db.Update(ctx, "record erasure", e.Record); err != nil {
				return r, err
			}
		default:
			return r, fmt.Errorf("erase anew what %s of %s ended: %w", e.Verb, e.At.Format(time.RFC3339), err)
		}
	}
	// Not before all is read: a later deed may have taken it back.
	if r.Ended, err = identify.DeleteEnded(ctx, db); err != nil {
		return r, err
	}
	r.Imports, err = store.One(ctx, db, "count imports", func(row store.Row) (n int, err error) {
		err = row.Scan(&n)
		return n, err
	}, `SELECT count(*) FROM imports WHERE job IS NOT NULL AND held > 0`)
	return r, err
}
