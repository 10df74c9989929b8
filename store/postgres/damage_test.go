package postgres_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// behind runs a statement on a database behind its store's back.
func behind(t *testing.T, url, query string, args ...any) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	for i := range args {
		query = strings.Replace(query, "?", fmt.Sprintf("$%d", i+1), 1)
	}
	_, err = conn.Exec(t.Context(), query, args...)
	require.NoError(t, err)
}

func TestDamage(t *testing.T) {
	storetest.RunDamage(t, func(t *testing.T) (storetest.Open, storetest.Exec) {
		url := shared.Database(t)
		return func(t *testing.T) storetest.Store { return open(t, postgres.Config{URL: url}) },
			func(t *testing.T, query string, args ...any) { behind(t, url, query, args...) }
	})
}

// TestDamagedPages lets the server say that it cannot read one face, as it does
// of a page that is not what was written.
func TestDamagedPages(t *testing.T) {
	url := shared.Database(t)
	s := open(t, postgres.Config{URL: url})
	newGallery(t, s, "g")
	var faces []store.Face
	for i := range 5 {
		f := storetest.NewFace(uuid.NewString())
		faces = append(faces, f)
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(fmt.Sprint(i))}, []store.Face{f}, nil, true)
		require.NoError(t, err)
	}
	for _, query := range []string{
		`CREATE FUNCTION spoilt(template BYTEA) RETURNS BYTEA LANGUAGE plpgsql AS
			$$ BEGIN RAISE 'invalid page' USING ERRCODE = 'data_corrupted'; END $$`,
		`ALTER TABLE faces RENAME TO sound`,
		`CREATE VIEW faces AS SELECT enrolled, id, gallery, subject, space,
			CASE WHEN enrolled = 2 THEN spoilt(template) ELSE template END AS template,
			checksum, box, landmarks, quality, details, created_at, put, aside_at FROM sound`,
		// As in a table that is not as small, rows are found by their index.
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET enable_seqscan = off', current_database());
			EXECUTE format('ALTER DATABASE %I SET jit = off', current_database()); END $$`,
	} {
		behind(t, url, query)
	}
	s = open(t, postgres.Config{URL: url})
	changes, next, err := s.Changes(t.Context(), 0, 3)
	require.NoError(t, err)
	require.Equal(t, uint64(3), next)
	require.Len(t, changes, 3)
	require.ErrorIs(t, changes[1].Damage, store.ErrDamaged)
	require.True(t, changes[1].Lost())
	for _, i := range []int{0, 2} {
		require.NoError(t, changes[i].Damage)
		require.Equal(t, faces[i].Template, changes[i].Template)
	}
	_, err = s.Faces(t.Context(), "g", "1")
	require.ErrorIs(t, err, store.ErrDamaged)
	_, err = s.Faces(t.Context(), "g", "2")
	require.NoError(t, err)
}
