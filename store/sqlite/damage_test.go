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
	const people = 40
	whole := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, whole)
	newGallery(t, s, "g")
	templates := make(map[string][]byte)
	for i := range people {
		f := storetest.NewFace(uuid.NewString())
		templates[string(f.ID)] = f.Template.Bytes()
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(fmt.Sprint(i))}, []store.Face{f}, nil, true)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	spoilt := spoilPages(t, whole, templates, func(page []byte) (held int) {
		for _, template := range templates {
			if bytes.Contains(page, template) {
				held++
			}
		}
		return held
	})
	require.Greater(t, spoilt, 3)
}

// TestDamagedPagesOfGalleries spoils every page that holds galleries, one after
// the other, and checks that the faces of the others still come.
func TestDamagedPagesOfGalleries(t *testing.T) {
	const galleries = 60
	whole := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, whole)
	templates := make(map[string][]byte)
	for i := range galleries {
		f, id := storetest.NewFace(uuid.NewString()), fmt.Sprint("g", i)
		newGallery(t, s, id)
		templates[string(f.ID)] = f.Template.Bytes()
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: store.GalleryID(id), ID: "p"}, []store.Face{f}, nil, true)
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	spoilt := spoilPages(t, whole, templates, func(page []byte) int { return bytes.Count(page, []byte(`{"fpir"`)) })
	require.Greater(t, spoilt, 1)
}

// spoilPages spoils each page of a database that holds some of the faces, one
// after the other, and requires that all other faces still come. It returns how
// many pages it spoilt.
func spoilPages(t *testing.T, database string, templates map[string][]byte, holds func(page []byte) (faces int)) (spoilt int) {
	t.Helper()
	const pageSize = 4096
	text, err := os.ReadFile(database)
	require.NoError(t, err)
	for page := range slices.Chunk(text, pageSize) {
		held := holds(page)
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
		require.Equal(t, len(templates)-held, found)
		require.Equal(t, held, lost)
	}
	return spoilt
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
			require.Equal(t, templates[string(c.Face)], c.Template.Bytes())
			found++
		}
		if next == at {
			return found, lost
		}
		at = next
	}
}
