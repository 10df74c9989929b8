package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"oneton/node"
	"oneton/store"
)

type keysCommand struct {
	Rotate keysRotate `cmd:"" help:"Bring in a new version of the secret: new identity tokens are sealed under it, older ones stay valid."`
	List   keysList   `cmd:"" help:"List the versions by the ids that tokens name them by."`
	Export keysExport `cmd:"" help:"Write a tenant's keys, to open and compare with its tokens without a server. Guard them like the secret."`
}

type keysRotate struct {
	settings
	output
	Copied bool `help:"The secret's file, with the version that was added, is with every server, and each was restarted."`
}

// Run takes one step.
func (c *keysRotate) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	path, adopted, err := node.RotateKeys(ctx, cfg, c.Copied)
	if err != nil {
		return err
	}
	if adopted {
		return c.say(map[string]any{"secret": path, "adopted": true}, "restart every server: from then on new tokens are sealed under the newest version in %s; /rotate brings older tokens to it", path)
	}
	return c.say(map[string]any{"secret": path, "adopted": false}, "%s has a new version: copy it to every server and restart each, then 'oneton keys rotate --copied'", path)
}

type keysList struct {
	settings
	output
}

// Run prints the ids.
func (c *keysList) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		keys, err := t.Keys()
		if err != nil {
			return err
		}
		return printAll(c.output, keys, func(w io.Writer, k node.Key) { fmt.Fprintf(w, "%s\t%s\n", k.ID, k.Use) })
	})
}

type keysExport struct {
	settings
	Tenant   string `arg:"" help:"The tenant's id."`
	OpenOnly bool   `help:"Leave out what compares: such keys tell what a token claims, and not whose it is."`
	Out      string `help:"File to write, which must not be there; left out, standard output." type:"path"`
}

// Run writes the keys, which only their owner may read.
func (c *keysExport) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	return withTruth(ctx, cfg, func(t *node.Truth) error {
		keys, err := t.ExportKeys(ctx, cfg, store.TenantID(c.Tenant))
		if err != nil {
			return err
		}
		if c.OpenOnly {
			keys.Keys = keys.OpenOnly()
		}
		if c.Out == "" {
			return keys.Write(os.Stdout)
		}
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("write keys: %w", err)
		}
		if err := keys.Write(f); err != nil {
			_ = f.Close()
			return err
		}
		return f.Close()
	})
}
