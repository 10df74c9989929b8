package main

import (
	"context"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// leastStop is how long a stop may take at least, whatever server.drain is,
// so that files can be closed.
const leastStop = time.Second

// mustEnd ends the process when a stop, which begins with ctx's end, takes
// longer than it may: a photo's computation cannot always be interrupted, and
// nothing that was acknowledged needs a file to be closed. The function that it
// returns calls it off.
func mustEnd(ctx context.Context, longest time.Duration, log zerolog.Logger) (off func()) {
	ended := make(chan struct{})
	go func() {
		select {
		case <-ctx.Done():
		case <-ended:
			return
		}
		select {
		case <-time.After(max(longest, leastStop)):
		case <-ended:
			return
		}
		log.Error().Dur("drain", longest).Msg("the stop took longer than server.drain; what still runs is cut off")
		os.Exit(1)
	}()
	return sync.OnceFunc(func() { close(ended) })
}
