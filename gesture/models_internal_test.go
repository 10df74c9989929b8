package gesture

import (
	"encoding/json"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/embedtest"
	"oneton/face"
	"oneton/picture"
	"oneton/pool"
)

// The models say of photos what an independent program has them say.
func TestModelsMatchGolden(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes in one goroutine")
	}
	var faces []struct {
		Photo  string
		Box    face.Box
		Points [][2]float64
		Open   [2]float64
		Happy  float64
	}
	content, err := os.ReadFile("testdata/golden.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &faces))
	require.Len(t, faces, 2)
	m, err := openModels(embedtest.Models(t), embedtest.Runtime(t))
	require.NoError(t, err)
	defer func() { require.NoError(t, m.close()) }()
	for _, f := range faces {
		p, err := picture.Decode(t.Context(), embedtest.Photo(t, f.Photo), picture.DefaultLimits())
		require.NoError(t, err)
		l, err := m.findPoints(t.Context(), p, f.Box)
		require.NoError(t, err)
		for i, want := range f.Points {
			require.InDelta(t, want[0], l[i].x, 0.2, "%s point %d", f.Photo, i)
			require.InDelta(t, want[1], l[i].y, 0.2, "%s point %d", f.Photo, i)
		}
		for i, want := range f.Open {
			open, err := m.open(t.Context(), p, l.eye(i))
			require.NoError(t, err)
			require.InDelta(t, want, open, 0.01)
		}
		happy, err := m.happiness(t.Context(), p, f.Box)
		require.NoError(t, err)
		require.InDelta(t, f.Happy, happy, 0.01)
	}
}

// The models take memory when they are first needed, once for all who need them, and
// are told to be broken before that.
func TestModelsAreLoadedWhenNeeded(t *testing.T) {
	s := &shelf{folder: embedtest.Models(t), rt: embedtest.Runtime(t)}
	require.NoError(t, s.check())
	require.Nil(t, s.loaded)
	var group sync.WaitGroup
	got := make([]*models, 8)
	for i := range got {
		group.Go(func() { got[i], _ = s.get() })
	}
	group.Wait()
	require.NotNil(t, got[0])
	for _, m := range got {
		require.Same(t, got[0], m)
	}
	require.NoError(t, s.close())
	_, err := s.get()
	require.ErrorIs(t, err, pool.ErrClosed)

	folder := t.TempDir()
	for _, file := range []string{pointsFile, eyeFile, expressionFile} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, file), []byte("no model"), 0o600))
	}
	err = (&shelf{folder: folder}).check()
	require.Error(t, err)
	require.NotErrorIs(t, err, ErrOff)
	require.ErrorIs(t, (&shelf{folder: t.TempDir()}).check(), ErrOff)
}
