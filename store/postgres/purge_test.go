package postgres_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// TestDroppedGallery checks that nothing of a dropped gallery can be seen or
// changed though a crash has left its rows, and that these go in the end.
func TestDroppedGallery(t *testing.T) {
	to := shared.Database(t)
	s, ctx := open(t, postgres.Config{URL: to}), t.Context()
	newGallery(t, s, "g")
	newGallery(t, s, "h")
	kept, err := enrolOne(ctx, s)
	require.NoError(t, err)
	var faces []store.Face
	var photos []store.Photo
	const many = 1500 // more than go at once
	for range many {
		faces = append(faces, storetest.NewFace(uuid.NewString()))
		photos = append(photos, store.Photo{MediaType: "image/png", Bytes: []byte("x")})
	}
	_, err = s.Enrol(ctx, store.Subject{Gallery: "h", ID: "p"}, faces, photos, true)
	require.NoError(t, err)
	db := raw(t, to)
	exec(t, db, `INSERT INTO subjects SELECT 'h', 'bare ' || i, '{}', now(), now() FROM generate_series(1, $1::int) i`, many)
	before, err := s.Position(ctx)
	require.NoError(t, err)
	exec(t, db, `INSERT INTO changes (seq, kind, tenant, gallery) VALUES ($1, $2, 'tenant of h', 'h')`, before+1, int(changelog.DropGallery))
	exec(t, db, `UPDATE galleries SET tenant = NULL WHERE id = 'h'`)

	newFace := []store.Face{storetest.NewFace(uuid.NewString())}
	p := store.Subject{Gallery: "h", ID: "p"}
	for name, call := range map[string]func() error{
		"gallery": func() error { _, err := s.Gallery(ctx, "tenant of h", "h"); return err },
		"subject": func() error { _, err := s.Subject(ctx, "h", "p"); return err },
		"faces":   func() error { _, err := s.Faces(ctx, "h", "p"); return err },
		"photo":   func() error { _, err := s.Photo(ctx, "h", faces[0].ID); return err },
		"enrol":   func() error { _, err := s.Enrol(ctx, p, newFace, nil, false); return err },
		"create": func() error {
			_, err := s.Enrol(ctx, store.Subject{Gallery: "h", ID: "q"}, newFace, nil, true)
			return err
		},
		"metadata": func() error {
			_, _, err := s.UpdateMetadata(ctx, "h", "p", func(store.Subject) (map[string]string, error) { return nil, nil })
			return err
		},
		"face":   func() error { _, err := s.DeleteFace(ctx, "h", "p", faces[0].ID); return err },
		"delete": func() error { _, err := s.DeleteSubject(ctx, "h", "p"); return err },
		"photos": func() error { return s.DeletePhotos(ctx, "h", "p") },
		"drop":   func() error { _, err := s.DeleteGallery(ctx, "tenant of h", "h"); return err },
	} {
		require.ErrorIs(t, call(), store.ErrNotFound, name)
	}
	subs, err := s.Subjects(ctx, "h", store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, subs)
	storetest.RequireReplay(t, s)
	position, err := s.Position(ctx)
	require.NoError(t, err)
	require.Equal(t, before+1, position, "nothing more is logged")

	n, err := s.DeleteExpired(ctx, time.Now())
	require.NoError(t, err)
	require.Zero(t, n, "nothing has expired")
	var rows int
	require.NoError(t, db.QueryRow(ctx, `SELECT (SELECT count(*) FROM galleries) + (SELECT count(*) FROM subjects)
		+ (SELECT count(*) FROM faces) + (SELECT count(*) FROM photos)`).Scan(&rows))
	require.Equal(t, 3, rows, "the other gallery with its subject and face")
	_, err = s.Subject(ctx, "g", store.SubjectID(kept))
	require.NoError(t, err)
	storetest.RequireReplay(t, s)
}

// TestDropGivenUp checks that a deletion whose caller leaves early is whole.
func TestDropGivenUp(t *testing.T) {
	s := open(t, postgres.Config{URL: shared.Database(t)})
	for i := range 10 {
		id := fmt.Sprint("g", i)
		newGallery(t, s, id)
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: store.GalleryID(id), ID: "p"}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
		require.NoError(t, err)
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i)*2*time.Millisecond)
		_, err = s.DeleteGallery(ctx, store.TenantID("tenant of "+id), id)
		cancel()
		_, gone := s.Gallery(t.Context(), store.TenantID("tenant of "+id), id)
		if err == nil {
			require.ErrorIs(t, gone, store.ErrNotFound)
		} else {
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.NoError(t, gone)
		}
		storetest.RequireReplay(t, s)
	}
}

// TestDeletionIsAnsweredBeforeItsRowsAreRemoved checks that who deletes a large
// gallery does not wait for all of it, and that its rows go in the end.
func TestDeletionIsAnsweredBeforeItsRowsAreRemoved(t *testing.T) {
	const many = 4000
	to := shared.Database(t)
	s, ctx := open(t, postgres.Config{URL: to, Timeout: patience}), t.Context()
	newGallery(t, s, "g")
	faces := make([]store.Face, many)
	for i := range faces {
		faces[i] = storetest.NewFace(uuid.NewString())
	}
	_, err := s.Enrol(ctx, store.Subject{Gallery: "g", ID: "p"}, faces, nil, true)
	require.NoError(t, err)
	db, other := raw(t, to), raw(t, to)
	left := func() (n int) {
		require.NoError(t, db.QueryRow(ctx, `SELECT (SELECT count(*) FROM faces) + (SELECT count(*) FROM galleries)`).Scan(&n))
		return n
	}
	exec(t, other, `BEGIN`)
	exec(t, other, `SELECT FROM faces ORDER BY enrolled DESC LIMIT 1 FOR UPDATE`) // which keeps its row from being removed
	_, err = s.DeleteGallery(ctx, "tenant of g", "g")
	require.NoError(t, err)
	require.NotZero(t, left())
	exec(t, other, `ROLLBACK`)
	require.Eventually(t, func() bool { return left() == 0 }, patience, 20*time.Millisecond)
	storetest.RequireReplay(t, s)
}

// TestRetentionBesideAPurge checks that what cannot be removed of one gallery
// costs no other its retention.
func TestRetentionBesideAPurge(t *testing.T) {
	to := shared.Database(t)
	s, ctx := open(t, postgres.Config{URL: to}), t.Context()
	newGallery(t, s, "g")
	newGallery(t, s, "h")
	_, err := enrolOne(ctx, s)
	require.NoError(t, err)
	db := raw(t, to)
	_, err = s.UpdatePolicy(ctx, "tenant of g", "g", func(store.Gallery) (store.Policy, error) { return store.Policy{Retention: time.Second}, nil })
	require.NoError(t, err)
	exec(t, db, `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'this row is damaged'; END $$`)
	exec(t, db, `CREATE TRIGGER refuse BEFORE DELETE ON galleries FOR EACH ROW EXECUTE FUNCTION refuse()`)
	exec(t, db, `UPDATE galleries SET tenant = NULL WHERE id = 'h'`)
	deleted, err := s.DeleteExpired(ctx, time.Now().Add(time.Hour))
	require.ErrorContains(t, err, "this row is damaged")
	require.Equal(t, 1, deleted)
}
