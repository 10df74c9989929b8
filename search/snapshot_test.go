package search_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// TestSnapshots takes snapshots while a set grows, shrinks and is compacted,
// and searches them all at once, so that they share scans: each answers as of
// its moment.
func TestSnapshots(t *testing.T) {
	const dimension, step = 64, 4000
	r := rand.New(rand.NewPCG(6, 6))
	s, err := search.New(search.Config{Dimension: dimension, Workers: 2, SegmentRows: 9000})
	require.NoError(t, err)
	type moment struct {
		search.Snapshot
		rows model
	}
	var moments []moment
	var rows model
	for id := uint64(0); id < 12*step; id += step {
		var insert []search.Row
		for i := range uint64(step) {
			insert = append(insert, search.Row{ID: id + i, Group: uint32(r.IntN(99)), Vector: gaussian(r, dimension)})
		}
		var remove []uint64
		gone := map[uint64]bool{}
		for _, row := range rows {
			if r.IntN(4) == 0 {
				remove = append(remove, row.ID)
				gone[row.ID] = true
			}
		}
		require.NoError(t, s.Update(insert, remove))
		rows = append(slices.DeleteFunc(slices.Clone(rows), func(r search.Row) bool { return gone[r.ID] }), insert...)
		p, err := s.Snapshot()
		require.NoError(t, err)
		require.Equal(t, len(rows), p.Len())
		moments = append(moments, moment{p, rows})
	}
	filter := search.Mask{}
	for id := uint64(0); id < 12*step; id += 3 {
		filter.Add(id)
	}
	var group sync.WaitGroup
	for i, m := range moments {
		group.Go(func() {
			r := rand.New(rand.NewPCG(uint64(i), 8))
			for n := range 6 {
				opt := search.Options{K: 1 + r.IntN(30), Threshold: -1, Distinct: n%3 == 0}
				if n%2 == 0 {
					opt.Filter = filter
				}
				probes := [][]float32{gaussian(r, dimension), m.rows[0].Vector}
				got, err := m.SearchBatch(context.Background(), probes, opt)
				if err != nil {
					t.Error(err)
					return
				}
				for j, probe := range probes {
					if want := m.rows.search(probe, opt); !slices.Equal(want, got[j].Hits) || !got[j].Certified {
						t.Errorf("snapshot %d: %v, want %v", i, got[j].Hits, want)
					}
				}
			}
		})
	}
	group.Wait()
	require.NoError(t, s.Close(), "snapshots outlive their set")
	last := moments[len(moments)-1]
	got, err := last.Search(context.Background(), last.rows[7].Vector, search.Options{K: 1, Threshold: -1})
	require.NoError(t, err)
	require.Equal(t, last.rows[7].ID, got.Hits[0].ID)
	for _, m := range moments {
		m.Release()
	}
	_, err = s.Snapshot()
	require.ErrorIs(t, err, search.ErrClosed)
}

// TestStage checks that what is staged is seen once it is committed, and that
// what is abandoned never was.
func TestStage(t *testing.T) {
	s, err := search.New(search.Config{Dimension: 2, SegmentRows: 4})
	require.NoError(t, err)
	defer s.Close()
	ids := func() []uint64 {
		got, err := s.Search(t.Context(), []float32{1, 0}, search.Options{K: 100, Threshold: -1})
		require.NoError(t, err)
		out := []uint64{}
		for _, h := range got.Hits {
			out = append(out, h.ID)
		}
		return out
	}
	row := func(id uint64) search.Row { return search.Row{ID: id, Vector: []float32{1, 0}} }
	require.NoError(t, s.Update([]search.Row{row(1), row(2), row(3)}, nil))
	for range 3 {
		staged, err := s.Stage([]search.Row{row(4), row(5), row(9)}, []uint64{2})
		require.NoError(t, err)
		require.Equal(t, []uint64{1, 2, 3}, ids())
		staged.Abandon()
		require.Equal(t, []uint64{1, 2, 3}, ids())
		require.Equal(t, uint64(4), s.NextID())
	}
	staged, err := s.Stage([]search.Row{row(4), row(6)}, []uint64{3})
	require.NoError(t, err)
	staged.Commit()
	require.Equal(t, []uint64{1, 2, 4, 6}, ids())
	_, err = s.Stage([]search.Row{row(6)}, nil)
	require.ErrorIs(t, err, search.ErrOrder)
	require.NoError(t, s.Update([]search.Row{row(7)}, nil), "what failed holds nothing up")
}
