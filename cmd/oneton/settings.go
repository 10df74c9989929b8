package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"oneton/config"
	"oneton/node"
)

// settings are the flags that every subcommand with a configuration takes.
type settings struct {
	Config string            `help:"YAML file with settings." type:"existingfile" env:"ONETON_CONFIG"`
	Data   string            `help:"Folder of the database and the secret." type:"path"`
	Set    map[string]string `help:"Any setting, such as embed.workers=2." placeholder:"KEY=VALUE"`
}

func (s settings) load(more map[string]any) (config.Config, error) {
	flags := make(map[string]any)
	for k, v := range s.Set {
		flags[k] = v
	}
	if s.Data != "" {
		flags["data"] = s.Data
	}
	for k, v := range more {
		if v != "" {
			flags[k] = v
		}
	}
	return config.Load(s.Config, os.Environ(), flags)
}

// with opens the truth that the settings name, which must be there, for one
// piece of work.
func (s settings) with(ctx context.Context, do func(*node.Truth) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	return withTruth(ctx, cfg, do)
}

// begin is with where the truth may begin here, and says so when it does.
func (s settings) begin(ctx context.Context, do func(*node.Truth) error) error {
	cfg, err := s.load(nil)
	if err != nil {
		return err
	}
	fresh := node.Begun(cfg) != nil
	t, err := node.OpenTruth(ctx, cfg)
	if err != nil {
		return err
	}
	if fresh {
		fmt.Fprintf(os.Stderr, "new data folder: %s\n", cfg.Data)
	}
	return errors.Join(do(t), t.Close())
}

func withTruth(ctx context.Context, cfg config.Config, do func(*node.Truth) error) error {
	if err := node.Begun(cfg); err != nil {
		return err
	}
	t, err := node.OpenTruth(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(do(t), t.Close())
}
