package sqlite_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// window is how many bytes of an erased value must not be found together.
const window = 16

// TestErasedBytes looks for what was deleted in the database's files.
func TestErasedBytes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s := open(t, path)
	const people = 300
	rng := rand.New(rand.NewPCG(1, 2))
	kept, erased := make(map[string][]byte), make(map[string][]byte)
	newGallery(t, s, "g")
	for i := range people {
		f := storetest.NewFace(faceID(i))
		photo := make([]byte, 64+rng.IntN(9000))
		for j := range photo {
			photo[j] = byte(rng.Uint32())
		}
		id := fmt.Sprintf("person-%d", i)
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{f},
			[]store.Photo{{MediaType: "image/png", Bytes: photo}}, true)
		require.NoError(t, err)
		kept[id+" template"], kept[id+" photo"] = f.Template.Bytes(), photo
	}
	require.NoError(t, s.WaitErased(t.Context()), "no page moves while they are looked for")
	require.Equal(t, len(kept), found(t, path, kept), "the search finds what is there")

	for _, i := range rng.Perm(people)[:people*9/10] {
		id := fmt.Sprintf("person-%d", i)
		var err error
		if i%2 == 0 {
			_, err = s.DeleteSubject(t.Context(), "g", store.SubjectID(id))
		} else {
			_, err = s.DeleteFace(t.Context(), "g", store.SubjectID(id), store.FaceID(faceID(i)))
		}
		require.NoError(t, err)
		for _, what := range []string{" template", " photo"} {
			erased[id+what] = kept[id+what]
			delete(kept, id+what)
		}
	}
	require.NoError(t, s.WaitErased(t.Context()))
	require.Zero(t, found(t, path, erased), "erased values are in the files")
	require.Equal(t, len(kept), found(t, path, kept))
}

// photographed enrols a subject with a face and a photo of noise, and returns
// what must not be found when it is gone.
func photographed(t *testing.T, s *sqlite.Store, gallery store.GalleryID, id store.SubjectID, size int) map[string][]byte {
	t.Helper()
	f, note := storetest.NewFace(uuid.NewString()), uuid.NewString()
	photo := make([]byte, size)
	rand.NewChaCha8([32]byte([]byte(f.ID))).Read(photo) //nolint:errcheck // it never fails
	_, err := s.Enrol(t.Context(), store.Subject{Gallery: gallery, ID: id, Metadata: map[string]string{"note": note}},
		[]store.Face{f}, []store.Photo{{MediaType: "image/png", Bytes: photo}}, true)
	require.NoError(t, err)
	return map[string][]byte{string(id + " template"): f.Template.Bytes(), string(id + " photo"): photo, string(id + " note"): []byte(note)}
}

// TestErasedByAnyDeletion looks for what each way to delete has deleted.
func TestErasedByAnyDeletion(t *testing.T) {
	const size = 300 << 10 // which takes pages of its own
	for name, c := range map[string]struct {
		del   func(s *sqlite.Store) error
		keeps []string
	}{
		"gallery": {del: func(s *sqlite.Store) error { _, err := s.DeleteGallery(t.Context(), "tenant of g", "g"); return err }},
		"tenant":  {del: func(s *sqlite.Store) error { _, err := s.DeleteTenant(t.Context(), "tenant of g"); return err }},
		"subject": {del: func(s *sqlite.Store) error { _, err := s.DeleteSubject(t.Context(), "g", "p"); return err }},
		"photos":  {del: func(s *sqlite.Store) error { return s.DeletePhotos(t.Context(), "g", "p") }, keeps: []string{"p template", "p note"}},
		"metadata": {del: func(s *sqlite.Store) error {
			_, _, err := s.UpdateMetadata(t.Context(), "g", "p", func(store.Subject) (map[string]string, error) { return nil, nil })
			return err
		}, keeps: []string{"p template", "p photo"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "oneton.db")
			s := open(t, path)
			newGallery(t, s, "g")
			newGallery(t, s, "h")
			erased := photographed(t, s, "g", "p", size)
			kept := photographed(t, s, "h", "q", size)
			require.NoError(t, s.WaitErased(t.Context()))
			require.Equal(t, len(erased), found(t, path, erased))
			for _, what := range c.keeps {
				kept[what] = erased[what]
				delete(erased, what)
			}
			require.NoError(t, c.del(s))
			require.NoError(t, s.WaitErased(t.Context()))
			require.Zero(t, found(t, path, erased), "erased values are in the files")
			require.Equal(t, len(kept), found(t, path, kept))
		})
	}
}

// TestErasureIsWaitedFor checks that who waits is told of a reader that holds
// the log, and that nothing is left when it has gone.
func TestErasureIsWaitedFor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, ctx := open(t, path), t.Context()
	newGallery(t, s, "g")
	erased := photographed(t, s, "g", "p", 1<<20)
	reader, err := raw(t, path).BeginTx(ctx, nil)
	require.NoError(t, err)
	var n int
	require.NoError(t, reader.QueryRowContext(ctx, `SELECT count(*) FROM faces`).Scan(&n))
	_, err = s.DeleteSubject(ctx, "g", "p")
	require.NoError(t, err)
	bound, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	require.ErrorIs(t, s.WaitErased(bound), context.DeadlineExceeded)
	require.NotZero(t, found(t, path, erased), "the reader could still see it")
	require.NotZero(t, s.Unerased())
	photographed(t, s, "g", "q", 100)

	require.NoError(t, reader.Rollback())
	require.NoError(t, s.WaitErased(ctx))
	require.Zero(t, s.Unerased())
	require.Zero(t, found(t, path, erased))
}

func faceID(i int) string { return fmt.Sprintf("00000000-0000-7000-8000-%012d", i) }

// found counts the values of which any aligned window is in the files.
func found(t *testing.T, path string, values map[string][]byte) (n int) {
	t.Helper()
	windows := make(map[string]string)
	for name, v := range values {
		for i := 0; i+window <= len(v); i += window {
			windows[string(v[i:i+window])] = name
		}
	}
	names := make(map[string]bool)
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		for i := 0; i+window <= len(data); i++ {
			if name, ok := windows[string(data[i:i+window])]; ok {
				names[name] = true
			}
		}
	}
	return len(names)
}

func newGallery(t *testing.T, s *sqlite.Store, id string) {
	t.Helper()
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: store.TenantID("tenant of " + id), Name: "t"}))
	require.NoError(t, s.CreateGallery(t.Context(), store.Gallery{
		ID: store.GalleryID(id), Tenant: store.TenantID("tenant of " + id), Name: id, Pack: storetest.Pack,
	}))
}
