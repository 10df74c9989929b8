package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"oneton/access"
	"oneton/setup"
	"oneton/store"
)

const firstTenant = "default"

type serveCommand struct {
	settings
	Listen string `help:"Address to listen on, host:port."`
	Setup  bool   `help:"Fetch what is missing first, as 'oneton setup' does."`
}

// Run serves until it is told to stop. A first start makes a tenant and prints
// its key.
func (c *serveCommand) Run(ctx context.Context) (err error) {
	cfg, err := c.load(map[string]any{"listen": c.Listen})
	if err != nil {
		return err
	}
	log, err := newLogger(cfg.Log, os.Stderr)
	if err != nil {
		return err
	}
	defer mustEnd(ctx, cfg.Server.Drain, log)()
	if c.Setup {
		if _, err := ensure(ctx, setup.Default); err != nil {
			return err
		}
	}
	n, err := newNode(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	key, err := n.truth.bootstrap(ctx)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	fmt.Printf("listening on http://%s\n", ln.Addr())
	if key != "" {
		fmt.Printf("first API key (tenant %q; it cannot be shown again): %s\n", firstTenant, key)
	}
	log.Info().Stringer("address", ln.Addr()).Strs("packs", n.embedder.Packs()).Msg("serving")
	warnOfReaders(cfg, log)
	if n.truth.adopted {
		log.Info().Msg("the database now knows this server's secret, and servers with another are refused")
	}
	for _, pack := range n.embedder.Packs() {
		if !n.embedder.JudgesLiveness(pack) {
			log.Info().Str("pack", pack).Msg("no liveness model: galleries that ask for liveness are told unknown; for a built-in pack, 'oneton setup --with liveness' fetches it")
		}
	}
	err = n.serve(ctx, ln)
	log.Info().Msg("stopped")
	return err
}

// bootstrap makes the first tenant of an empty store and returns its key; a
// store with tenants is left as it is.
func (t *truth) bootstrap(ctx context.Context) (key string, err error) {
	tenants, err := t.store.Tenants(ctx, store.Page{Limit: 1})
	if err != nil || len(tenants) > 0 {
		return "", err
	}
	_, err = t.access.CreateTenant(ctx, firstTenant, "")
	if errors.Is(err, store.ErrExists) { // another server has just made it, and prints the key
		return "", nil
	}
	if err != nil {
		return "", err
	}
	key, _, err = t.access.Create(ctx, firstTenant, "first key", []string{access.All})
	return key, err
}
