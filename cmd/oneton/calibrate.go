package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/sync/errgroup"

	"oneton/audit"
	"oneton/calibration"
	"oneton/config"
	"oneton/embed"
	embedpack "oneton/embed/pack"
	"oneton/identify"
	"oneton/node"
	"oneton/photo"
	"oneton/store"
)

type calibrateCommand struct {
	settings
	Photos  string `arg:"" optional:"" help:"Folder with a folder of photos for each person." type:"existingdir"`
	Pack    string `help:"Pack to calibrate; the first that is configured by default."`
	Install bool   `help:"Use the table, instead of the pack's own, in every server on the database." xor:"use"`
	Reset   bool   `help:"Use the pack's own table again." xor:"use"`
}

var errNoPhotos = errors.New("calibrate: name a folder of photos, or --reset")

// portraitFile is a photo of a known person.
type portraitFile struct{ person, path string }

// Run measures how alike the owner's strangers are and says what thresholds
// follow, and how far they can be trusted.
func (c *calibrateCommand) Run(ctx context.Context) (err error) {
	cfg, err := c.load(nil)
	if err != nil {
		return err
	}
	if c.Reset {
		return c.reset(ctx, cfg)
	}
	if c.Photos == "" {
		return errNoPhotos
	}
	files, err := portraits(c.Photos)
	if err != nil {
		return err
	}
	cfg.Pool.Queue = len(files)
	e, err := node.OpenModels(cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	if c.Pack == "" {
		c.Pack = e.Packs()[0]
	}
	files, faces, err := facesOf(ctx, e.Embedder, c.Pack, files)
	if err != nil {
		return err
	}
	people := make([]string, len(files))
	for i, f := range files {
		people[i] = f.person
	}
	sample, err := calibration.Collect(people, func(i, j int) float64 {
		cosine, _ := faces[i].Probe.Cosine(faces[j].Template) // of one pack, so of one dimension
		return cosine
	})
	if err != nil {
		return err
	}
	fit, err := sample.Fit(fmt.Sprintf("%d photos of %d people of the owner's", len(people), sample.People))
	if err != nil {
		return err
	}
	report(fit, files)
	if !c.Install {
		return nil
	}
	version, err := e.Version(c.Pack)
	if err != nil {
		return err
	}
	if err := install(ctx, cfg, c.Pack, version, fit.Table); err != nil {
		return fmt.Errorf("install calibration: %w", err)
	}
	fmt.Printf("\nevery server on this database follows the table from its next answer on; 'oneton calibrate --reset' goes back to the pack's own\n")
	return nil
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

// facesOf embeds the face that each photo is of. Photos without one that can be
// compared, or that cannot be read, are named and left out, and so are those
// that may be of one person as well as another: a wrong name moves the table.
func facesOf(ctx context.Context, e *embed.Embedder, pack string, files []portraitFile) (shown []portraitFile, faces []photo.Face, err error) {
	all := make([]photo.Face, len(files))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for i, f := range files {
		work.Go(func() error {
			data, err := os.ReadFile(f.path)
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
			switch {
			case err != nil:
				fmt.Printf("left out: %s: %v\n", f.path, err)
			case !r.Faces[of].Comparable():
				fmt.Printf("left out: %s: too poor to be compared: %s\n", f.path, strings.Join(r.Faces[of].Quality.Reasons, ", "))
			default:
				all[i] = r.Faces[of]
			}
			return nil
		})
	}
	if err := work.Wait(); err != nil {
		return nil, nil, err
	}
	for i, f := range all {
		if f.Template != nil {
			shown, faces = append(shown, files[i]), append(faces, f)
		}
	}
	return shown, faces, nil
}

func report(f *calibration.Fit, files []portraitFile) {
	fmt.Printf("%d people, %d pairs of photos of different people, %d of the same\n\n", f.People, f.Impostors, f.Mates)
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(out, "one pair of strangers in\tcosine\t95 % interval\tknown people missed\n")
	for _, r := range f.Rates {
		missed, note := "unknown", ""
		if r.FNMR != nil {
			missed = fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*r.FNMR.Share, 100*r.FNMR.Low, 100*r.FNMR.High)
		}
		if r.Extrapolated {
			note = ", extrapolated"
		}
		fmt.Fprintf(out, "%.0f\t%.3f\t%.3f to %.3f%s\t%s\n", 1/r.FMR, r.Cosine, r.CosineLow, r.CosineHigh, note, missed)
	}
	_ = out.Flush()
	for _, s := range f.Suspects {
		fmt.Printf("one person? %.3f: %s and %s\n", s.Cosine, files[s.A].path, files[s.B].path)
	}
	for _, w := range f.Warnings {
		fmt.Printf("warning: %s\n", w)
	}
}

// install makes the table the owner's of that version of the pack.
func install(ctx context.Context, cfg config.Config, pack, version string, t calibration.Table) error {
	definition, err := json.Marshal(t)
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
		fmt.Printf("pack %q is back to its own table\n", pack)
	}
	return err
}
