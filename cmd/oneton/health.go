package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"oneton/node"
)

var errNotReady = errors.New("health: the server is not ready")

type healthCommand struct {
	settings
	output
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
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+node.Reachable(cfg.Listen)+"/readyz", nil)
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
	if c.JSON {
		return c.line(map[string]bool{"ready": true})
	}
	return nil
}
