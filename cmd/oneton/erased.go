package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"oneton/node"
)

type erasedCommand struct {
	settings
	output
	Timeout time.Duration `help:"How long to wait." default:"10m"`
}

// Run waits for what the store does by itself, and does it where no server
// runs.
func (c *erasedCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(t *node.Truth) error {
		ctx, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		told, err := waitErased(ctx, t)
		switch {
		case err != nil:
			return err
		case told:
			return c.say(map[string]bool{"erased": true}, "nothing that was deleted is left in the database's files")
		case c.JSON:
			return c.line(map[string]bool{"erased": false})
		}
		return nil
	})
}

// waitErased waits until nothing that was deleted is left in the files of the
// database, and says where that is not for oneton to tell.
func waitErased(ctx context.Context, t *node.Truth) (told bool, err error) {
	told, err = t.WaitErased(ctx)
	if err == nil && !told {
		fmt.Fprintln(os.Stderr, "PostgreSQL overwrites deleted rows when it vacuums, and its log when that is recycled; see docs/operations.md, Erasure in PostgreSQL")
	}
	return told, err
}
