package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"oneton/node"
	"oneton/store"
)

type retentionCommand struct {
	Preview retentionPreview `cmd:"" help:"Tell which faces retention would delete, and delete none."`
	Accept  retentionAccept  `cmd:"" help:"Vouch for this machine's clock, which holds up retention after a jump."`
}

type retentionPreview struct {
	settings
	output
	At time.Time `help:"At which time, as in 2027-01-31T00:00:00Z; now when left out."`
}

// expiring is what retention would delete at a time.
type expiring struct {
	At        time.Time         `json:"at"`
	Faces     int               `json:"faces"`
	Galleries []expiringGallery `json:"galleries"`
}

type expiringGallery struct {
	Tenant  store.TenantID `json:"tenant"`
	Gallery string         `json:"gallery"`
	Faces   int            `json:"faces"`
	Oldest  time.Time      `json:"oldest"`
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
		value := expiring{At: at, Galleries: []expiringGallery{}}
		for _, e := range expired {
			value.Faces += e.Faces
			value.Galleries = append(value.Galleries, expiringGallery(e))
		}
		return c.table(value, func(w io.Writer) {
			for _, e := range expired {
				fmt.Fprintf(w, "%s\t%s\t%d faces\tthe oldest of %s\n", e.Tenant, e.Gallery, e.Faces, e.Oldest.Format(time.RFC3339))
			}
			fmt.Fprintf(w, "%d faces in all would be deleted at %s\n", value.Faces, at.Format(time.RFC3339))
		})
	})
}

type retentionAccept struct {
	settings
	output
}

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
	return c.say(map[string]time.Time{"accepted": accepted}, "retention goes by this machine's clock, which says %s, within a minute", accepted.Format(time.RFC3339))
}
