package node

import (
	"context"
	"time"
)

// compactInterval is how often useless rows of the change log are looked for.
const compactInterval = time.Hour

// compact removes what is useless of the change log until ctx ends.
func (n *Node) compact(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(compactInterval):
		}
		removed, err := n.Truth.Store.CompactLog(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.log.Error().Err(err).Msg("the change log was not compacted; it will be tried again")
		case removed > 0:
			n.log.Info().Int("rows", removed).Msg("compacted the change log")
		}
	}
}
