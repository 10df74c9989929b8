package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"oneton/embed"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/identify"
	"oneton/node"
	"oneton/onnx"
	"oneton/photo"
	"oneton/pool"
	"oneton/setup"
	"oneton/spoil"
)

type poorCommand struct {
	Photos  string   `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Packs   []string `help:"Model packs: built-in names or manifests." default:"default"`
	Same    string   `type:"existingfile" help:"Lines of two names that are one person."`
	People  int      `help:"People, of those that are kept out of the built-in packs; half of them with several photos, if there are." default:"600"`
	Ways    []string `help:"Only these ways, by their names in the results; all of them if none is named."`
	Detect  bool     `help:"Take each spoiled crop for a photo, whose face is found by the detector and moved by the aligner."`
	Workers int      `help:"Photos embedded at once; 0 is one a core."`
	Name    string   `help:"Name of the results." default:"poor"`
	Out     string   `help:"Folder of the results." default:"bench/results" json:"-"`
}

type poorParams struct {
	Photos string `json:"photos"`
	People int    `json:"people"`
	// Detected says that faces are where the detector and the aligner see them.
	Detected bool `json:"detected"`
}

type poorResult struct {
	Pack  string     `json:"pack"`
	Cells []poorCell `json:"cells"`
}

// Run spoils a photo of each person in each way, and asks how often strangers
// and mates are answered. The results are written way by way, and what a record
// of the same revision and parameters has is not measured again.
func (c *poorCommand) Run(ctx context.Context) error {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, c.Same)
	if err != nil {
		return err
	}
	set.keepOut()
	people := set.choose(c.People)
	params := poorParams{filepath.Base(c.Photos), len(people), c.Detect}
	results, err := resumed[poorParams, poorResult](c.Out, c.Name, revision(), params)
	if err != nil {
		return err
	}
	for _, name := range c.Packs {
		p, err := pack.Open(name, paths.Models)
		if err != nil {
			return fmt.Errorf("pack %q: %w", name, err)
		}
		at := slices.IndexFunc(results, func(r poorResult) bool { return r.Pack == p.Name+"@"+p.Version })
		if at < 0 {
			at, results = len(results), append(results, poorResult{Pack: p.Name + "@" + p.Version})
		}
		r := &results[at]
		err = c.measure(ctx, paths, p, set, people, r, func() error {
			_, err := write(c.Out, c.Name, params, results)
			return err
		})
		if err != nil {
			return fmt.Errorf("pack %q: %w", name, err)
		}
	}
	return save(c.Out, c.Name, params, results)
}

// chosen are two photos of a person, or one twice: one to spoil, and one to
// enrol as it is.
type chosen struct{ spoiled, good int }

// choose takes different people, in turn one with several photos and one with
// one, as long as there are both.
func (s *photoSet) choose(n int) []chosen {
	var several, single []chosen
	for p, of := range s.of {
		switch {
		case s.identity[p] != p:
		case len(of) > 1:
			several = append(several, chosen{of[1], of[0]})
		default:
			single = append(single, chosen{of[0], of[0]})
		}
	}
	var people []chosen
	for len(people) < n && len(several)+len(single) > 0 {
		if len(single) == 0 || len(several) > 0 && len(people)%2 == 0 {
			people, several = append(people, several[0]), several[1:]
		} else {
			people, single = append(people, single[0]), single[1:]
		}
	}
	return people
}

// measure adds what the pack's results lack, and keeps them after each way.
func (c *poorCommand) measure(ctx context.Context, paths setup.Paths, p *pack.Pack, set *photoSet, people []chosen, r *poorResult, keep func() error) (err error) {
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: c.Workers, Queue: 2 * len(people)},
	}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	asItIs := func(c *spoil.Canvas, _ *rand.Rand) (*spoil.Canvas, error) { return c, nil }
	good, err := c.embed(ctx, e.Embedder, p.Name, set, people, func(p chosen) int { return p.good }, asItIs)
	if err != nil {
		return err
	}
	for _, way := range slices.Concat([]spoil.Way{{Name: "as it is", Spoil: asItIs}}, spoil.Ways(), spoil.Alike()) {
		has := slices.ContainsFunc(r.Cells, func(cell poorCell) bool { return cell.Way == way.Name })
		if has || len(c.Ways) > 0 && !slices.Contains(c.Ways, way.Name) {
			continue
		}
		poor, err := c.embed(ctx, e.Embedder, p.Name, set, people, func(p chosen) int { return p.spoiled }, way.Spoil)
		if err != nil {
			return err
		}
		cell := poorCellOf(&p.Manifest, people, good, poor)
		cell.Way = way.Name
		r.Cells = append(r.Cells, cell)
		if err := keep(); err != nil {
			return err
		}
		fmt.Printf("%s, %s: %+v\n", r.Pack, way.Name, cell)
	}
	return nil
}

// embed makes templates of a spoiled photo of each person; nil where it cannot
// be compared.
func (c *poorCommand) embed(ctx context.Context, e *embed.Embedder, pack string, set *photoSet, people []chosen, which func(chosen) int, spoiling func(*spoil.Canvas, *rand.Rand) (*spoil.Canvas, error)) ([]face.Template, error) {
	templates := make([]face.Template, len(people))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for n, p := range people {
		work.Go(func() error {
			data, err := os.ReadFile(set.photos[which(p)].path)
			if err != nil {
				return err
			}
			crop, err := alignedCrop(ctx, data)
			if err != nil {
				return err
			}
			spoiled, err := spoiling(spoil.Of(crop, alignedSide), rand.New(rand.NewPCG(splitSeed, uint64(n))))
			if err != nil {
				return err
			}
			f, err := c.face(ctx, e, pack, spoiled)
			if err == nil && f.Comparable() {
				templates[n] = f.Template
			}
			return err
		})
	}
	return templates, work.Wait()
}

// face is that of a crop, as it lies or as the service finds it; one that cannot
// be compared where it finds none.
func (c *poorCommand) face(ctx context.Context, e *embed.Embedder, pack string, crop *spoil.Canvas) (photo.Face, error) {
	if !c.Detect {
		return e.EmbedAligned(ctx, pack, crop.Bytes())
	}
	var file bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&file, crop.Image()); err != nil {
		return photo.Face{}, err
	}
	f, err := subject(ctx, e, pack, file.Bytes())
	if errors.Is(err, identify.ErrNoFace) || errors.Is(err, identify.ErrSeveralFaces) {
		return photo.Face{Quality: face.Quality{Reasons: []string{photo.ReasonNotComparable}}}, nil
	}
	return f, err
}
