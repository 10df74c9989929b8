package search

import (
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/search/internal/kernel"
)

// TestBrokenBoundIsNotTrusted spoils the planes of a row that a search rescores.
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

	planes := s.view.Load().parts[0].planes
	planes.Copy(2, planes, 0)
	got, err = s.Search(context.Background(), probe, Options{K: 1, Threshold: -1})
	require.NoError(t, err)
	require.False(t, got.Certified)
	require.Equal(t, []Hit{{ID: 1, Score: 1}}, got.Hits)
	require.GreaterOrEqual(t, got.Rescored, 3)
}

// TestSpoiledSecondPlaneIsNotTrusted spoils what a search reads only of rows
// that the first plane does not rule out.
func TestSpoiledSecondPlaneIsNotTrusted(t *testing.T) {
	const dimension, n = 64, 300
	s, err := New(Config{Dimension: dimension, SegmentRows: 100, Workers: 1})
	require.NoError(t, err)
	defer s.Close()
	s.LearnAlways(100)
	r := rand.New(rand.NewPCG(3, 13))
	var rows []Row
	for i := range uint64(n) {
		rows = append(rows, Row{ID: i, Vector: drawn(r, dimension)})
	}
	require.NoError(t, s.Update(rows, nil))
	require.Eventually(t, func() bool { return s.Stats().Split >= n-100 }, time.Minute, time.Millisecond)
	s.SkimAlways()
	probe, opt := drawn(r, dimension), Options{K: 1, Threshold: -1}
	want, err := s.Search(context.Background(), probe, opt)
	require.NoError(t, err)
	require.True(t, want.Certified)
	p := s.view.Load().parts[1]
	split := p.basis.layout.Split
	second := p.hot.bytes[blocksFor(p.capacity)*(64+12*split) : blocksFor(p.capacity)*p.layout().BlockBytes()]
	for i := range second {
		second[i] = 0xff
	}
	got, err := s.Search(context.Background(), probe, opt)
	require.NoError(t, err)
	require.False(t, got.Certified)
	require.Equal(t, want.Hits, got.Hits)
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

// TestEverySegmentIsFreed watches the segments of a set through growing,
// sealing, merging, rewriting and saving, while searches hold views.
func TestEverySegmentIsFreed(t *testing.T) {
	for name, dir := range map[string]string{"in memory": "", "in files": filepath.Join(t.TempDir(), "set")} {
		t.Run(name, func(t *testing.T) {
			s, err := New(Config{Dimension: 64, SegmentRows: 5000, Dir: dir})
			require.NoError(t, err)
			seen := map[*segment]bool{}
			vector := make([]float32, 64)
			vector[0] = 1
			var held []*view
			for id := uint64(0); id < 30_000; id += 500 {
				var rows []Row
				var gone []uint64
				for i := range uint64(500) {
					rows = append(rows, Row{ID: id + i, Vector: vector})
					if i%2 == 0 && id >= 500 {
						gone = append(gone, id-500+i)
					}
				}
				require.NoError(t, s.Update(rows, gone))
				if dir != "" && id%7500 == 0 {
					require.NoError(t, s.Save(nil))
				}
				v := s.acquire()
				for _, p := range v.parts {
					seen[p.segment] = true
				}
				held = append(held, v)
			}
			require.NoError(t, s.Close())
			for _, v := range held {
				for _, p := range v.parts {
					require.NotNil(t, p.hot.bytes, "held by a search")
				}
				v.release()
			}
			require.Greater(t, len(seen), 10)
			for seg := range seen {
				require.Nil(t, seg.hot.bytes)
				require.Zero(t, seg.refs.Load())
			}
		})
	}
}

// TestFullDisk puts a file in the directory's place: what needs it fails, searches and
// updates do not, and all is well when it is gone.
func TestFullDisk(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "set")
	s, err := New(Config{Dimension: 2, SegmentRows: 10, Dir: dir})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, os.WriteFile(dir, nil, fileMode))
	for id := range uint64(100) {
		require.NoError(t, s.Update([]Row{{ID: id, Vector: []float32{1, 0}}}, nil))
	}
	require.ErrorIs(t, s.Save(nil), syscall.ENOTDIR)
	require.Eventually(t, func() bool { return s.Stats().Fault != nil }, 10*time.Second, time.Millisecond)
	got, err := s.Search(context.Background(), []float32{1, 0}, Options{K: 200, Threshold: -1})
	require.NoError(t, err)
	require.Len(t, got.Hits, 100)
	require.NoError(t, os.Remove(dir))
	require.NoError(t, s.Save([]byte("back")))
	require.NoError(t, s.Stats().Fault)
	again, err := Open(Config{Dimension: 2, Dir: dir})
	require.NoError(t, err)
	require.Equal(t, 100, again.Len())
	require.NoError(t, again.Close())
}

// TestOlderFormat opens a file that is whole but of the format before,
// in which rows were laid out otherwise.
func TestOlderFormat(t *testing.T) {
	const before = fileMagic - 1
	cfg := Config{Dimension: 8, Dir: filepath.Join(t.TempDir(), "set")}
	s, err := New(cfg)
	require.NoError(t, err)
	require.NoError(t, s.Update([]Row{{ID: 5, Vector: []float32{1, 0, 0, 0, 0, 0, 0, 0}}}, nil))
	require.NoError(t, s.Save(nil))
	require.NoError(t, s.Close())

	path := segmentPath(cfg.Dir, 1)
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	now, err := openSegment(cfg.Dir, 1, nil, 8, 1, headerSum(b))
	require.NoError(t, err)
	now.free()
	binary.NativeEndian.PutUint64(b, before)
	sum := crc32.Checksum(b[:headerBytes-sumBytes], castagnoli)
	binary.NativeEndian.PutUint32(b[headerBytes-sumBytes:], sum)
	require.NoError(t, os.WriteFile(path, b, fileMode))
	_, err = openSegment(cfg.Dir, 1, nil, 8, 1, sum)
	require.ErrorIs(t, err, ErrVersion)
}

func FuzzDecodeManifest(f *testing.F) {
	m := manifest{dimension: 128, next: 77, note: []byte("note"), parts: []savedPart{
		{number: 1, rows: 40, sum: 5},
		{number: 2, rows: 33, sum: 6, live: []uint16{1, 2, 3, 4}},
	}}
	whole := m.encode()
	f.Add(whole[:len(whole)-sumBytes])
	m.dimension, m.basis = 24, &basis{layout: kernel.Layout{Dimension: 24, Split: 16}, vectors: make([]float32, 24*24)}
	whole = m.encode()
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
			other := len(b) >= 8+sumBytes && binary.NativeEndian.Uint64(b) != manifestMagic
			require.Equal(t, other, errors.Is(err, ErrVersion))
			require.Equal(t, !other, errors.Is(err, ErrDamaged))
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
			copy(b, header(nil, 3, int(rows), 5, binary.NativeEndian.Uint32(b[28:])))
		}
		require.NoError(t, os.WriteFile(segmentPath(here, 1), b, fileMode))
		var sum uint32
		if len(b) > headerBytes {
			sum = headerSum(b)
		}
		seg, err := openSegment(here, 1, nil, 3, int(rows), sum)
		if err != nil {
			require.ErrorIs(t, err, ErrDamaged)
			return
		}
		seg.free()
	})
}
