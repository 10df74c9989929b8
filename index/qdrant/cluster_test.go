package qdrant_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/index"
	"oneton/index/qdrant/qdranttest"
)

// TestCluster follows a log on three nodes, of which each shard lies on two,
// while one of them is killed and comes back.
func TestCluster(t *testing.T) {
	t.Parallel()
	nodes := qdranttest.StartCluster(t, 3)
	cfg := config(nodes[0].Address())
	cfg.Shards, cfg.Replicas = 3, 2
	cfg.Timeout = 20 * time.Second
	x, log := open(t, cfg), newLogOf(newRand(18))
	log.grow(100)
	follow(t, log, x)
	requireFollowed(t, log, x)

	nodes[2].Kill(t)
	log.grow(50)
	requireFollowed(t, log, x)
	nodes[2].Restart(t)
	log.grow(50)
	requireFollowed(t, log, x)

	// Whichever node is asked knows everything.
	for _, node := range nodes {
		cfg := cfg
		cfg.Address = node.Address()
		y := open(t, cfg)
		require.Eventually(t, func() bool {
			_, err := y.Search(t.Context(), index.Query{Scope: log.scopes[0], Probe: log.templates[0], K: 1})
			return err == nil
		}, time.Minute, 50*time.Millisecond)
		require.NoError(t, y.Wait(t.Context(), log.end()))
		requireFollowed(t, log, y)
	}
}
