package main

import (
	"context"

	"oneton/node"
)

type secretCommand struct {
	Add   secretAdd   `cmd:"" help:"Add a version to this machine's secret, to be copied to the other servers and then adopted."`
	Adopt secretAdopt `cmd:"" help:"Let the database take this machine's secret; every key and token made under another is invalid then."`
}

type secretAdopt struct {
	settings
	output
	Yes bool `help:"Confirm." required:""`
}

// Run puts the fingerprint of this machine's secret in the place of the one
// that was lost, or was agreed on by mistake.
func (c *secretAdopt) Run(ctx context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	path, err := node.AdoptSecret(ctx, cfg)
	if err != nil {
		return err
	}
	return c.say(map[string]string{"secret": path}, "the database takes %s from now on; keys made under another are invalid, and 'oneton key create' makes new ones", path)
}

type secretAdd struct {
	settings
	output
}

// Run adds a version that nothing is made under before it is adopted.
func (c *secretAdd) Run(context.Context) error {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	path, versions, err := node.AddSecret(cfg)
	if err != nil {
		return err
	}
	return c.say(map[string]any{"secret": path, "versions": versions}, "%s has %d versions now: copy it to every server and restart each, then 'oneton secret adopt --yes' and restart each again", path, versions)
}
