package main

import (
	"os"

	"oneton/config"
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
