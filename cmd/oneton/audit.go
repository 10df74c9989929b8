package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"oneton/audit"
	"oneton/node"
	"oneton/store"
)

type auditCommand struct {
	settings
	output
	Tenant string    `help:"Only what was done in this tenant."`
	Since  time.Time `help:"Only from this time on, as in 2027-01-31T00:00:00Z."`
}

// deedsAtOnce is how many rows are read at once.
const deedsAtOnce = 1000

// Run prints the record page by page, so that it may be long.
func (c *auditCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		q := audit.Query{Tenant: store.TenantID(c.Tenant), Since: c.Since, Limit: deedsAtOnce}
		for {
			deeds, next, err := audit.NewDeeds(t.Store).List(ctx, q)
			if err != nil {
				return err
			}
			if err := c.page(deeds); err != nil || next == "" {
				return err
			}
			q.After = next
		}
	})
}

func (c *auditCommand) page(deeds []audit.Deed) error {
	out := newRows(c.output, func(w io.Writer, d audit.Deed) {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.At.Format(time.RFC3339), cmp.Or(string(d.Tenant), "-"),
			cmp.Or(string(d.Key), "command"), d.Verb, cmp.Or(d.What, "-"), cmp.Or(d.Request, "-"))
	})
	for _, d := range deeds {
		if err := out.add(d); err != nil {
			return err
		}
	}
	return out.end()
}
