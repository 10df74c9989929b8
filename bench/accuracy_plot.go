package main

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/plotutil"
	"gonum.org/v1/plot/vg"

	"oneton/face"
)

// detCurves are a pack's detection error trade-offs: X is the rate of false
// alarms and Y that of misses, of 1:1 comparisons and of 1:N searches.
type detCurves struct {
	name            string
	pairs, searches plotter.XYs
}

// leastRate is where the axes end; lower rates rest on too few photos.
const leastRate = 1e-5

// pairCurve is FMR against FNMR over every pair of photos with a face.
func pairCurve(s *photoSet, cosines matrix, templates []face.Template) plotter.XYs {
	const bins = 1000
	var impostors, mates [bins]float64
	for i, p := range s.photos {
		for j, q := range s.photos[:i] {
			if templates[i] == nil || templates[j] == nil {
				continue
			}
			b := min(bins-1, int((cosines[i][j]+1)/2*bins))
			if s.identity[p.person] == s.identity[q.person] {
				mates[b]++
			} else {
				impostors[b]++
			}
		}
	}
	var curve plotter.XYs
	alarms, alarmsAll := 0.0, sum(impostors[:])
	missesAll := sum(mates[:])
	misses := missesAll
	for b := bins - 1; b >= 0; b-- {
		alarms += impostors[b]
		misses -= mates[b]
		curve = append(curve, plotter.XY{X: alarms / alarmsAll, Y: misses / missesAll})
	}
	return drawable(curve)
}

// searchCurve is FPIR against FNIR: a point for each non-mated probe.
func searchCurve(mated []probeResult, nonMated []float64) plotter.XYs {
	sorted := slices.Clone(nonMated)
	slices.Sort(sorted)
	slices.Reverse(sorted)
	var curve plotter.XYs
	for i, threshold := range sorted {
		curve = append(curve, plotter.XY{
			X: float64(i+1) / float64(len(sorted)),
			Y: missed(mated, func(c float64) bool { return c >= threshold }).Share,
		})
	}
	return drawable(curve)
}

// drawable leaves out what logarithmic axes cannot show.
func drawable(curve plotter.XYs) plotter.XYs {
	return slices.DeleteFunc(curve, func(p plotter.XY) bool { return p.X < leastRate || p.Y < leastRate })
}

func sum(values []float64) float64 {
	total := 0.0
	for _, v := range values {
		total += v
	}
	return total
}

// plotDET writes <base>-pairs.svg and <base>-searches.svg.
func plotDET(base string, curves []detCurves) error {
	for _, kind := range []struct {
		file, title, x, y string
		points            func(detCurves) plotter.XYs
	}{
		{"pairs", "Comparing two photos (1:1)", "strangers accepted (FMR)", "the same person refused (FNMR)", func(c detCurves) plotter.XYs { return c.pairs }},
		{"searches", "Searching a gallery (1:N)", "strangers answered with somebody (FPIR)", "known people missed (FNIR)", func(c detCurves) plotter.XYs { return c.searches }},
	} {
		p := plot.New()
		p.Title.Text = kind.title
		p.X.Label.Text, p.Y.Label.Text = kind.x, kind.y
		for _, axis := range []*plot.Axis{&p.X, &p.Y} {
			axis.Scale = plot.LogScale{}
			axis.Tick.Marker = decades{}
		}
		p.Add(plotter.NewGrid())
		p.Legend.Top = true
		for i, c := range curves {
			points := kind.points(c)
			if len(points) == 0 {
				continue
			}
			line, err := plotter.NewLine(points)
			if err != nil {
				return fmt.Errorf("draw %s: %w", c.name, err)
			}
			line.Color = plotutil.Color(i)
			line.Width = vg.Points(1.5)
			p.Add(line)
			p.Legend.Add(c.name, line)
		}
		path := base + "-" + kind.file + ".svg"
		if err := p.Save(14*vg.Centimeter, 12*vg.Centimeter, path); err != nil {
			return fmt.Errorf("write plot: %w", err)
		}
		fmt.Println("written to", path)
	}
	return nil
}

// decades are ticks at 1, 2 and 5 of each power of ten, in percent.
type decades struct{}

func (decades) Ticks(low, high float64) []plot.Tick {
	var ticks []plot.Tick
	for power := math.Floor(math.Log10(low)); power <= math.Log10(high); power++ {
		for _, step := range []float64{1, 2, 5} {
			v := step * math.Pow(10, power)
			if v < low || v > high {
				continue
			}
			t := plot.Tick{Value: v}
			if step == 1 {
				t.Label = fmt.Sprintf("%.3g %%", 100*v)
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}
