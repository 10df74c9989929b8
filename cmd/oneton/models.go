package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oneton/config"
	"oneton/embed/golden"
	"oneton/embed/pack"
	"oneton/node"
	"oneton/setup"
)

type modelsCommand struct {
	List   modelsList   `cmd:"" help:"List the packs that the program knows and those of the settings: versions, licences, and which files are there."`
	Verify modelsVerify `cmd:"" help:"Check the files of packs by their SHA-256, and what they compute by known pictures."`
	Add    modelsAdd    `cmd:"" help:"Check a pack of your own by its manifest, and record what it computes, so that 'verify' can tell when that changes."`
}

// packState is what is known of a pack.
type packState struct {
	// Pack is its name, or the path of its manifest.
	Pack    string `json:"pack"`
	Name    string `json:"name"`
	Version string `json:"version"`
	// Space is what templates of this version are compared within.
	Space     string `json:"space"`
	Dimension int    `json:"dimension"`
	Licence   string `json:"licence"`
	Upstream  string `json:"upstream"`
	// Loaded tells whether the settings name it, and Default whether first.
	Loaded  bool       `json:"loaded"`
	Default bool       `json:"default"`
	Files   []packFile `json:"files"`
}

// packFile is a file of a pack.
type packFile struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
	// State is ok, missing or wrong.
	State string `json:"state"`
}

// whole tells whether all files are there.
func (p packState) whole() bool {
	return !slices.ContainsFunc(p.Files, func(f packFile) bool { return f.State != fileOK })
}

const (
	fileOK      = "ok"
	fileMissing = "missing"
	fileWrong   = "wrong"
)

// stateOfPack looks at a pack, whose built-in files lie in the folder.
func stateOfPack(cfg config.Config, name, models string) (packState, error) {
	m, err := pack.Read(name)
	if err != nil {
		return packState{}, err
	}
	p := packState{
		Pack: name, Name: m.Name, Version: m.Version, Space: m.Name + "@" + m.Version, Dimension: m.TemplateDimension(),
		Licence: m.Licence, Upstream: m.Upstream, Loaded: slices.Contains(cfg.Packs, name), Default: cfg.Packs[0] == name,
	}
	if isManifest(name) {
		models = filepath.Dir(name)
	}
	state := pack.Look(m, models)
	for _, f := range m.Files {
		is := packFile{f.Name, f.SHA256, fileOK}
		switch err := state[f.Name]; {
		case errors.Is(err, pack.ErrMissing):
			is.State = fileMissing
		case errors.Is(err, pack.ErrHash):
			is.State = fileWrong
		case err != nil:
			return packState{}, err
		}
		p.Files = append(p.Files, is)
	}
	return p, nil
}

// isManifest tells a manifest's path from the name of a built-in pack.
func isManifest(name string) bool {
	return slices.Contains([]string{".yaml", ".yml"}, filepath.Ext(name))
}

// models is the folder of the built-in packs' files.
func (s settings) models() (config.Config, string, error) {
	cfg, err := s.load(nil)
	if err != nil {
		return cfg, "", err
	}
	paths, err := setup.Find(cfg.Setup)
	return cfg, paths.Models, err
}

type modelsList struct {
	settings
	output
}

// Run prints a row for each pack.
func (c *modelsList) Run() error {
	cfg, models, err := c.models()
	if err != nil {
		return err
	}
	out := newRows(c.output, func(w io.Writer, p packState) {
		use := "not loaded"
		switch {
		case p.Default:
			use = "loaded, the default"
		case p.Loaded:
			use = "loaded"
		}
		var bad []string
		for _, f := range p.Files {
			if f.State != fileOK {
				bad = append(bad, f.Name+" is "+f.State)
			}
		}
		files := count(len(p.Files), "file") + " there"
		if len(bad) > 0 {
			files = strings.Join(bad, ", ")
		}
		fmt.Fprintf(w, "%s\t%s\t%d dimensions\t%s\t%s\t%s\n", p.Pack, p.Space, p.Dimension, use, files, p.Licence)
	})
	names := slices.Clone(cfg.Packs)
	for _, name := range pack.Builtins() {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	for _, name := range names {
		p, err := stateOfPack(cfg, name, models)
		if err != nil {
			return err
		}
		if err := out.add(p); err != nil {
			return err
		}
	}
	return out.end()
}

type modelsVerify struct {
	settings
	output
	Packs []string `arg:"" optional:"" help:"Names of built-in packs or paths of manifests; left out, those of the settings."`
}

// verified is what a check of a pack found.
type verified struct {
	packState

	// Cosine is that of the least alike template to what was recorded; nil where the
	// pack did not compute, and Fault is why, or what differs.
	Cosine *float64 `json:"cosine,omitempty"`
	Fault  string   `json:"fault,omitempty"`
}

var errModels = errors.New("models are not what they should be: 'oneton setup' fetches those of the built-in packs anew")

// Run prints a row for each pack, and fails when one is not what it should be.
func (c *modelsVerify) Run(ctx context.Context) error {
	cfg, models, err := c.models()
	if err != nil {
		return err
	}
	if len(c.Packs) == 0 {
		c.Packs = cfg.Packs
	}
	failed := false
	out := newRows(c.output, func(w io.Writer, v verified) {
		for _, f := range v.Files {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", v.Pack, f.Name, f.State, f.SHA256)
		}
		if v.Fault != "" {
			fmt.Fprintf(w, "%s\toutputs\twrong\t%s\n", v.Pack, v.Fault)
		} else {
			fmt.Fprintf(w, "%s\toutputs\tok\tcosine %.6f to what was recorded\n", v.Pack, *v.Cosine)
		}
	})
	for _, name := range c.Packs {
		p, err := stateOfPack(cfg, name, models)
		if err != nil {
			return err
		}
		v := verified{packState: p}
		if p.whole() {
			least, err := compared(ctx, cfg, p)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				v.Fault = err.Error()
			} else {
				v.Cosine = &least
			}
		} else {
			v.Fault = "not computed, since files are not what they should be"
		}
		failed = failed || v.Fault != ""
		if err := out.add(v); err != nil {
			return err
		}
	}
	if err := out.end(); err != nil || !failed {
		return err
	}
	return errModels
}

// compared tells how alike what a pack computes is to what was recorded of it.
func compared(ctx context.Context, cfg config.Config, p packState) (float64, error) {
	recorded, err := golden.Recorded(p.Name, p.Version)
	if isManifest(p.Pack) {
		recorded, err = recordedBeside(p.Pack)
	}
	if err != nil {
		return 0, err
	}
	got, err := computed(ctx, cfg, p)
	if err != nil {
		return 0, err
	}
	return got.Compare(recorded)
}

// computed is what a pack makes of the known pictures.
func computed(ctx context.Context, cfg config.Config, p packState) (_ golden.Outputs, err error) {
	cfg.Packs = []string{p.Pack}
	m, err := node.OpenModels(cfg)
	if err != nil {
		return golden.Outputs{}, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return golden.Compute(ctx, m, p.Name)
}

// recordPath is where it is recorded what an own pack computes.
func recordPath(manifest string) string {
	return strings.TrimSuffix(manifest, filepath.Ext(manifest)) + ".golden.json"
}

func recordedBeside(manifest string) (golden.Outputs, error) {
	content, err := os.ReadFile(recordPath(manifest))
	if errors.Is(err, os.ErrNotExist) {
		return golden.Outputs{}, fmt.Errorf("%w: 'oneton models add %s' records it", golden.ErrNone, manifest)
	}
	if err != nil {
		return golden.Outputs{}, err
	}
	return golden.Parse(content)
}

type modelsAdd struct {
	settings
	output
	Manifest string `arg:"" help:"The pack's manifest, a YAML file; its files lie beside it." type:"existingfile" predictor:"file"`
}

var errBuiltin = errors.New("a built-in pack has this name: give yours another")

// Run checks the pack, records what it computes, and says what to set.
func (c *modelsAdd) Run(ctx context.Context) error {
	if !isManifest(c.Manifest) {
		return usage{fmt.Errorf("%s is no manifest: its name must end in .yaml or .yml", c.Manifest)}
	}
	cfg, models, err := c.models()
	if err != nil {
		return err
	}
	p, err := stateOfPack(cfg, c.Manifest, models)
	if err != nil {
		return err
	}
	if slices.Contains(pack.Builtins(), p.Name) {
		return fmt.Errorf("add pack %q: %w", p.Name, errBuiltin)
	}
	for _, f := range p.Files {
		if f.State != fileOK {
			return fmt.Errorf("add pack %q: %s beside the manifest is %s; its SHA-256 must be %s", p.Name, f.Name, f.State, f.SHA256)
		}
	}
	got, err := computed(ctx, cfg, p)
	if err != nil {
		return fmt.Errorf("add pack %q: %w", p.Name, err)
	}
	content, err := json.Marshal(got)
	if err != nil {
		return err
	}
	path := recordPath(c.Manifest)
	if err := os.WriteFile(path, append(content, '\n'), 0o644); err != nil { //nolint:gosec // templates of presidents
		return fmt.Errorf("record outputs: %w", err)
	}
	packs := cfg.Packs
	if !slices.Contains(packs, c.Manifest) {
		packs = append(slices.Clone(packs), c.Manifest)
	}
	return c.say(map[string]any{"pack": p, "recorded": path, "packs": packs},
		"pack %s is sound, and what it computes is recorded in %s; servers load it with --set packs=%s", p.Space, path, strings.Join(packs, ","))
}
