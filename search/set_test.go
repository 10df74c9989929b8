package search_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/face"
	"oneton/search"
)

func ids(r search.Result) []uint64 {
	out := []uint64{}
	for _, h := range r.Hits {
		out = append(out, h.ID)
	}
	return out
}

func TestSearchOrdersByScoreThenID(t *testing.T) {
	s, err := search.New(search.Config{Dimension: 2})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update([]search.Row{
		{ID: 3, Group: 1, Vector: []float32{0, 1}},
		{ID: 5, Group: 2, Vector: []float32{1, 0}},
		{ID: 6, Group: 1, Vector: []float32{1, 0}},
		{ID: 9, Group: 1, Vector: []float32{1, 0}},
	}, nil))
	probe := []float32{1, 0}
	only := search.Mask{}
	only.Add(3)
	only.Add(9)
	for name, c := range map[string]struct {
		opt  search.Options
		want []uint64
	}{
		"all":       {search.Options{K: 9, Threshold: -1}, []uint64{5, 6, 9, 3}},
		"k":         {search.Options{K: 2, Threshold: -1}, []uint64{5, 6}},
		"threshold": {search.Options{K: 9, Threshold: 0.5}, []uint64{5, 6, 9}},
		"distinct":  {search.Options{K: 9, Threshold: -1, Distinct: true}, []uint64{5, 6}},
		"filter":    {search.Options{K: 9, Threshold: -1, Filter: only}, []uint64{9, 3}},
		"nothing":   {search.Options{K: 9, Threshold: -1, Filter: search.Mask{}}, []uint64{}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := s.Search(context.Background(), probe, c.opt)
			require.NoError(t, err)
			require.Equal(t, c.want, ids(r))
			require.True(t, r.Certified)
		})
	}
	require.NoError(t, s.Update([]search.Row{{ID: 10, Vector: []float32{1, 0}}}, []uint64{5, 7}))
	r, err := s.Search(context.Background(), probe, search.Options{K: 9, Threshold: -1})
	require.NoError(t, err)
	require.Equal(t, []uint64{6, 9, 10, 3}, ids(r))
	require.Equal(t, 4, s.Len())
}

func TestBadInputChangesNothing(t *testing.T) {
	s, err := search.New(search.Config{Dimension: 2})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update([]search.Row{{ID: 1, Vector: []float32{1, 0}}}, nil))
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, c := range map[string]struct {
		row  search.Row
		want error
	}{
		"NaN":       {search.Row{ID: 3, Vector: []float32{nan, 0}}, face.ErrNotFinite},
		"infinite":  {search.Row{ID: 3, Vector: []float32{inf, 0}}, face.ErrNotFinite},
		"zero":      {search.Row{ID: 3, Vector: []float32{0, 0}}, face.ErrZero},
		"dimension": {search.Row{ID: 3, Vector: []float32{1}}, face.ErrDimension},
		"length":    {search.Row{ID: 3, Vector: []float32{1, 1}}, search.ErrNotUnit},
		"same id":   {search.Row{ID: 2, Vector: []float32{1, 0}}, search.ErrOrder},
		"lower id":  {search.Row{ID: 0, Vector: []float32{1, 0}}, search.ErrOrder},
	} {
		t.Run(name, func(t *testing.T) {
			good := search.Row{ID: 2, Vector: []float32{0, 1}}
			require.ErrorIs(t, s.Update([]search.Row{good, c.row}, []uint64{1}), c.want)
			require.Equal(t, 1, s.Len())
			require.EqualValues(t, 2, s.NextID())
			_, err := s.Search(context.Background(), c.row.Vector, search.Options{K: 1, Threshold: -1})
			if errors.Is(c.want, search.ErrOrder) {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, c.want)
			}
		})
	}
	_, err = s.Search(context.Background(), []float32{1, 0}, search.Options{K: 0})
	require.ErrorIs(t, err, search.ErrOptions)
	_, err = s.Search(context.Background(), []float32{1, 0}, search.Options{K: 1, Threshold: math.NaN()})
	require.ErrorIs(t, err, search.ErrOptions)
}

func TestSaveAndOpen(t *testing.T) {
	cfg := search.Config{Dimension: 2, Dir: filepath.Join(t.TempDir(), "set")}
	_, err := search.Open(cfg)
	require.ErrorIs(t, err, search.ErrNotSaved)
	s, err := search.New(cfg)
	require.NoError(t, err)
	require.NoError(t, s.Update([]search.Row{
		{ID: 3, Group: 7, Vector: []float32{0, 1}},
		{ID: 5, Group: 8, Vector: []float32{1, 0}},
	}, nil))
	require.NoError(t, s.Update(nil, []uint64{3}))
	require.NoError(t, s.Save([]byte("position 2")))
	require.NoError(t, s.Close())
	s, err = search.Open(cfg)
	require.NoError(t, err)
	defer s.Close()
	require.Equal(t, "position 2", string(s.Note()))
	require.Equal(t, 1, s.Len())
	require.EqualValues(t, 6, s.NextID())
	r, err := s.Search(context.Background(), []float32{1, 0}, search.Options{K: 9, Threshold: -1})
	require.NoError(t, err)
	require.Equal(t, []search.Hit{{ID: 5, Group: 8, Score: 1}}, r.Hits)
}

func TestConfig(t *testing.T) {
	for name, cfg := range map[string]search.Config{
		"no dimension":   {},
		"dimension":      {Dimension: search.MaxDimension + 1},
		"workers":        {Dimension: 1, Workers: -1},
		"segment rows":   {Dimension: 1, SegmentRows: -1},
		"unknown kernel": {Dimension: 1, Kernel: "abacus"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := search.New(cfg)
			require.ErrorIs(t, err, search.ErrConfig)
			_, err = search.Open(cfg)
			require.ErrorIs(t, err, search.ErrConfig)
		})
	}
	for _, name := range search.Kernels() {
		t.Setenv("ONETON_SIMD", name)
		s, err := search.New(search.Config{Dimension: 1})
		require.NoError(t, err)
		require.Equal(t, name, s.Kernel())
		require.NoError(t, s.Close())
	}
	t.Setenv("ONETON_SIMD", "abacus")
	_, err := search.New(search.Config{Dimension: 1})
	require.ErrorIs(t, err, search.ErrConfig)
}
