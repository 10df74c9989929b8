package embed

import (
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/embed/pack"
	"oneton/face"
	"oneton/photo"
)

func TestEvidence(t *testing.T) {
	shown := func(confidence, score, roll float32) detection {
		return detection{confidence: confidence, made: true, face: &photo.Face{Confidence: confidence, Quality: face.Quality{Score: score, Roll: roll}}}
	}
	curve := &task{model: &model{Pack: &pack.Pack{Manifest: pack.Manifest{Quality: &pack.Quality{}}}}}
	plain := &task{model: &model{Pack: &pack.Pack{}}}
	for name, c := range map[string]struct {
		found        []detection
		score, plain float64
	}{
		"nobody":                         {nil, 0, 0},
		"one":                            {[]detection{shown(0.875, 0.5, 0)}, 0.5, 0.875},
		"the best of three":              {[]detection{shown(0.75, 0.5, 0), shown(0.875, 0.25, 0), shown(0.5, 0.75, 0)}, 0.75, 0.875},
		"the least sure is not heard":    {[]detection{shown(0.25, 1, 0), shown(0.75, 0.5, 0), shown(0.875, 0.25, 0), shown(0.5, 0, 0)}, 0.5, 0.875},
		"a leaning head":                 {[]detection{shown(0.875, 0.5, -45)}, 0.5, 0.875},
		"a lying head":                   {[]detection{shown(0.875, 0.5, -85)}, 0, 0},
		"a head upside down, and others": {[]detection{shown(0.875, 1, 178), shown(0.75, 0.5, 3)}, 0.5, 0.75},
	} {
		e, err := curve.evidence(t.Context(), sight{found: c.found})
		require.NoError(t, err)
		require.InDelta(t, c.score, e, 1e-9, name)
		e, err = plain.evidence(t.Context(), sight{found: c.found})
		require.NoError(t, err)
		require.InDelta(t, c.plain, e, 1e-9, name)
	}
}
