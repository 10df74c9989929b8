package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
)

// The names are those of whom photos.py says the same.
func TestKeptOut(t *testing.T) {
	require.True(t, keptOut("Adam_Sandler"))
	require.False(t, keptOut("Aaron_Guiel"))
	s := &photoSet{
		people: []string{"Adam_Sandler", "Aaron_Guiel", "Zed"}, identity: []int{0, 1, 0},
		of: [][]int{{0, 1}, {2}, {3}}, photos: []portrait{{0, "a"}, {0, "b"}, {1, "c"}, {2, "d"}},
	}
	s.keepOut()
	require.Equal(t, &photoSet{
		people: []string{"Adam_Sandler", "Zed"}, identity: []int{0, 0},
		of: [][]int{{0, 1}, {2}}, photos: []portrait{{0, "a"}, {0, "b"}, {1, "d"}},
	}, s)
	require.Equal(t, []chosen{{1, 0}}, s.choose(5), "Zed is Adam Sandler")
}

// A run that was stopped goes on with what its record has, where nothing else
// has changed.
func TestResumed(t *testing.T) {
	folder, params := t.TempDir(), poorParams{"photos", 4, false}
	got, err := resumed[poorParams, poorResult](folder, "poor", "abc", params)
	require.NoError(t, err)
	require.Empty(t, got)
	want := []poorResult{{Pack: "default@3", Cells: []poorCell{{Way: "negative", Refused: 0.5, Alike: []poorLevel{{FMR: 0.01, Matches: 2, Pairs: 6}}}}}}
	_, err = write(folder, "poor", params, want)
	require.NoError(t, err)
	now := revision()
	for _, of := range []struct {
		revision string
		params   poorParams
	}{{"abc", params}, {now, poorParams{"photos", 4, true}}, {"unknown", params}, {now + "-dirty", params}} {
		got, err := resumed[poorParams, poorResult](folder, "poor", of.revision, of.params)
		require.NoError(t, err)
		require.Empty(t, got, of)
	}
	replaced := func(from, to string) {
		path := filepath.Join(folder, "poor.json")
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, []byte(strings.ReplaceAll(string(b), from, to)), 0o600))
	}
	replaced(`"revision": "`+now, `"revision": "abc`)
	got, err = resumed[poorParams, poorResult](folder, "poor", "abc", params)
	require.NoError(t, err)
	require.Equal(t, want, got)
	replaced(`"name"`, `name`)
	_, err = resumed[poorParams, poorResult](folder, "poor", "abc", params)
	require.ErrorContains(t, err, "decode record")
}

func TestPoorCells(t *testing.T) {
	m := &pack.Manifest{Calibration: calibration.Table{Measured: 1e-6, Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.5, FMR: 1e-4}, {Cosine: 0.9, FMR: 1e-8}}}}
	a, b := face.Template{1, 0}, face.Template{0, 1}
	people := []chosen{{1, 0}, {2, 2}, {4, 3}, {5, 5}}
	// The first two spoiled ones collide, the third finds itself, the last cannot
	// be compared.
	cell := poorCellOf(m, people, []face.Template{b, {0, -1}, {-1, 0}, {0, -1}}, []face.Template{a, a, {-1, 0}, nil})
	require.InDelta(t, 0.25, cell.Refused, 1e-9)
	// Each of two probes has one of three strangers above the threshold.
	require.InDelta(t, 0.01, cell.Searches[0].FPIR, 1e-9)
	require.InDelta(t, 0.5, cell.Searches[0].Alike.Of1000, 1e-9)
	require.Zero(t, cell.Searches[0].Good.Of100)
	require.InDelta(t, 0.5, cell.Searches[1].Alike.Of1000, 1e-9)
	require.InDelta(t, 0.5, cell.Found.Share, 1e-9)
	require.Equal(t, []int{1, 6}, []int{cell.Alike[2].Matches, cell.Alike[2].Pairs})
	require.InDelta(t, 1/6.0/1e-4, cell.Alike[2].Ratio, 1e-6)
	require.Len(t, cell.Good, 5)
	require.Zero(t, cell.Good[2].Matches)
}
