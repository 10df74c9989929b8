package sqlite_test

import (
	"database/sql"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// raw is a connection beside the store's, as another process would have.
func raw(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func change(t *testing.T, db *sql.DB, query string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), query, args...)
	require.NoError(t, err)
}

// rows is how many rows there are of everything that a gallery holds.
func rows(t *testing.T, db *sql.DB) (n int) {
	t.Helper()
	require.NoError(t, db.QueryRowContext(t.Context(), `SELECT (SELECT count(*) FROM galleries) + (SELECT count(*) FROM subjects)
		+ (SELECT count(*) FROM faces) + (SELECT count(*) FROM photos) + (SELECT count(*) FROM dropped_photos)`).Scan(&n))
	return n
}

// enrolMany enrols a subject p with n faces, each with its photo.
func enrolMany(t *testing.T, s *sqlite.Store, gallery store.GalleryID, n int) []store.Face {
	t.Helper()
	faces, photos := make([]store.Face, n), make([]store.Photo, n)
	for i := range faces {
		faces[i] = storetest.NewFace(uuid.NewString())
		photos[i] = store.Photo{MediaType: "image/png", Bytes: []byte(faces[i].ID)}
	}
	_, err := s.Enrol(t.Context(), store.Subject{Gallery: gallery, ID: "p"}, faces, photos, true)
	require.NoError(t, err)
	return faces
}

// TestDroppedGallery checks that nothing of a dropped gallery can be seen or
// changed while its rows are there, and that these go in the end.
func TestDroppedGallery(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, ctx := open(t, path), t.Context()
	newGallery(t, s, "g")
	newGallery(t, s, "h")
	kept := enrolMany(t, s, "g", 1)
	faces := enrolMany(t, s, "h", 100)
	db := raw(t, path)
	before, err := s.Position(ctx)
	require.NoError(t, err)
	// The store's writer does not know of what another process does.
	change(t, db, `INSERT INTO changes (kind, tenant, gallery) VALUES (?, 'tenant of h', 'h')`, changelog.DropGallery)
	change(t, db, `UPDATE galleries SET tenant = NULL WHERE id = 'h'`)
	there := rows(t, db)

	newFace := []store.Face{storetest.NewFace(uuid.NewString())}
	p := store.Subject{Gallery: "h", ID: "p"}
	for name, call := range map[string]func() error{
		"gallery": func() error { _, err := s.Gallery(ctx, "tenant of h", "h"); return err },
		"policy": func() error {
			_, err := s.UpdatePolicy(ctx, "tenant of h", "h", func(g store.Gallery) (store.Policy, error) { return g.Policy, nil })
			return err
		},
		"subject": func() error { _, err := s.Subject(ctx, "h", "p"); return err },
		"faces":   func() error { _, err := s.Faces(ctx, "h", "p"); return err },
		"photo":   func() error { _, err := s.Photo(ctx, "h", faces[0].ID); return err },
		"enrol":   func() error { _, err := s.Enrol(ctx, p, newFace, nil, false); return err },
		"create": func() error {
			_, err := s.Enrol(ctx, store.Subject{Gallery: "h", ID: "q"}, newFace, nil, true)
			return err
		},
		"insert": func() error {
			_, err := s.EnrolAsOf(ctx, before, nil, store.Subject{Gallery: "h", ID: "q"}, newFace, nil)
			return err
		},
		"metadata": func() error { _, _, err := s.UpdateMetadata(ctx, "h", "p", nil); return err },
		"face":     func() error { _, err := s.DeleteFace(ctx, "h", "p", faces[0].ID); return err },
		"delete":   func() error { _, err := s.DeleteSubject(ctx, "h", "p"); return err },
		"photos":   func() error { return s.DeletePhotos(ctx, "h", "p") },
		"drop":     func() error { _, err := s.DeleteGallery(ctx, "tenant of h", "h"); return err },
	} {
		require.ErrorIs(t, call(), store.ErrNotFound, name)
	}
	subs, err := s.Subjects(ctx, "h", store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subs)
	of, err := s.SubjectsOf(ctx, "h", []store.FaceID{faces[0].ID})
	require.NoError(t, err)
	require.Empty(t, of)
	all, err := s.Galleries(ctx, "tenant of h", store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, all)
	storetest.RequireReplay(t, s)
	position, err := s.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, before+1, position, "nothing more is logged")
	require.Equal(t, there, rows(t, db), "nothing was removed yet")

	n, err := s.DeleteExpired(ctx, time.Now())
	require.NoError(t, err)
	require.Zero(t, n, "nothing has expired")
	const left = 4 // the other gallery with its subject, face and photo
	require.Eventually(t, func() bool { return rows(t, db) == left }, time.Minute, 10*time.Millisecond)
	_, err = s.Photo(ctx, "g", kept[0].ID)
	require.NoError(t, err)
	storetest.RequireReplay(t, s)
}

// TestDeletionIsAnsweredBeforeItsRowsAreRemoved checks that a large deletion
// does not make others wait for all of it, that a crash in its midst loses
// nothing of it, and that its name is free at once.
func TestDeletionIsAnsweredBeforeItsRowsAreRemoved(t *testing.T) {
	const many = 3000
	for name, del := range map[string]func(s *sqlite.Store) error{
		"gallery": func(s *sqlite.Store) error { _, err := s.DeleteGallery(t.Context(), "tenant of g", "g"); return err },
		"tenant": func(s *sqlite.Store) error {
			if _, err := s.DeleteTenant(t.Context(), "tenant of g"); err != nil {
				return err
			}
			return s.CreateTenant(t.Context(), store.Tenant{ID: "tenant of g"})
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "oneton.db")
			s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
			require.NoError(t, err)
			newGallery(t, s, "g")
			enrolMany(t, s, "g", many)
			require.NoError(t, del(s))
			require.NoError(t, s.CreateGallery(t.Context(), store.Gallery{ID: "g again", Tenant: "tenant of g", Name: "g", Pack: storetest.Pack}))
			require.NoError(t, s.Close())
			db := raw(t, path)
			require.Greater(t, rows(t, db), many, "most of it is left when the process ends")

			s = open(t, path)
			enrolMany(t, s, "g again", 1)
			require.NoError(t, s.WaitErased(t.Context()))
			const left = 4 // the gallery made again with its subject, face and photo
			require.Equal(t, left, rows(t, db))
			subs, err := s.Subjects(t.Context(), "g again", store.Page{Limit: 10})
			require.NoError(t, err)
			require.Len(t, subs, 1)
			storetest.RequireReplay(t, s)
		})
	}
}

// TestPhotosAreRemovedAPartAtATime checks that the deletion of what has many
// photos is answered before all of them are removed.
func TestPhotosAreRemovedAPartAtATime(t *testing.T) {
	const many, size = 60, 1 << 20
	for name, del := range map[string]func(s *sqlite.Store) error{
		"subject": func(s *sqlite.Store) error { _, err := s.DeleteSubject(t.Context(), "g", "p"); return err },
		"photos":  func(s *sqlite.Store) error { return s.DeletePhotos(t.Context(), "g", "p") },
		"expired": func(s *sqlite.Store) error { _, err := s.DeleteExpired(t.Context(), time.Now()); return err },
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "oneton.db")
			s, ctx := open(t, path), t.Context()
			db := raw(t, path)
			newGallery(t, s, "g")
			_, err := s.UpdatePolicy(ctx, "tenant of g", "g", func(store.Gallery) (store.Policy, error) {
				return store.Policy{FPIR: 0.1, Quality: store.GateOff, Liveness: store.GateOff, Retention: time.Hour}, nil
			})
			require.NoError(t, err)
			faces, photos := make([]store.Face, many), make([]store.Photo, many)
			for i := range faces {
				faces[i] = storetest.NewFace(faceID(i))
				photos[i] = store.Photo{MediaType: "image/png", Bytes: make([]byte, size)}
			}
			_, err = s.Enrol(ctx, store.Subject{Gallery: "g", ID: "p"}, faces, photos, true)
			require.NoError(t, err)
			require.NoError(t, del(s))
			left := func() (n int) {
				require.NoError(t, db.QueryRowContext(ctx, `SELECT count(*) FROM photos`).Scan(&n))
				return n
			}
			require.NotZero(t, left(), "it is answered before all are removed")
			for _, f := range faces {
				_, err := s.Photo(ctx, "g", f.ID)
				require.ErrorIs(t, err, store.ErrNotFound, "it is gone for every call at once")
			}
			kept, err := s.Faces(ctx, "g", "p")
			if err == nil {
				for _, f := range kept {
					require.Nil(t, f.PhotoSHA256)
				}
			}
			require.NoError(t, s.WaitErased(ctx))
			require.Zero(t, left())
		})
	}
}

// TestOlderDatabase checks that one made before galleries could be dropped is
// migrated where it stands, with all that is in it.
func TestOlderDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	require.NoError(t, sqlite.MigrateTo(t.Context(), path, 2))
	db := raw(t, path)
	for _, id := range []string{"g", "h"} {
		f := storetest.NewFace(uuid.NewString())
		change(t, db, `INSERT INTO tenants VALUES (?, '', 1)`, "tenant of "+id)
		change(t, db, `INSERT INTO galleries VALUES (?, ?, ?, ?, '{}', 1)`, id, "tenant of "+id, id, storetest.Pack)
		change(t, db, `INSERT INTO subjects VALUES (?, 'p', '{}', 1, 1)`, id)
		change(t, db, `INSERT INTO faces (id, gallery, subject, pack, template, box, landmarks, quality, created_at)
			VALUES (?, ?, 'p', ?, ?, '{}', '[]', '{}', 1)`, f.ID, id, storetest.Pack, f.Template.Bytes())
		change(t, db, `INSERT INTO photos SELECT n, 'image/png', x'00', x'0102' FROM faces WHERE gallery = ?`, id)
		change(t, db, `INSERT INTO changes (kind, n) SELECT ?, n FROM faces WHERE gallery = ?`, changelog.PutFace, id)
	}

	s := open(t, path)
	faces, err := s.Faces(t.Context(), "g", "p")
	require.NoError(t, err)
	require.Len(t, faces, 1)
	_, err = s.DeleteGallery(t.Context(), "tenant of h", "h")
	require.NoError(t, err)
	require.NoError(t, s.WaitErased(t.Context()))
	require.Equal(t, 4, rows(t, db))
	storetest.RequireReplay(t, s)
	for _, check := range []string{"integrity_check", "quick_check"} {
		var result string
		require.NoError(t, db.QueryRowContext(t.Context(), fmt.Sprintf(`PRAGMA %s`, check)).Scan(&result))
		require.Equal(t, "ok", result)
	}
	require.ErrorIs(t, db.QueryRowContext(t.Context(), `PRAGMA foreign_key_check`).Scan(new(string)), sql.ErrNoRows)
}
