package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"oneton/audit"
	"oneton/calibration"
	"oneton/config"
	"oneton/embed"
	embedpack "oneton/embed/pack"
	"oneton/face"
	"oneton/identify"
	"oneton/node"
	"oneton/photo"
	"oneton/store"
)

type calibrateCommand struct {
	settings
	output
	Photos  string `arg:"" optional:"" help:"Folder with a folder of photos for each person." type:"existingdir"`
	Pack    string `help:"Pack to calibrate; the first that is configured by default."`
	Spoil   int    `help:"Most people of whom a photo is spoiled in many ways, to fit what poor photos are worth; 0 leaves that as the pack has it." default:"300"`
	Install bool   `help:"Use what was fitted, instead of the pack's own, in every server on the database." xor:"use"`
	Reset   bool   `help:"Use the pack's own again." xor:"use"`
}

var (
	errNoPhotos = errors.New("calibrate: name a folder of photos, or --reset")
	errSpoil    = fmt.Errorf("calibrate: --spoil must be 0, or %d or more: nothing can be fitted to fewer people", calibration.LeastPeople)
)

// calibrated is what the command found.
type calibrated struct {
	Pack    string    `json:"pack"`
	Version string    `json:"version"`
	Photos  int       `json:"photos"`
	LeftOut []leftOut `json:"left_out"`
	// Curve is the doubt in a photo by its quality, as the pack has it times the
	// root of the weight.
	Curve []calibration.Doubt `json:"curve,omitempty"`
	// Poor is nil where poor photos are compared as the pack has it.
	Poor      *calibration.PoorFit `json:"poor,omitempty"`
	Fit       *calibration.Fit     `json:"fit"`
	Installed bool                 `json:"installed"`

	files []portraitFile
}

// leftOut is a photo that was not used, and why.
type leftOut struct {
	Photo string `json:"photo"`
	Why   string `json:"why"`
}

// Run measures how alike the owner's strangers are, with good photos and with poor
// ones, says what follows, and how far that can be trusted.
func (c *calibrateCommand) Run(ctx context.Context) (err error) {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	if c.Reset {
		return c.reset(ctx, cfg)
	}
	switch {
	case c.Photos == "":
		return errNoPhotos
	case c.Spoil != 0 && c.Spoil < calibration.LeastPeople:
		return errSpoil
	}
	files, err := portraits(c.Photos)
	if err != nil {
		return err
	}
	cfg.Pool.Queue = max(len(files), runtime.NumCPU())
	e, err := node.OpenModels(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if c.Pack == "" {
		c.Pack = e.Packs()[0]
	}
	found, err := c.calibrate(ctx, e.Embedder, files)
	if err != nil {
		return err
	}
	if c.Install {
		own := calibration.Own{Table: found.Fit.Table}
		if found.Poor != nil {
			own.Poor = &found.Poor.Poor
		}
		if err := install(ctx, cfg, c.Pack, found.Version, own); err != nil {
			return fmt.Errorf("install calibration: %w", err)
		}
		found.Installed = true
	}
	if c.JSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(found)
	}
	found.report()
	return nil
}

// calibrate fits to the photos what poor ones are worth, and the table of those that
// can be compared then.
func (c *calibrateCommand) calibrate(ctx context.Context, e *embed.Embedder, files []portraitFile) (*calibrated, error) {
	version, err := e.Version(c.Pack)
	if err != nil {
		return nil, err
	}
	packs, err := e.Poor(c.Pack)
	if err != nil {
		return nil, err
	}
	found := &calibrated{Pack: c.Pack, Version: version}
	shown, out, err := facesOf(ctx, e, c.Pack, files)
	if err != nil {
		return nil, err
	}
	poor := calibration.Poor{Floor: packs.Floor, Weight: 1}
	if c.Spoil > 0 {
		good, _ := worthComparing(shown, poor.Floor)
		shots, err := spoiledShots(ctx, e, c.Pack, good, c.Spoil)
		if err == nil {
			found.Poor, err = calibration.FitPoor(shots, len(packs.Doubt) > 0, poor)
		}
		if err != nil {
			return nil, fmt.Errorf("fit to spoiled photos: %w", err)
		}
		poor = found.Poor.Poor
	}
	for _, p := range packs.Doubt {
		p.Doubt *= math.Sqrt(poor.Weight)
		found.Curve = append(found.Curve, p)
	}
	used, refused := worthComparing(shown, poor.Floor)
	for _, s := range used {
		found.files = append(found.files, s.portraitFile)
	}
	found.LeftOut, found.Photos = slices.Concat(out, refused), len(used)
	if found.Fit, err = fitTable(used, poor.Weight); err != nil {
		return nil, err
	}
	return found, nil
}

// worthComparing are the faces above the floor, and the photos of the others.
func worthComparing(shown []shownFace, floor float64) (used []shownFace, out []leftOut) {
	for _, s := range shown {
		if q := s.face.Quality; float64(q.Score) >= floor {
			used = append(used, s)
		} else {
			out = append(out, leftOut{s.path, "too poor to be compared: " + strings.Join(q.Reasons, ", ")})
		}
	}
	return used, out
}

func fitTable(shown []shownFace, weight float64) (*calibration.Fit, error) {
	people := make([]string, len(shown))
	type probe struct {
		vector face.Template
		length float64
	}
	probes := make([]probe, len(shown))
	for i, s := range shown {
		people[i] = s.person
		probes[i].vector, probes[i].length = calibration.Weighted(s.face.Probe, weight)
	}
	sample, err := calibration.Collect(people, func(i, j int) float64 {
		cosine, _ := probes[i].vector.Cosine(shown[j].face.Template) // of one pack, so of one dimension
		return cosine * probes[i].length
	})
	if err != nil {
		return nil, err
	}
	return sample.Fit(fmt.Sprintf("%d photos of %d people of the owner's", len(people), sample.People))
}

// portraitFile is a photo of a known person, and shownFace the face that it is of.
type portraitFile struct{ person, path string }

type shownFace struct {
	portraitFile
	face photo.Face
}

func portraits(folder string) ([]portraitFile, error) {
	var files []portraitFile
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		switch strings.ToLower(filepath.Ext(path)) {
		case ".jpg", ".jpeg", ".png", ".webp":
			if person := filepath.Dir(path); person != folder {
				files = append(files, portraitFile{person, path})
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find photos: %w", err)
	}
	return files, nil
}

// facesOf embeds the face that each photo is of. Photos without one, or that cannot
// be read, are left out, and so are those that may be of one person as well as
// another: a wrong name moves the table.
func facesOf(ctx context.Context, e *embed.Embedder, pack string, files []portraitFile) (shown []shownFace, out []leftOut, err error) {
	out = []leftOut{}
	all, why := make([]photo.Face, len(files)), make([]error, len(files))
	err = each(ctx, len(files), func(ctx context.Context, i int) error {
		data, err := os.ReadFile(files[i].path)
		if err != nil {
			return err
		}
		r, err := e.Embed(ctx, pack, data)
		if errors.Is(err, photo.ErrPack) || ctx.Err() != nil {
			return err
		}
		var of int
		if err == nil {
			of, err = identify.Subject(r)
		}
		if why[i] = err; err == nil {
			all[i] = r.Faces[of]
		}
		return nil
	})
	for i, f := range files {
		if why[i] != nil {
			out = append(out, leftOut{f.path, why[i].Error()})
		} else if all[i].Template != nil {
			shown = append(shown, shownFace{f, all[i]})
		}
	}
	return shown, out, err
}

// each does something for each of n, as many at once as there are cores.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for i := range n {
		work.Go(func() error { return do(ctx, i) })
	}
	return work.Wait()
}

// install makes the calibration the owner's of that version of the pack.
func install(ctx context.Context, cfg config.Config, pack, version string, own calibration.Own) error {
	definition, err := json.Marshal(own)
	if err != nil {
		return fmt.Errorf("encode calibration: %w", err)
	}
	return withTruth(ctx, cfg, func(t *node.Truth) error {
		space, err := t.Store.Space(ctx, pack)
		if err != nil {
			return err
		}
		return identify.NewCalibrations(t.Store).PutCalibration(ctx, space.Of(version), definition,
			audit.By(store.Actor{}, audit.CalibrationSet, space.Of(version)).Record)
	})
}

// reset goes back to the pack's own table; one that was installed before versions
// were told apart goes too.
func (c *calibrateCommand) reset(ctx context.Context, cfg config.Config) error {
	pack := c.Pack
	if pack == "" {
		m, err := embedpack.Read(cfg.Packs[0])
		if err != nil {
			return fmt.Errorf("packs: %w", err)
		}
		pack = m.Name
	}
	err := withTruth(ctx, cfg, func(t *node.Truth) error {
		space, err := t.Store.Space(ctx, pack)
		if err != nil {
			return err
		}
		had := false
		for _, name := range slices.Compact([]string{space.Name(), pack}) {
			err := audit.Removing(audit.By(store.Actor{}, audit.CalibrationReset, name), func(also ...func(store.Tx) error) error {
				return identify.NewCalibrations(t.Store).DeleteCalibration(ctx, name, also...)
			})
			if err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
			had = had || err == nil
		}
		if !had {
			return store.ErrNotFound
		}
		return nil
	})
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("pack %q has no table but its own: %w", pack, err)
	}
	if err == nil {
		err = c.say(map[string]string{"reset": pack}, "pack %q is back to its own table", pack)
	}
	return err
}
