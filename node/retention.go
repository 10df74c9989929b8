package node

import (
	"context"
	"errors"
	"time"

	"oneton/audit"
	"oneton/identitytoken"
)

const (
	// retentionInterval is how often faces past their gallery's retention are
	// looked for.
	retentionInterval = time.Minute
	// trimInterval is how often old deeds are.
	trimInterval = time.Hour
)

// expire deletes faces past their gallery's retention until ctx ends, and looks
// for what is damaged.
func (n *Node) expire(ctx context.Context) error {
	began := time.Now()
	c := &clock{path: clockPath(n.cfg.Data)}
	for trim := began; ; {
		now := time.Now()
		believed := n.sweep(ctx, c, now, now.Sub(began))
		n.sweepKYC(ctx, believed)
		n.sweepImports(ctx, believed)
		n.sweepReviews(ctx, believed)
		n.tendSigningKeys(ctx)
		if !now.Before(trim) {
			trim = now.Add(trimInterval)
			n.trim(ctx, believed)
			n.sweepCredentials(ctx, believed)
			n.sweepWebhooks(ctx, believed)
		}
		if err := n.damages.look(ctx, n.Truth.Store, n.log); err != nil && ctx.Err() == nil {
			n.log.Error().Err(err).Msg("could not look for damage in the database, and will try again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retentionInterval):
		}
	}
}

// sweep deletes the faces that are past their gallery's retention now, unless
// the clock is doubted. It returns the time that can be believed: a long gone one
// then.
func (n *Node) sweep(ctx context.Context, c *clock, now time.Time, passed time.Duration) time.Time {
	var deleted int
	err := guarded(n.log, "delete expired faces", func() error {
		believed, ahead, err := c.check(now, passed)
		if !believed {
			err = errors.Join(err, n.hold(ctx, now, ahead))
			now = time.Unix(0, 0) // at which nothing is expired; what was dropped is purged
		}
		var failed error
		deleted, failed = n.Truth.Store.DeleteExpired(ctx, now)
		return errors.Join(err, failed)
	})
	switch {
	case errors.Is(err, context.Canceled):
		return now
	case err != nil:
		n.log.Error().Err(err).Msg("retention failed and will be tried again")
	}
	if deleted > 0 {
		n.engine.Notify()
		n.log.Info().Int("faces", deleted).Msg("deleted expired faces")
	}
	return now
}

// trim removes what is kept of identity tokens whose time is over, and the record's
// rows that are past their time, or more than are kept.
func (n *Node) trim(ctx context.Context, now time.Time) {
	if _, err := identitytoken.Trim(ctx, n.Truth.Store, now); err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("expired identity tokens were not removed from the database, and are refused all the same; it will be tried again")
	}
	removed, err := audit.NewDeeds(n.Truth.Store).Trim(ctx, now)
	if err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("old rows of the audit record were not removed; it will be tried again")
	}
	if removed > 0 {
		n.log.Info().Int64("rows", removed).Msg("removed old rows of the audit record")
	}
}

// sweepCredentials removes what has ended of client tokens and of what is asked for
// them.
func (n *Node) sweepCredentials(ctx context.Context, now time.Time) {
	tenants, err := n.Credentials.Sweep(ctx, now)
	if err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("ended client tokens were not removed; it will be tried again")
	}
	if tenants > 0 {
		n.engine.Notify()
		n.log.Info().Int("tenants", tenants).Msg("removed unverified tenants that have ended")
	}
}

// hold says what is not deleted because the clock is doubted.
func (n *Node) hold(ctx context.Context, now time.Time, ahead time.Duration) error {
	expired, err := n.Truth.Store.Expired(ctx, now)
	faces := 0
	for _, e := range expired {
		faces += e.Faces
	}
	if faces > 0 {
		n.log.Warn().Int("faces", faces).Time("clock", now).Stringer("ahead", ahead.Round(time.Second)).
			Msg("retention is held up: the clock is ahead of what this server has seen pass; where it is right, 'oneton retention accept' goes on, as a day of waiting does")
	}
	return err
}

// sweepReviews erases the reviews whose end has come.
func (n *Node) sweepReviews(ctx context.Context, now time.Time) {
	if err := n.Service.SweepReviews(ctx, now); err != nil && ctx.Err() == nil {
		n.log.Error().Err(err).Msg("reviews whose end has come are not all erased; it will be tried again")
	}
}
