package main

import (
	"context"
	"errors"

	"oneton/node"
	"oneton/store"
)

type accountCommand struct {
	settings
	output
	Email string `arg:"" help:"The account's email address."`
	Phone string `arg:"" help:"Its phone number."`
}

var errNoAccount = errors.New("there is no account of this email address and phone number")

// Run prints the tenant; the commands for tenants and keys do the rest.
func (c *accountCommand) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	return withTruth(ctx, cfg, func(t *node.Truth) error {
		accounts, err := t.OpenCredentials(cfg, nil)
		if err != nil {
			return err
		}
		tenant, err := accounts.Account(ctx, c.Email, c.Phone)
		if errors.Is(err, store.ErrNotFound) {
			return errNoAccount
		}
		if err == nil {
			err = c.say(map[string]any{"tenant": tenant}, "%s", tenant)
		}
		return err
	})
}
