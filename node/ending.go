package node

import (
	"context"
	"time"
)

// endingInterval is how often subjects are looked for whose end has come: within it
// nobody was told when that is.
const endingInterval = time.Second

// deleteEnded deletes the subjects whose end has come until ctx ends.
func (n *Node) deleteEnded(ctx context.Context) error {
	for failing := false; ; {
		deleted, err := n.Service.DeleteEndedSubjects(ctx)
		if err != nil && ctx.Err() == nil && !failing {
			n.log.Error().Err(err).Msg("subjects whose end has come were not all deleted, and will be")
		}
		failing = err != nil
		if deleted > 0 {
			n.log.Info().Int("subjects", deleted).Msg("deleted subjects whose end has come")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(endingInterval):
		}
	}
}
