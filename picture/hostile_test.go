package picture_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/picture"
	"oneton/picture/picturetest"
)

// TestHostilePhotos decodes the crafted photos that are refused before any work,
// and those with metadata that lead a reader astray. What the others cost is
// measured by the bench.
func TestHostilePhotos(t *testing.T) {
	limits := picture.DefaultLimits()
	limits.Time = 0
	for _, p := range picturetest.Hostile() {
		if p.Refused == nil && !strings.Contains(p.Kind, "exif") {
			continue
		}
		t.Run(p.Kind, func(t *testing.T) {
			_, err := picture.Decode(t.Context(), p.Make(), limits)
			require.ErrorIs(t, err, p.Refused)
		})
	}
}
