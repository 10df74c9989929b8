package main

import (
	"context"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/dustin/go-humanize"

	"oneton/setup"
)

type setupCommand struct {
	With []setup.Group `help:"Also fetch these groups: photos, group-photos, accurate, liveness, gestures, clips, documents." placeholder:"GROUP"`
}

func (c *setupCommand) Run(ctx context.Context) error {
	paths, err := ensure(ctx, append([]setup.Group{setup.Default}, c.With...)...)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "library\t%s\nmodels\t%s\nphotos\t%s\n", paths.Library, paths.Models, paths.Photos)
	return out.Flush()
}

// ensure sets up as the environment says and prints a line for each package.
func ensure(ctx context.Context, groups ...setup.Group) (setup.Paths, error) {
	cfg := setup.FromEnvironment()
	cfg.Report = func(e setup.Event) {
		state := e.State
		switch state {
		case "fetching":
			return
		case "fetched":
			state += " in " + e.Took.Round(100*time.Millisecond).String()
		}
		fmt.Printf("%-38s %-4s %9s  %s\n", e.Package, e.Client, humanize.Bytes(uint64(e.Bytes)), state)
	}
	return setup.Ensure(ctx, cfg, groups...)
}
