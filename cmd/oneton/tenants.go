package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
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
	ID   string `arg:"" help:"The tenant's id."`
	Name string `help:"A name for people to read."`
}

func (c *tenantCreate) Run(ctx context.Context) error {
	return c.begin(ctx, func(t *node.Truth) error {
		if _, err := t.Access.CreateTenant(ctx, store.TenantID(c.ID), c.Name); err != nil {
			return err
		}
		fmt.Printf("tenant %s is made; 'oneton key create %[1]s' makes a key of it\n", c.ID)
		return nil
	})
}

type tenantList struct{ settings }

func (c *tenantList) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		page := store.Page{Limit: 1000}
		for {
			tenants, err := t.Store.Tenants(ctx, page)
			if err != nil {
				return err
			}
			if len(tenants) == 0 {
				return out.Flush()
			}
			for _, tenant := range tenants {
				fmt.Fprintf(out, "%s\t%s\t%s\n", tenant.ID, tenant.CreatedAt.Format(time.RFC3339), tenant.Name)
			}
			page.After = string(tenants[len(tenants)-1].ID)
		}
	})
}

type tenantDelete struct {
	settings
	ID  string `arg:"" help:"The tenant's id."`
	Yes bool   `help:"Confirm; nothing can be had back." required:""`
}

func (c *tenantDelete) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		if err := t.Access.DeleteTenant(ctx, store.TenantID(c.ID)); err != nil {
			return err
		}
		fmt.Printf("tenant %s is deleted, with its keys, galleries, faces and photos\n", c.ID)
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
		text, _, err := t.Access.Create(ctx, store.TenantID(c.Tenant), c.Name, scopes)
		if err == nil {
			fmt.Println(text)
		}
		return err
	})
}

type keyList struct {
	settings
	Tenant string `arg:"" help:"The tenant's id."`
}

func (c *keyList) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		keys, err := t.Access.List(ctx, store.TenantID(c.Tenant))
		if err != nil {
			return err
		}
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		for _, k := range keys {
			state := "valid"
			if !k.RevokedAt.IsZero() {
				state = "revoked " + k.RevokedAt.Format(time.RFC3339)
			}
			if !k.EndsAt.IsZero() {
				state += ", ends " + k.EndsAt.Format(time.RFC3339)
			}
			if k.Damage != "" {
				state += ", damaged"
			}
			fmt.Fprintf(out, "%s\t%s\t%s\t%v\t%s\n", k.ID, k.CreatedAt.Format(time.RFC3339), state, k.Scopes, k.Name)
		}
		return out.Flush()
	})
}

type keyRevoke struct {
	settings
	Tenant string `arg:"" help:"The tenant's id."`
	ID     string `arg:"" help:"The key's id."`
}

func (c *keyRevoke) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		if err := t.Access.Revoke(ctx, store.Actor{Tenant: store.TenantID(c.Tenant)}, store.KeyID(c.ID)); err != nil {
			return err
		}
		fmt.Printf("key %s of tenant %s is revoked: from the next request on it is refused, with the tokens made by it\n", c.ID, c.Tenant)
		return nil
	})
}
