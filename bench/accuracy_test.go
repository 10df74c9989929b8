package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
)

// direction is a pseudo-random unit vector that any language can make.
func direction(seed uint64) []float64 {
	const dimension = 24
	v := make([]float64, dimension)
	norm := 0.0
	for k := range v {
		for range 4 {
			seed = seed*6364136223846793005 + 1442695040888963407
			v[k] += float64(seed>>40) / (1 << 24)
		}
		v[k] -= 2
		norm += v[k] * v[k]
	}
	for k := range v {
		v[k] /= math.Sqrt(norm)
	}
	return v
}

// syntheticSet has 360 people with one, two or three photos each.
func syntheticSet(t *testing.T) (*photoSet, []face.Template, matrix) {
	t.Helper()
	s := &photoSet{}
	var templates []face.Template
	for p := range 360 {
		photos := 1
		if p%2 == 0 {
			photos = 2 + p%4/2
		}
		s.people = append(s.people, fmt.Sprintf("p%03d", p))
		s.identity = append(s.identity, p)
		s.of = append(s.of, nil)
		for i := range photos {
			person, photograph := direction(uint64(p+1)), direction(uint64(100000+10*p+i))
			v := make([]float32, len(person))
			for k := range v {
				v[k] = float32(person[k] + 0.9*photograph[k])
			}
			template, err := face.NewTemplate(v)
			require.NoError(t, err)
			s.of[p] = append(s.of[p], len(s.photos))
			s.photos = append(s.photos, portrait{person: p})
			templates = append(templates, template)
		}
	}
	cosines, err := compare(&pack.Manifest{}, templates)
	require.NoError(t, err)
	return s, templates, cosines
}

// TestAccuracyAgreesWithNumpy compares with a program that shares no code.
func TestAccuracyAgreesWithNumpy(t *testing.T) {
	b, err := os.ReadFile("testdata/accuracy.json")
	require.NoError(t, err)
	var want struct {
		Enrolled, Mated int
		NonMated        int `json:"non_mated"`
		Rank1           float64
		Rates           []struct{ FPIR, Threshold, FNIR float64 }
		Pairs           [][3]int
		Accuracy        float64
		StandardError   float64 `json:"standard_error"`
		TAR             float64
	}
	require.NoError(t, json.Unmarshal(b, &want))
	s, templates, cosines := syntheticSet(t)

	table := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 1, FMR: 1e-9}}, Measured: 1e-6}
	got, _ := openSet(s, cosines, templates, table)
	require.Equal(t, want.Enrolled, got.Enrolled)
	require.Equal(t, want.Mated, got.Mated)
	require.Equal(t, want.NonMated, got.NonMated)
	require.InDelta(t, want.Rank1, got.Rank1, 1e-9)
	for i, w := range want.Rates {
		require.InDelta(t, w.Threshold, got.Rates[i].Threshold, 1e-6)
		require.InDelta(t, w.FNIR, got.Rates[i].FNIR.Share, 1e-9)
		require.Equal(t, table.Identification(w.FPIR, want.Enrolled), got.Rates[i].Calibrated)
	}

	var pairs []pair
	for _, p := range want.Pairs {
		pairs = append(pairs, pair{p[0], p[1], p[2] == 1})
	}
	folds := tenFold(pairs, cosines)
	require.InDelta(t, want.Accuracy, folds.Accuracy, 1e-9)
	require.InDelta(t, want.StandardError, folds.Error, 1e-9)
	require.InDelta(t, want.TAR, folds.TAR[0].TAR, 1e-9)
}

func TestAPhotoWithoutAFaceIsAMiss(t *testing.T) {
	s, templates, _ := syntheticSet(t)
	table := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 1, FMR: 1e-9}}, Measured: 1e-6}
	for _, i := range s.roles().mated[:10] {
		templates[i] = nil
	}
	cosines, err := compare(&pack.Manifest{}, templates)
	require.NoError(t, err)
	got, _ := openSet(s, cosines, templates, table)
	require.GreaterOrEqual(t, got.Rates[0].FNIR.Share, 10/float64(got.Mated))
	require.LessOrEqual(t, got.Rank1, 1-10/float64(got.Mated))
}

func TestStrangersAreNeverComparedWithThemselves(t *testing.T) {
	s, templates, cosines := syntheticSet(t)
	checks, err := checkOutOfSample(s, cosines, templates, 2)
	require.NoError(t, err)
	for _, c := range checks {
		if c.FPIR == 0.1 {
			require.InDelta(t, 1, c.Ratio, 0.5, "gallery of %d", c.Gallery)
		}
	}
	again, err := checkOutOfSample(s, cosines, templates, 2)
	require.NoError(t, err)
	require.Equal(t, checks, again, "the same halvings each time")
}

func TestReadSet(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"Ann/Ann_0002.jpg", "Ann/Ann_0001.JPG", "Bob/Bob_0001.png", "Cid/notes.txt", "Dan/Dan_0001.webp"} {
		path := filepath.Join(folder, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, nil, 0o600))
	}
	s, err := readSet(folder, "")
	require.NoError(t, err)
	require.Equal(t, []string{"Ann", "Bob", "Dan"}, s.people)
	require.Equal(t, [][]int{{0, 1}, {2}, {3}}, s.of)

	same := filepath.Join(folder, "same.txt")
	require.NoError(t, os.WriteFile(same, []byte("# one person\nDan Bob\n"), 0o600))
	require.NoError(t, s.merge(same))
	require.Equal(t, []int{0, 1, 1}, s.identity)
	require.NoError(t, os.WriteFile(same, []byte("Dan Eve\n"), 0o600))
	require.ErrorContains(t, s.merge(same), "no such people")

	list := filepath.Join(folder, "pairs.txt")
	text := "10\t1\n" + strings.Repeat("Ann\t1\t2\nBob\t1\tDan\t1\n", 5)
	require.NoError(t, os.WriteFile(list, []byte(text), 0o600))
	pairs, err := s.readPairs(list)
	require.NoError(t, err)
	require.Len(t, pairs, 10)
	require.Equal(t, []pair{{0, 1, true}, {2, 3, false}}, pairs[:2])

	_, err = readSet(filepath.Join(folder, "Ann"), "")
	require.ErrorContains(t, err, "at least two people")
}

func TestGroups(t *testing.T) {
	s, templates, cosines := syntheticSet(t)
	table := &calibration.Table{Knots: []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.5, FMR: 1e-4}}, Measured: 1e-4}
	got, err := byGroup(s, cosines, templates, []byte("p000,a\np002,a\np001,b\np003,b\nnobody,b\n"), table)
	require.NoError(t, err)
	require.Len(t, got, 2)
	require.Equal(t, 2, got[0].People)
	require.Zero(t, got[0].FMR)
	// p000 has two photos and p002 three: 1 + 3 mated pairs.
	misses := 0.0
	for _, ij := range [][2]int{{s.of[0][0], s.of[0][1]}, {s.of[2][0], s.of[2][1]}, {s.of[2][0], s.of[2][2]}, {s.of[2][1], s.of[2][2]}} {
		if cosines[ij[0]][ij[1]] < 0.5 {
			misses++
		}
	}
	require.InDelta(t, misses/4, got[0].FNMR.Share, 1e-9)
	require.Nil(t, got[1].FNMR)
	_, err = byGroup(s, cosines, templates, []byte("p000\n"), table)
	require.ErrorContains(t, err, "need person,group")
}
