package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"oneton/node"
	"oneton/setup"
)

type serveCommand struct {
	settings
	Listen string `help:"Address to listen on, host:port."`
	Outbox string `help:"Folder to write codes to instead of sending them, for development." type:"path"`
	Setup  bool   `help:"Fetch what is missing first, as 'oneton setup' does."`
}

// Run serves until it is told to stop. A first start makes a tenant and prints
// its key.
func (c *serveCommand) Run(ctx context.Context) (err error) {
	cfg, err := c.load(map[string]any{"listen": c.Listen, "outbox": c.Outbox})
	if err != nil {
		return err
	}
	log, err := node.NewLogger(cfg.Log, os.Stderr)
	if err != nil {
		return err
	}
	defer mustEnd(ctx, cfg.Drain, log)()
	if c.Setup {
		if _, err := ensure(ctx, setup.Default); err != nil {
			return err
		}
	}
	n, err := node.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	key, err := n.Truth.Bootstrap(ctx)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if key != "" {
		fmt.Printf("first API key (tenant %q; it cannot be shown again): %s\n", node.FirstTenant, key)
	}
	return n.Serve(ctx, ln)
}
