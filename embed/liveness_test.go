package embed_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed"
	"oneton/embed/embedtest"
	"oneton/embed/pack"
	"oneton/photo"
)

// TestLivenessMatchesGolden compares with testdata/liveness.py: a score, or the
// reason why there is none, for each face of golden.json.
func TestLivenessMatchesGolden(t *testing.T) {
	// The detectors' boxes differ by up to a pixel, which moves the score.
	const tolerance = 0.05
	data, err := os.ReadFile("testdata/liveness.json")
	require.NoError(t, err)
	var want map[string][]any
	require.NoError(t, json.Unmarshal(data, &want))
	p := embedtest.Pack(t, "default")
	p.Aligner = nil // liveness goes by the detector's boxes
	e := embedtest.New(t, embed.Config{}, p)
	require.True(t, e.JudgesLiveness("default"))
	photos := readGolden(t).Photos
	for name, scores := range want {
		t.Run(name, func(t *testing.T) {
			r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, name), photo.CheckLiveness)
			require.NoError(t, err)
			require.Len(t, r.Faces, len(scores))
			require.Positive(t, r.Timings.Liveness)
			for _, f := range r.Faces {
				box, _ := photos[name].inFrame(f)
				i := photos[name].nearest(box)
				var expected any
				for j, g := range photos[name].Faces {
					if g.Box == i.Box {
						expected = scores[j]
					}
				}
				score, ok := expected.(float64)
				if !ok {
					require.Equal(t, photo.Liveness{Verdict: photo.Unknown, Reason: expected.(string)}, *f.Liveness)
					continue
				}
				require.InDelta(t, score, *f.Liveness.Score, tolerance)
				switch {
				case *f.Liveness.Score >= 0.5:
					require.Equal(t, photo.Real, f.Liveness.Verdict)
				case *f.Liveness.Score < 0.1:
					require.Equal(t, photo.Spoof, f.Liveness.Verdict)
				default:
					require.Equal(t, photo.Unknown, f.Liveness.Verdict)
					require.Equal(t, photo.ReasonUncertain, f.Liveness.Reason)
				}
			}
		})
	}
}

func TestLivenessIsAskedFor(t *testing.T) {
	e := embedtest.New(t, embed.Config{})
	r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, "obama.jpg"))
	require.NoError(t, err)
	require.Nil(t, r.Faces[0].Liveness)
	require.Zero(t, r.Timings.Liveness)
}

// withoutLiveness is a folder of the default pack's files but the liveness
// model's.
func withoutLiveness(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	for _, f := range embedtest.Pack(t, "default").Files {
		require.NoError(t, os.Symlink(filepath.Join(embedtest.Models(t), f.Name), filepath.Join(folder, f.Name)))
	}
	return folder
}

func TestLivenessWithoutItsModelIsUnknown(t *testing.T) {
	p, err := pack.Open("default", withoutLiveness(t))
	require.NoError(t, err)
	e := embedtest.New(t, embed.Config{}, p)
	require.False(t, e.JudgesLiveness("default"))
	require.False(t, e.JudgesLiveness("other"))
	r, err := e.Embed(t.Context(), "default", embedtest.Photo(t, "obama.jpg"), photo.CheckLiveness)
	require.NoError(t, err)
	require.Equal(t, &photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonNoModel}, r.Faces[0].Liveness)
}

func TestLivenessModelMustBeTheOneNamed(t *testing.T) {
	folder := withoutLiveness(t)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "fr_liveness.onnx"), []byte("another"), 0o600))
	_, err := pack.Open("default", folder)
	require.ErrorIs(t, err, pack.ErrHash)
}

// A model that does not answer as the manifest says makes faces unknown; it
// fails no photo.
func TestLivenessOfAModelThatFailsIsUnknown(t *testing.T) {
	p := embedtest.Pack(t, "default")
	wrong := *p.Liveness
	wrong.Classes = 5
	p.Liveness = &wrong
	e := embedtest.New(t, embed.Config{}, p)
	obama := embedtest.Photo(t, "obama.jpg")
	r, err := e.Embed(t.Context(), "default", obama, photo.CheckLiveness)
	require.NoError(t, err)
	require.Equal(t, &photo.Liveness{Verdict: photo.Unknown, Reason: photo.ReasonFailed}, r.Faces[0].Liveness)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = e.Embed(ctx, "default", obama, photo.CheckLiveness)
	require.ErrorIs(t, err, context.Canceled)
}
