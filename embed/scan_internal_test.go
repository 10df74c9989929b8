package embed

import (
	"image"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/embed/pack"
	"oneton/face"
)

func everyTile(image.Rectangle) bool { return true }

// TestTilesShowEveryFaceWhole draws photos, and faces from the smallest that a
// scan is for to the smallest that the whole photo shows.
func TestTilesShowEveryFaceWhole(t *testing.T) {
	d := &detector{Detector: pack.Detector{Frame: 640}}
	rapid.Check(t, func(t *rapid.T) {
		w, h := rapid.IntRange(20, 12_000).Draw(t, "width"), rapid.IntRange(20, 12_000).Draw(t, "height")
		tiles := d.tiles(w, h, everyTile)
		if max(w, h) <= d.Frame {
			require.Empty(t, tiles)
			return
		}
		require.NotEmpty(t, tiles)
		require.LessOrEqual(t, len(tiles), maxTiles)
		for _, tile := range tiles {
			require.True(t, !tile.Empty() && tile.In(image.Rect(0, 0, w, h)), "%v", tile)
		}
		seen := max(w, h) * leastShown / d.Frame
		size := min(rapid.IntRange(1, max(1, seen)).Draw(t, "face"), w, h)
		x, y := rapid.IntRange(0, w-size).Draw(t, "x"), rapid.IntRange(0, h-size).Draw(t, "y")
		f := detection{box: face.Box{X: float32(x), Y: float32(y), Width: float32(size), Height: float32(size)}}
		whole := 0
		for _, tile := range tiles {
			if image.Rect(x, y, x+size, y+size).In(tile) && !f.cut(tile, w, h) {
				whole++
			}
		}
		require.Positive(t, whole, "of %v", tiles)
	})
}

func TestTilesAreAsCloseAsTheyCanBe(t *testing.T) {
	d := &detector{Detector: pack.Detector{Frame: 640}}
	for size, want := range map[image.Point]struct{ tiles, side int }{
		{640, 480}:     {0, 0},
		{1280, 960}:    {6, 640},
		{1920, 1280}:   {6, 960},
		{4000, 3000}:   {20, 1066},
		{3000, 4000}:   {20, 1066},
		{6000, 4000}:   {40, 1066},
		{12_000, 20}:   {21, 1066},
		{8192, 6144}:   {48, 1348},
		{12_000, 4000}: {48, 1516},
	} {
		tiles := d.tiles(size.X, size.Y, everyTile)
		require.Len(t, tiles, want.tiles, "%v", size)
		if len(tiles) > 0 {
			require.Equal(t, want.side, tiles[0].Dx(), "%v", size)
		}
	}
}
