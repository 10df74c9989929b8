package exact

import (
	"maps"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// TestRowSet compares a set that grows and shrinks across its two forms with a
// plain one, and checks that a clone leaves it alone.
func TestRowSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s rowSet
		model := make(map[uint32]bool)
		check := func() {
			require.Equal(t, len(model) == 0, s.empty())
			all := roaring.BitmapOf(7)
			s.addTo(all)
			want := maps.Clone(model)
			want[7] = true
			require.Equal(t, slices.Sorted(maps.Keys(want)), all.ToArray())
		}
		for range rapid.IntRange(1, 12).Draw(t, "runs") {
			grow := rapid.Bool().Draw(t, "grow")
			next := s.clone()
			changed := maps.Clone(model)
			for range rapid.IntRange(0, fewRows).Draw(t, "steps") {
				id := rapid.Uint32Range(0, 3*fewRows).Draw(t, "row")
				if grow {
					next.add(id)
					changed[id] = true
				} else {
					next.remove(id)
					delete(changed, id)
				}
			}
			check()
			s, model = *next, changed
			check()
		}
	})
}
