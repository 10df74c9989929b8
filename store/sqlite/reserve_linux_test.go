package sqlite_test

import (
	"errors"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// TestReserveBesideAnotherProcess removes on a full disk while another handle
// tries to add, and would take the reserve back as soon as it is given up.
func TestReserveBesideAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); errors.Is(err, syscall.EPERM) {
		t.Skip("only root may mount a small disk")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { require.NoError(t, syscall.Unmount(dir, syscall.MNT_DETACH)) })
	cfg := sqlite.Config{Path: filepath.Join(dir, "oneton.db"), Reserve: 2 << 20}
	one, err := sqlite.Open(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, one.Close()) }()
	two, err := sqlite.Open(t.Context(), cfg)
	require.NoError(t, err)
	defer func() { require.NoError(t, two.Close()) }()
	newGallery(t, one, "g")
	const people = 40
	enrol := func(s *sqlite.Store, id string) error {
		_, err := s.Enrol(t.Context(), store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
		return err
	}
	var ids []string
	for range people {
		ids = append(ids, uuid.NewString())
		require.NoError(t, enrol(one, ids[len(ids)-1]))
	}
	filler, err := os.Create(filepath.Join(dir, "filler"))
	require.NoError(t, err)
	for err == nil {
		_, err = filler.Write(make([]byte, 4096))
	}
	require.ErrorIs(t, err, syscall.ENOSPC)
	require.NoError(t, filler.Close())

	stop := make(chan struct{})
	var adding sync.WaitGroup
	for range 4 {
		adding.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_ = enrol(two, uuid.NewString())
				}
			}
		})
	}
	for _, id := range ids {
		_, err := one.DeleteSubject(t.Context(), "g", store.SubjectID(id))
		require.NoError(t, err)
	}
	close(stop)
	adding.Wait()
}
