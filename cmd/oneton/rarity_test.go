package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAlike(t *testing.T) {
	for score, want := range map[float64]string{
		0: "any two strangers look this alike", 2: "1 in 2 strangers look this alike", 20: "1 in 100 strangers look this alike",
		34.77: "1 in 3,000 strangers look this alike", 59.999: "1 in 1 million strangers look this alike",
		70: "1 in 10 million strangers look this alike", 96: "1 in 4 billion strangers look this alike",
		100: "fewer than 1 in 10 billion strangers look this alike",
	} {
		require.Equal(t, want, alike(score), "%g", score)
	}
}
