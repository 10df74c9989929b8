package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"oneton/cmd/oneton/demo"
	"oneton/config"
	"oneton/node"
	"oneton/setup"
)

type demoCommand struct {
	Sheet string `help:"PNG file to draw." default:"demo/contact-sheet.png"`
}

// Run starts a server with the defaults in a temporary folder, has the demo
// use it, and stops it.
func (c *demoCommand) Run(ctx context.Context) (err error) {
	paths, err := ensure(ctx, setup.FromEnvironment(), os.Stdout, setup.Default, setup.Photos)
	if err != nil {
		return err
	}
	_, err = ensure(ctx, setup.FromEnvironment(), os.Stdout, setup.GroupPhotos)
	switch {
	case errors.Is(err, setup.ErrClient), errors.Is(err, setup.ErrMissing):
		fmt.Printf("without the group photos: %v\n", err)
	case err != nil:
		return err
	}
	folder, err := os.MkdirTemp("", "oneton-demo-*")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()

	cfg := config.Default()
	cfg.Data, cfg.Setup.Library, cfg.Setup.Models = folder, paths.Library, paths.Models
	cfg.Log = config.Log{Level: "warn", Format: "text"}
	log, err := node.NewLogger(cfg.Log, os.Stderr)
	if err != nil {
		return err
	}
	n, err := node.Open(ctx, cfg, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.Close()) }()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	key, err := n.Truth.Bootstrap(ctx)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	serving, stop := context.WithCancel(ctx)
	defer stop()
	var server errgroup.Group
	server.Go(func() error { return n.Serve(serving, ln) })
	fmt.Printf("\nserving on http://%s\n", ln.Addr())
	err = demo.Run(ctx, demo.Config{
		URL: "http://" + ln.Addr().String(), Key: key, Photos: paths.Photos, Sheet: c.Sheet, Out: os.Stdout,
	})
	stop()
	return errors.Join(err, server.Wait())
}
