package search_test

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"oneton/search"
)

// forget drops a file from the page cache, where it can be.
func forget(t *testing.T, path string) {
	t.Helper()
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, f.Sync())
	require.NoError(t, unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED))
}

func TestReadAhead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	want := bytes.Repeat([]byte("abcdefgh"), 1<<14)
	require.NoError(t, os.WriteFile(path, want, 0o600))
	forget(t, path)
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	got := make([]byte, 1000)
	for at := int64(3); at < int64(len(want)-len(got)); at += 10_000 {
		search.ReadAhead(f, at, len(got))
		// Not every file system tells what is cached.
		if !search.ReadCached(f, got, at) {
			_, err := f.ReadAt(got, at)
			require.NoError(t, err)
			clear(got)
			if !search.ReadCached(f, got, at) {
				continue
			}
		}
		require.Equal(t, want[at:][:len(got)], got)
	}
	require.False(t, search.ReadCached(f, got, int64(len(want)-1)))
	require.False(t, search.ReadCached(f, got, int64(len(want))))
}

// TestVectorsOnDisk searches with the vectors on the disk, not in the page
// cache, for more of them than are fetched at once.
func TestVectorsOnDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	s, err := search.New(search.Config{Dimension: 128, SegmentRows: 1000, Dir: dir})
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(7, 7))
	rows := make(model, 5000)
	for i := range rows {
		rows[i] = search.Row{ID: uint64(i), Vector: gaussian(r, 128)}
	}
	require.NoError(t, s.Update(rows, nil))
	require.NoError(t, s.Save(nil))
	for i := range 20 {
		files, err := filepath.Glob(filepath.Join(dir, "*.segment"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, path := range files {
			forget(t, path)
		}
		opt := search.Options{K: 100, Threshold: -1}
		got, err := s.Search(context.Background(), rows[i].Vector, opt)
		require.NoError(t, err)
		require.Equal(t, rows.search(rows[i].Vector, opt), got.Hits)
		require.True(t, got.Certified)
	}
	require.NoError(t, s.Close())
}
