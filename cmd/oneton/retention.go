package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"oneton/node"
)

type retentionCommand struct {
	Preview retentionPreview `cmd:"" help:"Tell which faces retention would delete, and delete none."`
	Accept  retentionAccept  `cmd:"" help:"Vouch for this machine's clock, which holds up retention after a jump."`
}

type retentionPreview struct {
	settings
	At time.Time `help:"At which time, as in 2027-01-31T00:00:00Z; now when left out."`
}

func (c *retentionPreview) Run(ctx context.Context) error {
	at := c.At
	if at.IsZero() {
		at = time.Now()
	}
	return c.with(ctx, func(t *node.Truth) error {
		expired, err := t.Store.Expired(ctx, at)
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		total := 0
		for _, e := range expired {
			total += e.Faces
			fmt.Fprintf(out, "%s\t%s\t%d faces\tthe oldest of %s\n", e.Tenant, e.Gallery, e.Faces, e.Oldest.Format(time.RFC3339))
		}
		fmt.Fprintf(out, "%d faces in all would be deleted at %s\n", total, at.Format(time.RFC3339))
		return out.Flush()
	})
}

type retentionAccept struct{ settings }

// Run leaves a time in the data folder that the server has not kept itself.
func (c *retentionAccept) Run(context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	accepted, err := node.AcceptClock(cfg, time.Now())
	if err != nil {
		return err
	}
	fmt.Printf("retention goes by this machine's clock, which says %s, within a minute\n", accepted.Format(time.RFC3339))
	return nil
}
