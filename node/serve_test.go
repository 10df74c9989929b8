package node

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestAStopKeepsTimeForClosing(t *testing.T) {
	for _, c := range []struct{ stop, delay, want time.Duration }{
		{20 * time.Second, 0, 15 * time.Second},
		{20 * time.Second, 10 * time.Second, 17500 * time.Millisecond},
		{time.Minute, 0, 55 * time.Second},
		{5 * time.Second, 5 * time.Second, 5 * time.Second},
		{0, 0, 0},
	} {
		require.Equal(t, c.want, answering(c.stop, c.delay))
	}
}
