package main

import (
	"context"
	"errors"
)

type secretCommand struct {
	Adopt secretAdopt `cmd:"" help:"Let the database take this machine's secret; every key and token made under another is invalid then."`
}

type secretAdopt struct {
	settings
	Yes bool `help:"Confirm." required:""`
}

// Run puts the fingerprint of this machine's secret in the place of the one
// that was lost, or was agreed on by mistake.
func (c *secretAdopt) Run(ctx context.Context) (err error) {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	s, err := readSecret(secretPath(cfg))
	if err != nil {
		return err
	}
	fingerprint, err := s.derive("fingerprint")
	if err != nil {
		return err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(db.ReplaceFingerprint(ctx, fingerprint), db.Close())
}
