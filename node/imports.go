package node

import (
	"context"
	"time"

	"oneton/imports"
	"oneton/webhook"
)

// openImports is the service of people who are brought over many at a time.
func (n *Node) openImports() *imports.Service {
	cfg := n.cfg.Imports
	cfg.MostPhoto = int64(n.cfg.Embed.Limits.Bytes)
	if workers := n.cfg.Pool.Workers; workers > 0 {
		cfg.Parallel = 2 * workers
	}
	rooms := imports.Rooms{Faces: n.Service, Jobs: n.Jobs, Events: n.Webhooks, Log: n.log}
	if n.metrics != nil {
		rooms.Observer = observer{n.metrics, n.tracer}
	}
	return imports.NewService(cfg, n.Truth.Store, rooms)
}

// importEvents are what receivers may ask to be told of imports.
func importEvents() webhook.Type {
	return webhook.Type{Name: imports.Finished, Means: imports.FinishedMeans}
}

// sweepImports erases what imports were made from that have ended.
func (n *Node) sweepImports(ctx context.Context, now time.Time) {
	if err := n.Imports.Sweep(ctx, now); err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("what ended imports were made from is not all erased; it will be tried again")
	}
}
