package zone

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Rows that do not end together are tried as far as all go, and others once.
func TestClipped(t *testing.T) {
	rows := []row{{from: -40, to: 790, height: 20}, {from: 110, to: 800, height: 20}}
	require.Equal(t, []row{{from: 110, to: 790, height: 20}, {from: 110, to: 790, height: 20}}, clipped(rows))
	require.InDelta(t, -40, rows[0].from, 0, "the rows themselves stay")
	require.Nil(t, clipped([]row{{from: 100, to: 790, height: 20}, {from: 110, to: 800, height: 20}}))
}
