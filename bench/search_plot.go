package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"
)

// ourName is our curve's name.
const ourName = "oneton"

// plotSearch draws, for the first dimension, the time of one probe and of a
// batch's probe over the gallery's size, and for every size with graphs the
// probes a second over the share of mates found.
func plotSearch(folder, name string, res *searchResult) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("make results folder: %w", err)
	}
	dimension := res.Galleries[0].Dimension
	single, batch := curves{}, curves{}
	for _, g := range res.Galleries {
		if g.Dimension != dimension {
			continue
		}
		single.add(ourName, float64(g.Rows), g.Ours.Strangers.MedianMS)
		batch.add(ourName, float64(g.Rows), g.Ours.BatchMS)
		found := curves{}
		found.add(ourName, g.Ours.Rank1, 1e3/g.Ours.BatchMS)
		graphs := false
		for _, p := range g.Peers {
			found.add(p.Engine, p.Rank1, 1e3/p.BatchMS)
			if p.Setting > 0 {
				graphs = true
				continue
			}
			single.add(p.Engine, float64(g.Rows), p.SingleMS)
			batch.add(p.Engine, float64(g.Rows), p.BatchMS)
		}
		if !graphs {
			continue
		}
		p := plot.New()
		p.Title.Text = fmt.Sprintf("%d faces × %d, %d probes at once", g.Rows, dimension, together)
		p.X.Label.Text = "mates found first"
		p.Y.Label.Text = "probes a second"
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		if err := found.save(p, filepath.Join(folder, fmt.Sprintf("%s-recall-%d.svg", name, g.Rows))); err != nil {
			return err
		}
	}
	// An axis needs a beginning and an end.
	if len(single[ourName]) < 2 {
		return nil
	}
	for kind, c := range map[string]curves{"one": single, "batch": batch} {
		p := plot.New()
		p.Title.Text = map[string]string{
			"one":   fmt.Sprintf("One probe, dimension %d", dimension),
			"batch": fmt.Sprintf("%d probes at once, dimension %d", together, dimension),
		}[kind]
		p.Legend.Top = true
		p.X.Label.Text = "faces"
		p.Y.Label.Text = "ms a probe"
		p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
		if err := c.save(p, filepath.Join(folder, fmt.Sprintf("%s-%s.svg", name, kind))); err != nil {
			return err
		}
	}
	return nil
}

// curves are points by engine.
type curves map[string]plotter.XYs

func (c curves) add(engine string, x, y float64) {
	c[engine] = append(c[engine], plotter.XY{X: x, Y: y})
}

func (c curves) save(p *plot.Plot, path string) error {
	var names []string
	for name := range c {
		names = append(names, name)
	}
	slices.Sort(names)
	var lines []any
	for _, name := range names {
		lines = append(lines, name, c[name])
	}
	if err := plotutil.AddLinePoints(p, lines...); err != nil {
		return fmt.Errorf("plot: %w", err)
	}
	p.Legend.Left = true
	if err := p.Save(18*vg.Centimeter, 12*vg.Centimeter, path); err != nil {
		return fmt.Errorf("save plot: %w", err)
	}
	return nil
}
