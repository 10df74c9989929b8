package node

import (
	"slices"

	"oneton/config"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/identify"
	"oneton/setup"
)

// Embedder is what a node asks of the models; *embed.Embedder is one.
type Embedder interface {
	identify.Embedder
	identify.Packs
	Close() error
}

// OpenEmbedder loads the packs that the settings name.
func OpenEmbedder(cfg config.Config) (*embed.Embedder, error) {
	groups := []setup.Group{setup.Runtime}
	for _, name := range cfg.Packs {
		if g := setup.Group(name); slices.Contains(setup.Groups(), g) {
			groups = append(groups, g)
		}
	}
	paths, err := setup.Find(cfg.Setup, groups...)
	if err != nil {
		return nil, err
	}
	packs := make([]*pack.Pack, len(cfg.Packs))
	for i, name := range cfg.Packs {
		if packs[i], err = pack.Open(name, paths.Models); err != nil {
			return nil, err
		}
	}
	at := cfg.Embed
	at.Library = paths.Library
	return embed.New(at, packs...)
}

// openEmbedder is OpenEmbedder without a pointer that is nil in an interface.
func openEmbedder(cfg config.Config) (Embedder, error) {
	e, err := OpenEmbedder(cfg)
	if err != nil {
		return nil, err
	}
	return e, nil
}
