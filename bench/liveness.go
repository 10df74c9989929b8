package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"oneton/calibration"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/node"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/setup"
	"oneton/spoil"
)

type livenessCommand struct {
	Pack  string `help:"Model pack: a built-in name or a manifest." default:"default"`
	Draws int    `help:"Imitations of each kind made of each photo." default:"5"`
	Out   string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// livenessParams say what was shown to the model.
type livenessParams struct {
	Pack   string  `json:"pack"`
	Model  string  `json:"model_sha256"`
	Real   float64 `json:"real_from"`
	Spoof  float64 `json:"spoof_below"`
	Photos int     `json:"photos"`
	Draws  int     `json:"draws"`
	// Simulated says that no attack was ever presented to a camera.
	Simulated string `json:"simulated"`
}

const simulated = "The attacks are made by a program from the same photos: nothing was printed, shown on a screen or photographed. " +
	"They say little of how many real attacks would pass."

// livenessResult is what became of the faces of one kind of photo, in the terms
// of ISO/IEC 30107-3. For attacks, Accepted is the APCER (classified as bona
// fide); for bona fide photos, Refused is the BPCER (classified as an attack);
// NoAnswer is the non-response rate of either.
type livenessResult struct {
	Kind     string                 `json:"kind"`
	Faces    int                    `json:"faces"`
	Accepted calibration.Proportion `json:"real"`
	Refused  calibration.Proportion `json:"spoof"`
	NoAnswer calibration.Proportion `json:"unknown"`
	// Reasons counts the unknown faces by reason.
	Reasons map[string]int `json:"unknown_reasons,omitempty"`
	// AUC is the probability that a bona fide face scores higher than one of
	// this kind, of those that were scored; 0.5 is a coin.
	AUC    float64 `json:"auc,omitempty"`
	scores []float64
}

// Run shows the demo's photos, and imitations of attacks made of them, to the
// pack's liveness model.
func (c *livenessCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Liveness, setup.Photos, setup.GroupPhotos)
	if err != nil {
		return err
	}
	p, err := pack.Open(c.Pack, paths.Models)
	if err != nil {
		return err
	}
	if !p.JudgesLiveness() {
		return fmt.Errorf("pack %q has no liveness model", p.Name)
	}
	e, err := node.LoadModels(node.ModelsConfig{Runtime: onnx.Config{Library: paths.Library}}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	photos, err := livenessPhotos(paths.Photos)
	if err != nil {
		return err
	}
	results := []livenessResult{{Kind: "bona fide"}}
	for _, attack := range imitations() {
		results = append(results, livenessResult{Kind: attack.name})
	}
	for i, path := range photos {
		photo, err := readCanvas(ctx, path)
		if err != nil {
			return err
		}
		if err := results[0].show(ctx, e.Embedder, p.Name, photo); err != nil {
			return err
		}
		for j, attack := range imitations() {
			rng := rand.New(rand.NewPCG(uint64(i), uint64(j)))
			for range c.Draws {
				if err := results[j+1].show(ctx, e.Embedder, p.Name, attack.make(photo, rng)); err != nil {
					return err
				}
			}
		}
	}
	for i := range results {
		results[i].finish(results[0].scores)
	}
	return save(c.Out, "liveness", livenessParams{
		Pack: p.Name, Model: p.Liveness.Model.SHA256, Real: p.Liveness.Real, Spoof: p.Liveness.Spoof,
		Photos: len(photos), Draws: c.Draws, Simulated: simulated,
	}, results)
}

// livenessPhotos are the demo's photos of people.
func livenessPhotos(folder string) ([]string, error) {
	files, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("read photos: %w", err)
	}
	var photos []string
	for _, f := range files {
		if slices.Contains([]string{".jpg", ".png"}, strings.ToLower(filepath.Ext(f.Name()))) {
			photos = append(photos, filepath.Join(folder, f.Name()))
		}
	}
	return photos, nil
}

// cameraQuality is that of the JPEGs that cameras write.
const cameraQuality = 95

// show counts the verdicts on a photo's faces.
func (r *livenessResult) show(ctx context.Context, e *embed.Embedder, pack string, shown *spoil.Canvas) error {
	data, err := shown.JPEG(cameraQuality)
	if err != nil {
		return err
	}
	found, err := e.Embed(ctx, pack, data, photo.CheckLiveness)
	if err != nil {
		return err
	}
	for _, f := range found.Faces {
		r.Faces++
		switch f.Liveness.Verdict {
		case photo.Real:
			r.Accepted.Share++
		case photo.Spoof:
			r.Refused.Share++
		case photo.Unknown:
			r.NoAnswer.Share++
			if r.Reasons == nil {
				r.Reasons = map[string]int{}
			}
			r.Reasons[f.Liveness.Reason]++
		}
		if f.Liveness.Score != nil {
			r.scores = append(r.scores, *f.Liveness.Score)
		}
	}
	return nil
}

// finish turns counts into shares.
func (r *livenessResult) finish(bonaFide []float64) {
	for _, p := range []*calibration.Proportion{&r.Accepted, &r.Refused, &r.NoAnswer} {
		*p = proportion(int(p.Share), r.Faces)
	}
	if r.Kind != "bona fide" {
		r.AUC = auc(bonaFide, r.scores)
	}
}

// auc is the share of pairs of a high and a low value in which the high one is
// higher; ties count half.
func auc(high, low []float64) float64 {
	won := 0.0
	for _, h := range high {
		for _, l := range low {
			switch {
			case h > l:
				won++
			case h == l:
				won += 0.5
			}
		}
	}
	return won / float64(len(high)*len(low))
}

// readCanvas reads a photo.
func readCanvas(ctx context.Context, path string) (*spoil.Canvas, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read photo: %w", err)
	}
	p, err := picture.Decode(ctx, data, picture.DefaultLimits())
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	r := picture.NewRaster(p.Width, p.Height)
	p.Warp(r, picture.Affine{A: 1, E: 1})
	c := spoil.New(p.Width, p.Height)
	for i := range r.R {
		c.Pix[spoil.Channels*i], c.Pix[spoil.Channels*i+1], c.Pix[spoil.Channels*i+2] = float64(r.R[i]), float64(r.G[i]), float64(r.B[i])
	}
	return c, nil
}
