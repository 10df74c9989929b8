package sqlite_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

func TestFileMode(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	require.NoError(t, os.WriteFile(path, nil, 0o644))
	s := open(t, path)
	newGallery(t, s, "g")
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.Len(t, files, 3, "the database, its log and the log's index")
	for _, file := range files {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm(), file)
	}
}

func TestHostilePath(t *testing.T) {
	for _, name := range []string{"a b", "what?.db", "50%25.db", "#1", "é", "&mode=memory", "it's;--"} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			s := open(t, path)
			newGallery(t, s, "g")
			info, err := os.Stat(path)
			require.NoError(t, err)
			require.NotZero(t, info.Size())
		})
	}
}

func TestRelativePath(t *testing.T) {
	t.Chdir(t.TempDir())
	newGallery(t, open(t, "oneton.db"), "g")
	require.FileExists(t, "oneton.db")
}

func TestPragmas(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	for name, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1",
	} {
		got, err := s.Pragma(t.Context(), name)
		require.NoError(t, err)
		require.Equal(t, want, got, name)
	}
}

func TestUnopenable(t *testing.T) {
	dir := t.TempDir()
	notes := filepath.Join(dir, "notes.txt")
	require.NoError(t, os.WriteFile(notes, []byte(strings.Repeat("not a database ", 1000)), 0o600))
	for name, path := range map[string]string{
		"no folder": filepath.Join(dir, "none", "oneton.db"),
		"a folder":  dir,
		"a text":    notes,
		"no name":   "",
	} {
		_, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
		require.Error(t, err, name)
	}
	text, err := os.ReadFile(notes)
	require.NoError(t, err)
	require.Contains(t, string(text), "not a database", "a file of another kind is left alone")
}

func TestNewerSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.NoError(t, err)
	newGallery(t, s, "g")
	require.NoError(t, s.Close())

	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	_, err = db.Exec(`INSERT INTO goose_db_version (version_id, is_applied) VALUES (9000, 1)`)
	require.NoError(t, err)
	require.NoError(t, db.Close())
	before, err := os.ReadFile(path)
	require.NoError(t, err)

	_, err = sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.ErrorIs(t, err, store.ErrNewerSchema)
	require.ErrorContains(t, err, "9000")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestFirstOpenAtOnce(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	const n = 6
	var wg sync.WaitGroup
	stores, errs := make([]*sqlite.Store, n), make([]error, n)
	for i := range n {
		wg.Go(func() { stores[i], errs[i] = sqlite.Open(t.Context(), sqlite.Config{Path: path}) })
	}
	wg.Wait()
	for i, err := range errs {
		require.NoError(t, err)
		newGallery(t, stores[i], fmt.Sprint("g", i))
	}
	for _, s := range stores {
		require.NoError(t, s.Close())
	}
}

// TestFullDisk checks that a write that finds no room changes nothing, and
// that the store goes on when there is room again.
func TestFullDisk(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "oneton.db"))
	newGallery(t, s, "g")
	const pages = 100
	require.NoError(t, s.Exec(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)))
	photo := []store.Photo{{MediaType: "image/png", Bytes: make([]byte, 1<<15)}}
	enrol := func(i int) error {
		f := storetest.NewFace(faceID(i))
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(f.ID)}, []store.Face{f}, photo, true)
		return err
	}
	i, err := 0, error(nil)
	for ; err == nil; i++ {
		require.Less(t, i, pages)
		err = enrol(i)
	}
	require.ErrorIs(t, err, store.ErrUnavailable)
	storetest.RequireReplay(t, s)
	subs, err := s.Subjects(t.Context(), "g", store.Page{Limit: pages})
	require.NoError(t, err)
	require.Len(t, subs, i-1)

	_, err = s.DeleteSubject(t.Context(), "g", store.SubjectID(faceID(0)))
	require.NoError(t, err, "deleting makes room")
	// Photos of the deleted are erased in the background, which gives their room.
	require.Eventually(t, func() bool { return enrol(0) == nil }, 30*time.Second, 10*time.Millisecond)
	storetest.RequireReplay(t, s)
}

// TestBusy checks what is answered while another process does not let go.
func TestBusy(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, path)
	newGallery(t, s, "g")
	require.NoError(t, s.Exec(t.Context(), "PRAGMA busy_timeout(50)"))
	db, err := sql.Open("sqlite", path+"?_txlock=immediate")
	require.NoError(t, err)
	defer db.Close()
	other, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)

	require.ErrorIs(t, s.CreateTenant(t.Context(), store.Tenant{ID: "t"}), store.ErrUnavailable)
	_, err = s.Gallery(t.Context(), "tenant of g", "g")
	require.NoError(t, err, "reads go on")
	require.NoError(t, other.Rollback())
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: "t"}))
}
