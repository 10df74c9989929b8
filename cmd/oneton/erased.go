package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"oneton/store/sqlite"
)

type erasedCommand struct {
	settings
	Timeout time.Duration `help:"How long to wait." default:"10m"`
}

// Run waits for what the store does by itself, and does it where no server
// runs.
func (c *erasedCommand) Run(ctx context.Context) error {
	return c.with(ctx, func(t *truth) error {
		ctx, cancel := context.WithTimeout(ctx, c.Timeout)
		defer cancel()
		if err := t.waitErased(ctx); err != nil {
			return err
		}
		if _, ok := t.store.(*sqlite.Store); ok {
			fmt.Println("nothing that was deleted is left in the database's files")
		}
		return nil
	})
}

var errNotErased = errors.New("what was deleted cannot be found any more, but bytes of it are still in the database's files: " +
	"much is left to overwrite, or a reader of another process, such as a backup, holds the write-ahead log; the next process that opens the database goes on, and 'oneton erased' waits for it")

// waitErased returns when nothing that was deleted is left in the files of the
// database. PostgreSQL's are its own affair.
func (t *truth) waitErased(ctx context.Context) error {
	db, ok := t.store.(*sqlite.Store)
	if !ok {
		fmt.Fprintln(os.Stderr, "PostgreSQL overwrites deleted rows when it vacuums, and its log when that is recycled; see docs/operations.md, Erasure in PostgreSQL")
		return nil
	}
	err := db.WaitErased(ctx)
	if err != nil && ctx.Err() != nil {
		err = errNotErased
	}
	return err
}
