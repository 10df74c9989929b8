package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

type ablationCommand struct {
	Photos  string   `arg:"" type:"existingdir" help:"Folder with a folder of aligned crops of 112 by 112 pixels for each person."`
	Same    string   `type:"existingfile" help:"Lines of two names that are one person."`
	Packs   []string `help:"Built-in packs to try with and without the mirror image; the first is used for all else." default:"default,accurate"`
	People  int      `help:"People with several photos whose photos are prepared in different ways." default:"300"`
	Draws   int      `help:"Random galleries that ways to use several photos are tried in." default:"10"`
	Workers int      `help:"Photos embedded at once; 0 is one a core."`
	Out     string   `help:"Folder of the results." default:"bench/results" json:"-"`
}

type ablationParams struct {
	Photos string   `json:"photos"`
	Same   string   `json:"same,omitempty"`
	Packs  []string `json:"packs"`
	// People and Prepared are the subset that ways to prepare a photo are
	// tried on; ways to use several photos are tried on all.
	People   int `json:"people"`
	Prepared int `json:"photos_prepared"`
	Draws    int `json:"draws"`
}

type ablationResult struct {
	Preparation []preparationResult `json:"preparation"`
	Enrolled    []fusionResult      `json:"several_enrolled_photos"`
	Searched    []fusionResult      `json:"several_searched_photos"`
}

// preparationResult is how often mates are missed when photos are prepared in
// a way, at the thresholds that these very photos' impostors reach in the
// wanted shares. Pairs share photos, so the intervals are too narrow.
type preparationResult struct {
	Pack   string `json:"pack"`
	Way    string `json:"way"`
	Missed int    `json:"photos_without_face"`
	Mates  int    `json:"mated_pairs"`
	// MateMean is the mean cosine of mates.
	MateMean float64                `json:"mean_mated_cosine"`
	FNMR3    calibration.Proportion `json:"fnmr_at_fmr_1e-3"`
	FNMR4    calibration.Proportion `json:"fnmr_at_fmr_1e-4"`
}

// Run measures what each choice in the way from photo to answer is worth.
func (c *ablationCommand) Run(ctx context.Context) (err error) {
	groups := []setup.Group{setup.Default}
	for _, name := range c.Packs {
		if g := setup.Group(name); slices.Contains(setup.Groups(), g) {
			groups = append(groups, g)
		}
	}
	paths, err := setup.Find(setup.FromEnvironment(), groups...)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, c.Same)
	if err != nil {
		return err
	}
	var packs []*pack.Pack
	for _, name := range c.Packs {
		p, err := pack.Open(name, paths.Models)
		if err != nil {
			return err
		}
		packs = append(packs, withFlip(p, false), withFlip(p, true))
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: c.Workers, Queue: len(set.photos)},
	}, packs...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()

	var r ablationResult
	part := set.part(c.People)
	for i, p := range packs {
		ways := preparations()
		if i > 0 {
			ways = ways[:1] // the others are tried with the first pack
		}
		for _, way := range ways {
			templates, err := part.prepare(ctx, e.Embedder, p.Name, way)
			if err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			result, err := part.missedMates(&p.Manifest, templates)
			if err != nil {
				return err
			}
			result.Pack, result.Way = p.Name, way.name
			r.Preparation = append(r.Preparation, result)
		}
	}
	templates, _, err := set.embed(ctx, e.Embedder, packs[0].Name, true)
	if err != nil {
		return err
	}
	cosines, err := compare(&packs[0].Manifest, templates)
	if err != nil {
		return err
	}
	comparisons := comparisons{cosines, doubts(&packs[0].Manifest, templates)}
	people := set.identities(templates)
	for _, photos := range []int{1, 2, 3, 5} {
		r.Enrolled = append(r.Enrolled, fuse(comparisons, people, photos, 1, c.Draws, &packs[0].Calibration)...)
	}
	for _, probes := range []int{2, 3} {
		r.Searched = append(r.Searched, fuse(comparisons, people, 1, probes, c.Draws, &packs[0].Calibration)...)
	}
	params := ablationParams{
		Photos: filepath.Base(c.Photos), Packs: c.Packs, People: len(part.people), Prepared: len(part.photos), Draws: c.Draws,
	}
	if c.Same != "" {
		params.Same = filepath.Base(c.Same)
	}
	return save(c.Out, "ablation", params, r)
}

// withFlip is a pack of another name that differs in the mirror image only.
func withFlip(p *pack.Pack, flip bool) *pack.Pack {
	other := *p
	other.Flip = flip
	other.Name += "-no-flip"
	if flip {
		other.Name = p.Name + "-flip"
	}
	return &other
}

// part is the set of some people with several photos, drawn at random.
func (s *photoSet) part(people int) *photoSet {
	rng := rand.New(rand.NewPCG(splitSeed, 0))
	part := &photoSet{}
	for _, p := range rng.Perm(len(s.people)) {
		if len(part.people) == people {
			break
		}
		if len(s.of[p]) < 2 || s.identity[p] != p {
			continue
		}
		n := len(part.people)
		part.people = append(part.people, s.people[p])
		part.identity = append(part.identity, n)
		part.of = append(part.of, nil)
		for _, i := range s.of[p] {
			part.of[n] = append(part.of[n], len(part.photos))
			part.photos = append(part.photos, portrait{person: n, path: s.photos[i].path})
		}
	}
	return part
}

// missedMates compares every two photos. A mate without a face is missed.
func (s *photoSet) missedMates(p *pack.Manifest, templates []face.Template) (r preparationResult, err error) {
	cosines, err := compare(p, templates)
	if err != nil {
		return r, err
	}
	var mates, impostors []float64
	for i, a := range s.photos {
		if templates[i] == nil {
			r.Missed++
		}
		for j, b := range s.photos[:i] {
			if a.person == b.person {
				mates = append(mates, float64(cosines[i][j]))
			} else {
				impostors = append(impostors, float64(cosines[i][j]))
			}
		}
	}
	r.Mates = len(mates)
	for _, m := range mates {
		r.MateMean += m / float64(len(mates))
	}
	at := func(fmr float64) calibration.Proportion {
		threshold, n := exceeded(impostors, fmr), 0
		for _, m := range mates {
			if m <= threshold {
				n++
			}
		}
		return proportion(n, len(mates))
	}
	r.FNMR3, r.FNMR4 = at(1e-3), at(1e-4)
	return r, nil
}

// workers is how many photos are prepared at once.
func workers() int { return runtime.NumCPU() }
