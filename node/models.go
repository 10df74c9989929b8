package node

import (
	"errors"
	"slices"

	"oneton/config"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/identify"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

// Embedder is what a node asks of the models; *Models is one.
type Embedder interface {
	identify.Embedder
	identify.Packs
	Close() error
}

// Models are packs that are loaded, with the runtime and the workers, of which a
// process has one each.
type Models struct {
	*embed.Embedder

	runtime *onnx.Runtime
	workers *pool.Pool
}

// ModelsConfig sizes Models.
type ModelsConfig struct {
	Workers pool.Config
	Runtime onnx.Config
	Embed   embed.Config
}

// OpenModels loads the packs that the settings name.
func OpenModels(cfg config.Config) (*Models, error) {
	paths, err := setup.Find(cfg.Setup, append([]setup.Group{setup.Runtime}, ModelGroups(cfg)...)...)
	if err != nil {
		return nil, err
	}
	packs := make([]*pack.Pack, len(cfg.Packs))
	for i, name := range cfg.Packs {
		if packs[i], err = pack.Open(name, paths.Models); err != nil {
			return nil, err
		}
	}
	at := ModelsConfig{Workers: cfg.Pool, Runtime: cfg.Runtime, Embed: cfg.Embed}
	at.Runtime.Library = paths.Library
	return LoadModels(at, packs...)
}

// ModelGroups are set-up's groups of the built-in packs that the settings name.
func ModelGroups(cfg config.Config) (groups []setup.Group) {
	for _, name := range cfg.Packs {
		if g := setup.Group(name); slices.Contains(setup.Groups(), g) {
			groups = append(groups, g)
		}
	}
	return groups
}

// LoadModels loads the library and the packs' models; see embed.New.
func LoadModels(cfg ModelsConfig, packs ...*pack.Pack) (*Models, error) {
	rt, err := onnx.Open(cfg.Runtime)
	if err != nil {
		return nil, err
	}
	m := &Models{runtime: rt, workers: pool.New(cfg.Workers)}
	if m.Embedder, err = embed.New(cfg.Embed, rt, m.workers, packs...); err != nil {
		return nil, errors.Join(err, rt.Close())
	}
	return m, nil
}

// Close waits for the photos under way and frees the models and the library.
// Calls after it are pool.ErrClosed.
func (m *Models) Close() error {
	m.workers.Close()
	return errors.Join(m.Embedder.Close(), m.runtime.Close())
}

// openModels is OpenModels without a pointer that is nil in an interface.
func openModels(cfg config.Config) (Embedder, error) {
	m, err := OpenModels(cfg)
	if err != nil {
		return nil, err
	}
	return m, nil
}
