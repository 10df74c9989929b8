package sqlite_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

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
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: id}, []store.Face{f},
			[]store.Photo{{MediaType: "image/png", Bytes: photo}}, true)
		require.NoError(t, err)
		kept[id+" template"], kept[id+" photo"] = f.Template.Bytes(), photo
	}
	require.Equal(t, len(kept), found(t, path, kept), "the search finds what is there")

	for _, i := range rng.Perm(people)[:people*9/10] {
		id := fmt.Sprintf("person-%d", i)
		var err error
		if i%2 == 0 {
			_, err = s.DeleteSubject(t.Context(), "g", id)
		} else {
			_, err = s.DeleteFace(t.Context(), "g", id, faceID(i))
		}
		require.NoError(t, err)
		for _, what := range []string{" template", " photo"} {
			erased[id+what] = kept[id+what]
			delete(kept, id+what)
		}
	}
	require.Eventually(t, func() bool {
		info, err := os.Stat(path + "-wal")
		return err == nil && info.Size() == 0
	}, 10*time.Second, 50*time.Millisecond, "the write-ahead log is emptied soon after an erasure")
	require.Zero(t, found(t, path, erased), "erased values are in the files")
	require.Equal(t, len(kept), found(t, path, kept))
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
	require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: "tenant of " + id, Name: "t"}))
	require.NoError(t, s.CreateGallery(t.Context(), store.Gallery{
		ID: id, Tenant: "tenant of " + id, Name: id, Pack: storetest.Pack,
	}))
}
