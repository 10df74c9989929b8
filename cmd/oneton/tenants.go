package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"oneton/access"
	"oneton/node"
	"oneton/store"
)

type tenantCommand struct {
	Create tenantCreate `cmd:"" help:"Add a tenant."`
	List   tenantList   `cmd:"" help:"List tenants."`
	Delete tenantDelete `cmd:"" help:"Delete a tenant with all its keys, galleries, faces and photos."`
}

type tenantCreate struct {
	settings
	output
	ID   string `arg:"" help:"The tenant's id."`
	Name string `help:"A name for people to read."`
}

func (c *tenantCreate) Run(ctx context.Context) error {
	return c.begin(ctx, func(t *node.Truth) error {
		if _, err := t.Access.CreateTenant(ctx, store.TenantID(c.ID), c.Name); err != nil {
			return err
		}
		return c.say(map[string]string{"tenant": c.ID}, "tenant %s is made; 'oneton key create %[1]s' makes a key of it", c.ID)
	})
}

type tenantList struct {
	settings
	output
}

// tenantRow is a tenant as it is told.
type tenantRow struct {
	ID        store.TenantID `json:"id"`
	Name      string         `json:"name"`
	CreatedAt time.Time      `json:"created_at"`
}

func (c *tenantList) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		out := newRows(c.output, func(w io.Writer, t tenantRow) {
			fmt.Fprintf(w, "%s\t%s\t%s\n", t.ID, t.CreatedAt.Format(time.RFC3339), t.Name)
		})
		page := store.Page{Limit: 1000}
		for {
			tenants, err := t.Store.Tenants(ctx, page)
			if err != nil {
				return err
			}
			if len(tenants) == 0 {
				return out.end()
			}
			for _, tenant := range tenants {
				if err := out.add(tenantRow{tenant.ID, tenant.Name, tenant.CreatedAt}); err != nil {
					return err
				}
			}
			page.After = string(tenants[len(tenants)-1].ID)
		}
	})
}

type tenantDelete struct {
	settings
	output
	ID  string `arg:"" help:"The tenant's id."`
	Yes bool   `help:"Confirm; nothing can be had back." required:""`
}

func (c *tenantDelete) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		if err := t.Access.DeleteTenant(ctx, store.TenantID(c.ID)); err != nil {
			return err
		}
		if err := c.say(deletion{c.ID}, "tenant %s is deleted, with its keys, galleries, faces and photos", c.ID); err != nil {
			return err
		}
		_, err := waitErased(ctx, t)
		return err
	})
}

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Make an API key and print it; it cannot be shown again."`
	List   keyList   `cmd:"" help:"List a tenant's keys."`
	Revoke keyRevoke `cmd:"" help:"End a key for good."`
}

type keyCreate struct {
	settings
	output
	Tenant string   `arg:"" help:"The tenant's id."`
	Name   string   `help:"A name for people to read."`
	Scope  []string `help:"What the key allows; default all."`
}

func (c *keyCreate) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		scopes := c.Scope
		if len(scopes) == 0 {
			scopes = []string{access.All}
		}
		text, key, err := t.Access.Create(ctx, store.TenantID(c.Tenant), c.Name, scopes)
		if err != nil {
			return err
		}
		return c.say(map[string]any{"id": key.ID, "key": text, "scopes": key.Scopes}, "%s", text)
	})
}

type keyList struct {
	settings
	output
	Tenant string `arg:"" help:"The tenant's id."`
}

func (c *keyList) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		keys, err := t.Access.List(ctx, store.TenantID(c.Tenant))
		if err != nil {
			return err
		}
		told := make([]keyRow, len(keys))
		for i, k := range keys {
			told[i] = keyRow{ID: k.ID, Name: k.Name, Scopes: k.Scopes, CreatedAt: k.CreatedAt, MadeBy: k.MadeBy, RevokedAt: at(k.RevokedAt), EndsAt: at(k.EndsAt), Damaged: k.Damage != ""}
		}
		return printAll(c.output, told, func(w io.Writer, k keyRow) {
			state := "valid"
			if k.RevokedAt != nil {
				state = "revoked " + k.RevokedAt.Format(time.RFC3339)
			}
			if k.EndsAt != nil {
				state += ", ends " + k.EndsAt.Format(time.RFC3339)
			}
			if k.MadeBy != "" {
				state += ", made by " + string(k.MadeBy)
			}
			if k.Damaged {
				state += ", damaged"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%s\n", k.ID, k.CreatedAt.Format(time.RFC3339), state, k.Scopes, k.Name)
		})
	})
}

// keyRow is a key as it is told: nothing of what is secret.
type keyRow struct {
	ID        store.KeyID `json:"id"`
	Name      string      `json:"name"`
	Scopes    []string    `json:"scopes"`
	CreatedAt time.Time   `json:"created_at"`
	MadeBy    store.KeyID `json:"made_by,omitempty"`
	RevokedAt *time.Time  `json:"revoked_at,omitempty"`
	EndsAt    *time.Time  `json:"ends_at,omitempty"`
	Damaged   bool        `json:"damaged,omitempty"`
}

// at is nil for the zero time.
func at(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

type keyRevoke struct {
	settings
	output
	Tenant string `arg:"" help:"The tenant's id."`
	ID     string `arg:"" help:"The key's id."`

	Made string `enum:",revoke,keep" default:"" help:"Whether keys that were made with it through the API are revoked, too, or kept; they are revoked where nothing is said, but not those of a key that was revoked before."`
}

func (c *keyRevoke) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		revoke := t.Access.Revoke
		switch c.Made {
		case "revoke":
			revoke = t.Access.RevokeWithMade
		case "keep":
			revoke = t.Access.RevokeAlone
		}
		if err := revoke(ctx, store.Actor{Tenant: store.TenantID(c.Tenant)}, store.KeyID(c.ID)); err != nil {
			return err
		}
		return c.say(map[string]string{"revoked": c.ID}, "key %s of tenant %s is revoked: from the next request on it is refused, with the tokens made by it", c.ID, c.Tenant)
	})
}
