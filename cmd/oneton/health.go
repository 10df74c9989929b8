package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

var errNotReady = errors.New("health: the server is not ready")

type healthCommand struct {
	settings
	Timeout time.Duration `help:"How long to wait for an answer." default:"5s"`
}

// Run asks the server of this machine that has these settings whether requests
// can be sent to it. Containers without a shell check themselves with it.
func (c *healthCommand) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+reachable(cfg.Listen)+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("ask for health: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s", errNotReady, resp.Status)
	}
	return nil
}

// reachable is where a server that listens on the address answers this
// machine: one that listens everywhere does on loopback.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	switch ip := net.ParseIP(host); {
	case host == "" || ip.Equal(net.IPv4zero):
		host = "127.0.0.1"
	case ip.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
