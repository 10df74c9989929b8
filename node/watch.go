package node

import (
	"context"
	"time"
)

const (
	// watchInterval is how often it is looked whether the index follows.
	watchInterval = time.Second
	// heldErasure is after how long the log has a line on an erasure that has not
	// come to its end.
	heldErasure = time.Minute
)

// watch logs when the index stops following the database, and when it follows
// again; and likewise when the disk is full and when erasure is held up.
func (n *Node) watch(ctx context.Context) error {
	for failing, full, held := false, false, false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchInterval):
		}
		switch was := full; {
		case n.Truth.Full() && !was:
			full = true
			n.log.Error().Msg("the disk is full; deletions and searches go on, and nothing can be added until there is room")
		case was && !n.Truth.Full():
			full = false
			n.log.Info().Msg("the disk has room again")
		}
		if was := held; was != (n.Truth.unerased() > heldErasure) {
			held = !was
			if held {
				n.log.Warn().Msg("bytes of what was deleted are still in the database's files: much is left to remove, or a reader of another process, such as a backup, holds the write-ahead log")
			} else {
				n.log.Info().Msg("nothing that was deleted is left in the database's files")
			}
		}
		err := n.engine.failing()
		switch was := failing; {
		case ctx.Err() != nil:
			return nil
		case err != nil && !was:
			n.log.Error().Err(err).Msg("the index does not follow the database; searches wait for it or fail")
		case err == nil && was:
			n.log.Info().Msg("the index follows the database again")
		}
		failing = err != nil
	}
}
