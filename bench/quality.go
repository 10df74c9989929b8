package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"oneton/calibration"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
	"oneton/spoil"
)

type qualityCommand struct {
	Photos  string `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Pack    string `help:"Model pack: a built-in name or a manifest." default:"default"`
	Draws   int    `help:"Random degradations of each mated probe." default:"3"`
	Workers int    `help:"Photos embedded at once; 0 is one a core."`
	Out     string `help:"Folder of the results." default:"bench/results" json:"-"`
}

type qualityParams struct {
	Photos string `json:"photos"`
	Pack   string `json:"pack"`
	Mated  int    `json:"mated_probes"`
	Draws  int    `json:"draws"`
}

// spoiled is a degraded probe, compared with its person's enrolled photo.
type spoiled struct {
	kind      string
	strength  float64
	score     float64
	sharpness float64
	cosine    float64
}

type qualityResult struct {
	// Predicts says, by kind of degradation, how well a measure tells matches
	// from misses at an FMR of 1e-4: the area under its curve.
	Predicts []prediction  `json:"predicts"`
	Rejects  []rejectCurve `json:"error_versus_reject"`
}

type prediction struct {
	Kind  string  `json:"kind"`
	Count int     `json:"probes"`
	FNMR  float64 `json:"fnmr"`
	// Score and Sharpness are the measures' areas; 0.5 is useless.
	Score     float64 `json:"quality_score_auc"`
	Sharpness float64 `json:"sharpness_auc"`
}

// rejectCurve is the error-versus-reject curve of one set of probes at one
// false-match rate (Grother and Tabassi, "Performance of biometric quality
// measures", 2007).
type rejectCurve struct {
	Set   string                 `json:"set"`
	FMR   float64                `json:"fmr"`
	Count int                    `json:"probes"`
	FNMR  calibration.Proportion `json:"fnmr"`
	Left  []rejected             `json:"left"`
	curve plotter.XYs
}

// rejected is the share of the misses' rate that is left after the worst
// probes by score are rejected, and the least that any score could leave.
type rejected struct {
	Rejected float64 `json:"rejected"`
	Left     float64 `json:"fnmr_left"`
	Least    float64 `json:"least_possible"`
}

// asItIs is the kind of a probe that was not degraded at all; among the
// degraded ones, one kind in ten does nothing, too.
const asItIs = "as it is"

// Run degrades the mated probes of the search protocol and asks whether the
// quality score tells which of them miss their person.
func (c *qualityCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, "")
	if err != nil {
		return err
	}
	p, err := pack.Open(c.Pack, paths.Models)
	if err != nil {
		return err
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: c.Workers, Queue: len(set.photos)},
	}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	probes, mated, err := c.probes(ctx, e.Embedder, p.Name, set)
	if err != nil {
		return err
	}
	r := qualityResult{Predicts: predictions(probes, p.Calibration.Threshold(1e-4))}
	for _, s := range []struct {
		set  string
		fmr  float64
		keep func(spoiled) bool
	}{
		{"degraded by up to half the strength", 1e-3, func(s spoiled) bool { return s.strength < 0.5 }},
		{"degraded by up to half the strength", 1e-4, func(s spoiled) bool { return s.strength < 0.5 }},
		{"degraded by up to a third", 1e-4, func(s spoiled) bool { return s.strength < 1.0/3 }},
		{"all strengths", 1e-4, func(spoiled) bool { return true }},
		{"as they are", 1e-4, nil},
	} {
		kept := slices.DeleteFunc(slices.Clone(probes), func(p spoiled) bool {
			if s.keep == nil {
				return p.kind != asItIs
			}
			return p.kind == asItIs || !s.keep(p)
		})
		curve := reject(kept, p.Calibration.Threshold(s.fmr))
		curve.Set, curve.FMR = s.set, s.fmr
		r.Rejects = append(r.Rejects, curve)
	}
	params := qualityParams{Photos: filepath.Base(c.Photos), Pack: p.Name, Mated: mated, Draws: c.Draws}
	if err := save(c.Out, "quality", params, r); err != nil {
		return err
	}
	return plotRejects(filepath.Join(c.Out, "quality.svg"), r.Rejects)
}

// probes compares every mated probe, degraded Draws times and once as it is,
// with its person's enrolled photo.
func (c *qualityCommand) probes(ctx context.Context, e *embed.Embedder, pack string, set *photoSet) ([]spoiled, int, error) {
	roles := set.roles()
	enrolled := make(map[int]int)
	for _, i := range roles.enrolled {
		enrolled[set.photos[i].person] = i
	}
	crops, templates := make([][]byte, len(set.photos)), make([]face.Template, len(set.photos))
	probes := make([]spoiled, (c.Draws+1)*len(roles.mated))
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(cmp.Or(c.Workers, runtime.NumCPU()))
	for i, photo := range set.photos {
		work.Go(func() error {
			data, err := os.ReadFile(photo.path)
			if err != nil {
				return err
			}
			if crops[i], err = alignedCrop(working, data); err != nil || enrolled[photo.person] != i {
				return err
			}
			f, err := e.EmbedAligned(working, pack, crops[i])
			templates[i] = f.Template
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return nil, 0, err
	}
	work, working = errgroup.WithContext(ctx)
	work.SetLimit(cmp.Or(c.Workers, runtime.NumCPU()))
	kinds := degradations()
	for n := range probes {
		work.Go(func() error {
			i := roles.mated[n%len(roles.mated)]
			rng := rand.New(rand.NewPCG(splitSeed, uint64(n)))
			kind, strength := kinds[rng.IntN(len(kinds))], rng.Float64()
			if n >= c.Draws*len(roles.mated) {
				kind, strength = inPlace(asItIs, func(*spoil.Canvas, float64, *rand.Rand) {}), 0
			}
			crop, err := kind.apply(spoil.Of(crops[i], alignedSide), strength, rng)
			if err != nil {
				return err
			}
			f, err := e.EmbedAligned(working, pack, crop.Bytes())
			if err != nil {
				return err
			}
			cosine, err := f.Probe.Cosine(templates[enrolled[set.photos[i].person]])
			probes[n] = spoiled{kind.name, strength, float64(f.Quality.Score), float64(f.Quality.Sharpness), cosine}
			return err
		})
	}
	return probes, len(roles.mated), work.Wait()
}

func predictions(probes []spoiled, threshold float64) []prediction {
	all := make([]string, 0, len(degradations())+2)
	all = append(all, "all")
	for _, d := range degradations() {
		all = append(all, d.name)
	}
	all = append(all, asItIs)
	var out []prediction
	for _, kind := range all {
		p := prediction{Kind: kind}
		var score, sharpness [2][]float64 // of misses, of matches
		for _, s := range probes {
			if kind != s.kind && (kind != "all" || s.kind == asItIs) {
				continue
			}
			match := 0
			if s.cosine >= threshold {
				match = 1
			}
			score[match] = append(score[match], s.score)
			sharpness[match] = append(sharpness[match], s.sharpness)
			p.Count++
		}
		if len(score[0]) > 0 && len(score[1]) > 0 {
			p.FNMR = float64(len(score[0])) / float64(p.Count)
			p.Score, p.Sharpness = auc(score[1], score[0]), auc(sharpness[1], sharpness[0])
		}
		out = append(out, p)
	}
	return out
}

// reject rejects probes from the worst score on.
func reject(probes []spoiled, threshold float64) rejectCurve {
	slices.SortFunc(probes, func(a, b spoiled) int { return cmp.Compare(a.score, b.score) })
	all := 0
	for _, p := range probes {
		if p.cosine < threshold {
			all++
		}
	}
	n := len(probes)
	r := rejectCurve{Count: n, FNMR: proportion(all, n)}
	left := all
	var rates []float64
	for i, p := range probes[:n/2] {
		rates = append(rates, float64(left)/float64(n-i))
		if p.cosine < threshold {
			left--
		}
	}
	for i := 0; i < len(rates); i += max(1, n/200) {
		r.curve = append(r.curve, plotter.XY{X: float64(i) / float64(n), Y: rates[i]})
	}
	for _, share := range []float64{0.02, 0.05, 0.1, 0.2} {
		i := int(share * float64(n))
		best := float64(max(0, all-i)) / float64(n-i)
		r.Left = append(r.Left, rejected{Rejected: share, Left: rates[i] / r.FNMR.Share, Least: best / r.FNMR.Share})
	}
	return r
}

func plotRejects(path string, curves []rejectCurve) error {
	p := plot.New()
	p.Title.Text = "Rejecting the worst photos by quality score"
	p.X.Label.Text, p.Y.Label.Text = "share of photos rejected", "known people missed among the rest (FNMR)"
	p.Y.Scale = plot.LogScale{}
	p.Y.Tick.Marker = decades{}
	p.Add(plotter.NewGrid())
	p.Legend.Top = true
	for i, c := range curves {
		c.curve = slices.DeleteFunc(c.curve, func(xy plotter.XY) bool { return xy.Y <= 0 })
		if len(c.curve) == 0 {
			continue
		}
		line, err := plotter.NewLine(c.curve)
		if err != nil {
			return fmt.Errorf("draw %s: %w", c.Set, err)
		}
		line.Color = plotutil.Color(i)
		line.Width = vg.Points(1.5)
		p.Add(line)
		p.Legend.Add(fmt.Sprintf("%s, FMR %.0e", c.Set, c.FMR), line)
	}
	if err := p.Save(16*vg.Centimeter, 12*vg.Centimeter, path); err != nil {
		return fmt.Errorf("write plot: %w", err)
	}
	fmt.Println("written to", path)
	return nil
}
