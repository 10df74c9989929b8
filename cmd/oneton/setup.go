package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/dustin/go-humanize"

	"oneton/setup"
)

type setupCommand struct {
	output
	With     []setup.Group `help:"Also fetch these groups: photos, group-photos, accurate, liveness, gestures, clips, documents, scripts." placeholder:"GROUP"`
	Platform string        `help:"Fetch ONNX Runtime for this platform, such as linux/arm64, and not for this machine." placeholder:"OS/ARCH"`
	Bill     string        `help:"Also write what was fetched, with hashes and licences, as a bill of materials in CycloneDX." type:"path" placeholder:"FILE"`
}

func (c *setupCommand) Run(ctx context.Context) error {
	cfg := setup.FromEnvironment()
	cfg.Platform = c.Platform
	groups := append([]setup.Group{setup.Default}, c.With...)
	paths, err := ensure(ctx, cfg, c.aside(), groups...)
	if err != nil {
		return err
	}
	if err := c.bill(cfg, groups); err != nil {
		return err
	}
	value := map[string]string{"library": paths.Library, "models": paths.Models, "photos": paths.Photos}
	return c.table(value, func(w io.Writer) {
		fmt.Fprintf(w, "library\t%s\nmodels\t%s\nphotos\t%s\n", paths.Library, paths.Models, paths.Photos)
	})
}

// bill writes the bill of materials where one is asked for.
func (c *setupCommand) bill(cfg setup.Config, groups []setup.Group) error {
	if c.Bill == "" {
		return nil
	}
	out, err := os.Create(c.Bill)
	if err != nil {
		return fmt.Errorf("write a bill of materials: %w", err)
	}
	return errors.Join(setup.Bill(out, cfg, groups...), out.Close())
}

// ensure sets up and writes a line for each package.
func ensure(ctx context.Context, cfg setup.Config, out io.Writer, groups ...setup.Group) (setup.Paths, error) {
	cfg.Report = func(e setup.Event) {
		state := e.State
		switch state {
		case "fetching":
			return
		case "fetched":
			state += " in " + e.Took.Round(100*time.Millisecond).String()
		}
		fmt.Fprintf(out, "%-38s %-4s %9s  %s\n", e.Package, e.Client, humanize.Bytes(uint64(e.Bytes)), state)
	}
	return setup.Ensure(ctx, cfg, groups...)
}
