package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"oneton/access"
	"oneton/config"
	"oneton/doctor"
	"oneton/node"
	"oneton/server/console"
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
func (c *serveCommand) Run(ctx context.Context) error {
	return doctor.Diagnose(c.serve(ctx))
}

func (c *serveCommand) serve(ctx context.Context) (err error) {
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
		if _, err := ensure(ctx, setup.FromEnvironment(), os.Stdout, setup.Default); err != nil {
			return err
		}
		if errors.Is(node.Begun(cfg), node.ErrNoData) && cfg.Console.On {
			// The console's tour has people to show then; who has no network does without.
			if _, err := ensure(ctx, setup.FromEnvironment(), os.Stdout, setup.Photos); err != nil {
				fmt.Printf("without photos for the console's tour: %v\n", err)
			}
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
		if err := greet(ctx, n, cfg, key, ln.Addr()); err != nil {
			return errors.Join(err, ln.Close())
		}
	}
	return n.Serve(ctx, ln)
}

// greet prints a link by which whoever has begun signs in to the console, once.
func greet(ctx context.Context, n *node.Node, cfg config.Config, key string, address net.Addr) error {
	id, _, ok := access.Split(key)
	if !ok || !cfg.Console.On {
		return nil
	}
	link, err := n.Sessions.Link(ctx, id)
	if err != nil {
		return err
	}
	fmt.Printf("the console, signed in once within 15 minutes: %s\n", console.Link(reached(address), link))
	return nil
}

// reached is an address by which this machine reaches what listens there.
func reached(address net.Addr) string {
	host, port, err := net.SplitHostPort(address.String())
	if err != nil {
		return address.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
