package client

import (
	"context"
	"math/rand/v2"
	"time"
)

// pause is how long to wait after the attempt: twice as long each time, between a half
// and all of it so that callers do not come back together, and at least what the server
// asks for.
func (c *Client) pause(attempt int, asked time.Duration) time.Duration {
	grown := c.cfg.Pause
	for range attempt - 1 {
		grown = min(2*grown, c.cfg.MaxPause)
	}
	return max(asked, grown/2+rand.N(grown/2+1))
}

// sleep waits, and tells whether the context lives on. One that is to end before is
// not waited for.
func sleep(ctx context.Context, pause time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= pause {
		return false
	}
	t := time.NewTimer(pause)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
