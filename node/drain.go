package node

import "time"

// mostClosing is how much of a stop is kept for saving and closing at most.
const mostClosing = 5 * time.Second

// answering is how much of a stop is for requests under way; the rest is for
// saving and closing.
func answering(stop, delay time.Duration) time.Duration {
	return stop - min((stop-delay)/4, mostClosing)
}
