package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"oneton/audit"
	"oneton/node"
	"oneton/store"
)

type auditCommand struct {
	settings
	Tenant string    `help:"Only what was done in this tenant."`
	Since  time.Time `help:"Only from this time on, as in 2027-01-31T00:00:00Z."`
	JSON   bool      `help:"One JSON object a line." name:"json"`
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
			if err := c.print(deeds); err != nil || next == "" {
				return err
			}
			q.After = next
		}
	})
}

func (c *auditCommand) print(deeds []audit.Deed) error {
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		for _, d := range deeds {
			if err := out.Encode(d); err != nil {
				return fmt.Errorf("print deed: %w", err)
			}
		}
		return nil
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, d := range deeds {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%s\n", d.At.Format(time.RFC3339), cmp.Or(string(d.Tenant), "-"),
			cmp.Or(string(d.Key), "command"), d.Verb, cmp.Or(d.What, "-"), cmp.Or(d.Request, "-"))
	}
	return out.Flush()
}
