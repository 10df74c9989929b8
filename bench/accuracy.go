package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oneton/calibration"
	"oneton/embed/pack"
	"oneton/node"
	"oneton/onnx"
	"oneton/pool"
	"oneton/setup"
)

type accuracyCommand struct {
	Photos  string   `arg:"" type:"existingdir" help:"Folder with a folder of photos for each person."`
	Packs   []string `help:"Model packs: built-in names or manifests." default:"default"`
	Aligned bool     `help:"The photos are aligned crops of 112 by 112 pixels: skip the detector."`
	Pairs   string   `type:"existingfile" help:"Pairs in the form of LFW's pairs.txt, for the 10-fold accuracy."`
	Same    string   `type:"existingfile" help:"Lines of two names that are one person; such pairs are no impostors when calibrating."`
	KeptOut bool     `help:"Only people that the built-in packs' matrices know nothing of."`
	Groups  string   `type:"existingfile" help:"CSV of person,group, for a table by group."`
	Splits  int      `help:"Random halvings of the people that check the calibration out of sample." default:"12"`
	Workers int      `help:"Photos embedded at once; 0 is one a core."`
	Name    string   `help:"Name of the results." default:"accuracy"`
	Out     string   `help:"Folder of the results." default:"bench/results" json:"-"`
}

// accuracyResult is what one pack reaches.
type accuracyResult struct {
	Pack      string `json:"pack"`
	Dimension int    `json:"dimension"`
	People    int    `json:"people"`
	Photos    int    `json:"photos"`
	// Missed are photos in which no face was found.
	Missed int `json:"photos_without_face"`
	// Incomparable are photos whose face is below the pack's floor.
	Incomparable int             `json:"photos_not_comparable"`
	TenFold      *tenFoldResult  `json:"ten_fold,omitempty"`
	OpenSet      openSetResult   `json:"open_set"`
	Calibration  calibration.Fit `json:"calibration"`
	OutOfSample  []outOfSample   `json:"out_of_sample,omitempty"`
	Groups       []groupResult   `json:"groups,omitempty"`
}

// Run measures each pack with the service's own code, and draws the packs'
// detection error trade-offs into one picture each for 1:1 and 1:N.
func (c *accuracyCommand) Run(ctx context.Context) error {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default)
	if err != nil {
		return err
	}
	set, err := readSet(c.Photos, c.Same)
	if err != nil {
		return err
	}
	if c.KeptOut {
		set.keepOut()
	}
	var results []accuracyResult
	var curves []detCurves
	for _, name := range c.Packs {
		r, curve, err := c.measure(ctx, paths, name, set)
		if err != nil {
			return fmt.Errorf("pack %q: %w", name, err)
		}
		results = append(results, r)
		curves = append(curves, curve)
	}
	if err := save(c.Out, c.Name, c.params(), results); err != nil {
		return err
	}
	return plotDET(filepath.Join(c.Out, c.Name), curves)
}

// accuracyParams are the command's, without the folders of this machine.
type accuracyParams struct {
	Photos  string   `json:"photos"`
	Aligned bool     `json:"aligned"`
	Same    string   `json:"same,omitempty"`
	Packs   []string `json:"packs"`
	Splits  int      `json:"splits"`
	KeptOut bool     `json:"kept_out"`
}

func (c *accuracyCommand) params() accuracyParams {
	p := accuracyParams{Photos: filepath.Base(c.Photos), Aligned: c.Aligned, Splits: c.Splits, KeptOut: c.KeptOut}
	if c.Same != "" {
		p.Same = filepath.Base(c.Same)
	}
	for _, name := range c.Packs {
		p.Packs = append(p.Packs, filepath.Base(name))
	}
	return p
}

func (c *accuracyCommand) measure(ctx context.Context, paths setup.Paths, name string, set *photoSet) (r accuracyResult, curves detCurves, err error) {
	p, err := pack.Open(name, paths.Models)
	if err != nil {
		return r, curves, err
	}
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: c.Workers, Queue: len(set.photos)},
	}, p)
	if err != nil {
		return r, curves, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()

	templates, incomparable, err := set.embed(ctx, e.Embedder, p.Name, c.Aligned)
	if err != nil {
		return r, curves, err
	}
	r = accuracyResult{
		Pack: p.Name, Dimension: p.TemplateDimension(), People: len(set.people), Photos: len(set.photos), Incomparable: incomparable,
	}
	for _, t := range templates {
		if t == nil {
			r.Missed++
		}
	}
	r.Missed -= incomparable
	cosines, err := compare(&p.Manifest, templates)
	if err != nil {
		return r, curves, err
	}

	if c.Pairs != "" {
		pairs, err := set.readPairs(c.Pairs)
		if err != nil {
			return r, curves, err
		}
		r.TenFold = tenFold(pairs, cosines)
	}
	sample, found, err := set.sample(cosines, templates, everyPhoto)
	if err != nil {
		return r, curves, err
	}
	fit, err := sample.Fit(fmt.Sprintf("%s, %d photos of %d people", filepath.Base(c.Photos), len(found), sample.People))
	if err != nil {
		return r, curves, err
	}
	r.Calibration = *fit
	r.OpenSet, curves = openSet(set, cosines, templates, &p.Calibration)
	curves.name = p.Name
	curves.pairs = pairCurve(set, cosines, templates)
	if r.OutOfSample, err = checkOutOfSample(set, cosines, templates, c.Splits); err != nil {
		return r, curves, err
	}
	if c.Groups != "" {
		data, err := os.ReadFile(c.Groups)
		if err != nil {
			return r, curves, err
		}
		if r.Groups, err = byGroup(set, cosines, templates, data, &p.Calibration); err != nil {
			return r, curves, err
		}
	}
	return r, curves, nil
}
