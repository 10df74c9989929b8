package zone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Places that go on evenly stay, and those of which one in ten is its neighbour's
// become right.
func TestStraightenFollowsThePerspective(t *testing.T) {
	shares, want := make([]float64, 44), make([]float64, 44)
	for i := range shares {
		x := float64(i) / 43
		shares[i] = 0.05 + 0.9*x + 0.05*x*x
		want[i] = 100 + 800*shares[i]
	}
	for i, place := range straighten(shares, 100, 900) {
		require.InDelta(t, want[i], place, 1e-6)
	}
	for i := 5; i < 9; i++ {
		shares[i] = shares[i+1]
	}
	for i, place := range straighten(shares, 100, 900) {
		require.InDelta(t, want[i], place, 3) // of 17 from one to the next
	}
}
