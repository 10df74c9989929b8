package uqudo

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestLevelOf(t *testing.T) {
	for fmr, want := range map[float64]int{
		1: 0, 0.011: 0, 1e-2: 1, 2e-3: 1, 1e-3: 2, 1.1e-4: 2, 1e-4: 3, 1e-5: 4, 2e-6: 4, 1e-6: 5, 1e-12: 5, 0: 5,
	} {
		require.Equal(t, want, levelOf(fmr), "%g", fmr)
	}
}
