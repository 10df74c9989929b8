package sqlite_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// behind runs statements on a database behind its store's back.
func behind(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?_pragma=busy_timeout(5000)")
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func TestDamage(t *testing.T) {
	storetest.RunDamage(t, func(t *testing.T) (storetest.Open, storetest.Exec) {
		path := filepath.Join(t.TempDir(), "oneton.db")
		return func(t *testing.T) storetest.Store { return open(t, path) },
			func(t *testing.T, query string, args ...any) {
				t.Helper()
				_, err := behind(t, path).ExecContext(t.Context(), query, args...)
				require.NoError(t, err)
			}
	})
}

// TestDamagedText damages JSON so that SQLite itself cannot read it.
func TestDamagedText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, ctx := open(t, path), t.Context()
	newGallery(t, s, "g")
	newGallery(t, s, "h")
	_, err := behind(t, path).ExecContext(ctx, `UPDATE galleries SET policy = '{"fpir"' WHERE id = 'g'`)
	require.NoError(t, err)
	g, err := s.Gallery(ctx, "tenant of g", "g")
	require.NoError(t, err)
	require.Equal(t, "policy", g.Damage)
	_, err = s.DeleteExpired(ctx, g.CreatedAt)
	require.NoError(t, err)
}

// TestDamagedPages spoils every page that holds a template, one after the
// other, and checks that the faces of the others still come.
func TestDamagedPages(t *testing.T) {
	const pageSize, people = 4096, 40
	whole := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, whole)
	newGallery(t, s, "g")
	templates := make(map[string][]byte)
	for i := range people {
		f := storetest.NewFace(uuid.NewString())
		templates[f.ID] = f.Template.Bytes()
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: fmt.Sprint(i)}, []store.Face{f}, nil, true)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	text, err := os.ReadFile(whole)
	require.NoError(t, err)

	spoilt := 0
	for page := range slices.Chunk(text, pageSize) {
		held := 0
		for _, template := range templates {
			if bytes.Contains(page, template) {
				held++
			}
		}
		if held == 0 {
			continue
		}
		spoilt++
		sound := slices.Clone(page)
		for i := range page[:pageSize/2] {
			page[i] ^= 0xa5
		}
		path := filepath.Join(t.TempDir(), "oneton.db")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		copy(page, sound)
		found, lost := read(t, open(t, path), templates)
		require.Equal(t, people-held, found)
		require.Equal(t, held, lost)
	}
	require.Greater(t, spoilt, 3)
}

// TestDamagedPagesOfGalleries spoils every page that holds galleries, one after
// the other, and checks that the faces of the others still come.
func TestDamagedPagesOfGalleries(t *testing.T) {
	const pageSize, galleries = 4096, 60
	whole := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, whole)
	templates := make(map[string][]byte)
	for i := range galleries {
		f, id := storetest.NewFace(uuid.NewString()), fmt.Sprint("g", i)
		newGallery(t, s, id)
		templates[f.ID] = f.Template.Bytes()
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: id, ID: "p"}, []store.Face{f}, nil, true)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	text, err := os.ReadFile(whole)
	require.NoError(t, err)

	spoilt := 0
	for page := range slices.Chunk(text, pageSize) {
		held := bytes.Count(page, []byte(`{"fpir"`))
		if held == 0 {
			continue
		}
		spoilt++
		sound := slices.Clone(page)
		for i := range page[:pageSize/2] {
			page[i] ^= 0xa5
		}
		path := filepath.Join(t.TempDir(), "oneton.db")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		copy(page, sound)
		found, lost := read(t, open(t, path), templates)
		require.Equal(t, galleries-held, found)
		require.Equal(t, held, lost)
	}
	require.Greater(t, spoilt, 1)
}

// read reads the log to its end and returns how many faces came and how many
// were damaged.
func read(t *testing.T, s *sqlite.Store, templates map[string][]byte) (found, lost int) {
	t.Helper()
	for at := uint64(0); ; {
		changes, next, err := s.Changes(t.Context(), at, 16)
		require.NoError(t, err)
		for _, c := range changes {
			if c.Lost() {
				lost++
				continue
			}
			require.Equal(t, changelog.PutFace, c.Kind)
			require.Equal(t, templates[c.Face], c.Template.Bytes())
			found++
		}
		if next == at {
			return found, lost
		}
		at = next
	}
}
