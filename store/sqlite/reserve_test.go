package sqlite_test

import (
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

// TestReserve checks that nothing is added while the reserve is not whole,
// that it is taken back as soon as it can be, and that removals go on meanwhile.
func TestReserve(t *testing.T) {
	const size = 3<<20 + 1
	path := filepath.Join(t.TempDir(), "oneton.db")
	reserve := path + "-reserve"
	s, err := sqlite.Open(t.Context(), sqlite.Config{Path: path, Reserve: size})
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	whole := func() {
		t.Helper()
		info, err := os.Stat(reserve)
		require.NoError(t, err)
		require.Equal(t, int64(size), info.Size())
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		require.False(t, s.Full())
	}
	whole()
	newGallery(t, s, "g")
	enrol := func() error {
		id := uuid.NewString()
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{storetest.NewFace(id)}, nil, true)
		return err
	}
	require.NoError(t, enrol())

	require.NoError(t, os.Truncate(reserve, 0), "another process needs it")
	require.True(t, s.Full())
	require.ErrorIs(t, enrol(), store.ErrFull, "and has it for a moment")
	require.Eventually(t, func() bool { return enrol() == nil }, time.Minute, 50*time.Millisecond)
	whole()

	require.NoError(t, os.Remove(reserve))
	require.NoError(t, os.Mkdir(reserve, 0o700), "it cannot be had")
	require.NoError(t, os.WriteFile(filepath.Join(reserve, "x"), nil, 0o600))
	t.Cleanup(func() { _ = os.RemoveAll(reserve) })
	subs, err := s.Subjects(t.Context(), "g", store.Page{Limit: 10})
	require.NoError(t, err)
	require.ErrorIs(t, enrol(), store.ErrUnavailable)
	_, err = s.DeleteSubject(t.Context(), "g", subs[0].ID)
	require.NoError(t, err)
	_, err = s.CompactLog(t.Context())
	require.ErrorIs(t, err, store.ErrUnavailable, "the reserve is for what somebody wants removed")
	require.NoError(t, s.Remove(t.Context(), "start", func(tx store.Tx) error {
		_, err := tx.Exec(`INSERT INTO secret (one, fingerprint) VALUES (1, $1)`, []byte("f"))
		return err
	}), "a process can start")
	require.NoError(t, os.RemoveAll(reserve))
	require.NoError(t, enrol())
	whole()
}
