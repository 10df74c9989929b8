package node

import (
	"context"
	"time"

	"oneton/facesession"
	"oneton/kyc"
	"oneton/webhook"
)

// events are all that receivers may ask to be told of, beside a test.
func events() []webhook.Type {
	var all []webhook.Type
	for _, e := range kyc.EventTypes() {
		all = append(all, webhook.Type{Name: e.Name, Means: e.Means})
	}
	all = append(all, importEvents())
	return append(all, webhook.Type{Name: facesession.Completed, Means: facesession.CompletedMeans, Result: true})
}

// sweepWebhooks removes deliveries from the log that are past their time, or more than
// are kept.
func (n *Node) sweepWebhooks(ctx context.Context, now time.Time) {
	removed, err := n.Webhooks.Sweep(ctx, now)
	if err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("old deliveries of webhooks were not removed; it will be tried again")
	}
	if removed > 0 {
		n.log.Info().Int64("deliveries", removed).Msg("removed old deliveries of webhooks")
	}
}
