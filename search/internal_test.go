package search

import (
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestBrokenBoundIsNotTrusted spoils the codes of a row that a search rescores.
func TestBrokenBoundIsNotTrusted(t *testing.T) {
	s, err := New(Config{Dimension: 4})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update([]Row{
		{ID: 1, Vector: []float32{1, 0, 0, 0}},
		{ID: 2, Vector: []float32{0.8, 0.6, 0, 0}},
		{ID: 3, Vector: []float32{0, 0, 0, 1}},
	}, nil))
	probe := []float32{1, 0, 0, 0}
	got, err := s.Search(context.Background(), probe, Options{K: 1, Threshold: -1})
	require.NoError(t, err)
	require.True(t, got.Certified)

	blocks := s.view.Load().parts[0].blocks
	copy(blocks[64+2*4:64+3*4], blocks[64:64+4])
	got, err = s.Search(context.Background(), probe, Options{K: 1, Threshold: -1})
	require.NoError(t, err)
	require.False(t, got.Certified)
	require.Equal(t, []Hit{{ID: 1, Score: 1}}, got.Hits)
	require.GreaterOrEqual(t, got.Rescored, 3)
}

// TestTailWithDeletedRowsDoesNotGrow renews one row over and over.
func TestTailWithDeletedRowsDoesNotGrow(t *testing.T) {
	s, err := New(Config{Dimension: 4})
	require.NoError(t, err)
	defer s.Close()
	for id := range uint64(10_000) {
		require.NoError(t, s.Update([]Row{{ID: id + 1, Vector: []float32{1, 0, 0, 0}}}, []uint64{id}))
	}
	require.Equal(t, 1, s.Len())
	require.LessOrEqual(t, s.view.Load().parts[0].capacity, 8)
}

func FuzzDecodeManifest(f *testing.F) {
	m := manifest{dimension: 128, next: 77, note: []byte("note"), parts: []savedPart{
		{number: 1, rows: 40, sum: 5},
		{number: 2, rows: 33, sum: 6, live: []uint16{1, 2, 3, 4}},
	}}
	whole := m.encode()
	f.Add(whole[:len(whole)-sumBytes])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := decodeManifest(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
		}
		// With its checksum, content decodes to what encodes to it, or not at all.
		b = binary.NativeEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
		got, err := decodeManifest(b)
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
			return
		}
		require.Equal(t, b, got.encode())
	})
}

// FuzzOpenSegment opens arbitrary bytes as a segment's file.
func FuzzOpenSegment(f *testing.F) {
	dir := f.TempDir()
	cfg := Config{Dimension: 3, Dir: filepath.Join(dir, "set")}
	s, err := New(cfg)
	require.NoError(f, err)
	require.NoError(f, s.Update([]Row{{ID: 5, Vector: []float32{1, 0, 0}}, {ID: 9, Vector: []float32{0, 1, 0}}}, nil))
	require.NoError(f, s.Save(nil))
	require.NoError(f, s.Close())
	whole, err := os.ReadFile(segmentPath(cfg.Dir, 1))
	require.NoError(f, err)
	f.Add(whole, uint16(2))
	f.Add(whole[:40], uint16(2))
	f.Add([]byte{}, uint16(1))
	f.Fuzz(func(t *testing.T, b []byte, rows uint16) {
		here := t.TempDir()
		if len(b) > headerBytes {
			// A right header lets the rest be reached.
			copy(b, header(3, int(rows), 5, binary.NativeEndian.Uint32(b[24:])))
		}
		require.NoError(t, os.WriteFile(segmentPath(here, 1), b, fileMode))
		var sum uint32
		if len(b) > headerBytes {
			sum = headerSum(b)
		}
		seg, err := openSegment(here, 1, 3, int(rows), sum)
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
			return
		}
		seg.free()
	})
}
