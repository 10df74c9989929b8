package main

import (
	"fmt"
	"os"
	"text/tabwriter"

	"oneton/calibration"
)

// report says in words and tables what was found.
func (c *calibrated) report() {
	for _, l := range c.LeftOut {
		fmt.Printf("left out: %s: %s\n", l.Photo, l.Why)
	}
	f := c.Fit
	fmt.Printf("%d people, %d pairs of photos of different people, %d of the same\n", f.People, f.Impostors, f.Mates)
	if f.LargestGallery > 0 {
		fmt.Printf("so many people can show an FPIR of 1 %% in galleries of up to %d faces\n", f.LargestGallery)
	}
	fmt.Println()
	table(func(row func(format string, args ...any)) {
		row("one pair of strangers in\tcosine\t95 %% interval\tknown people missed")
		for _, r := range f.Rates {
			missed, note := "unknown", ""
			if r.FNMR != nil {
				missed = percent(*r.FNMR)
			}
			if r.Extrapolated {
				note = ", extrapolated"
			}
			row("%.0f\t%.3f\t%.3f to %.3f%s\t%s", 1/r.FMR, r.Cosine, r.CosineLow, r.CosineHigh, note, missed)
		}
	})
	if c.Poor != nil {
		c.reportPoor()
	}
	for _, s := range f.Suspects {
		fmt.Printf("one person? %.3f: %s and %s\n", s.Cosine, c.files[s.A].path, c.files[s.B].path)
	}
	for _, w := range f.Warnings {
		fmt.Printf("warning: %s\n", w)
	}
	if c.Installed {
		fmt.Printf("\nevery server on this database follows this from its next answer on; 'oneton calibrate --reset' goes back to the pack's own\n")
	}
}

// reportPoor says what poor photos are worth.
func (c *calibrated) reportPoor() {
	p := c.Poor
	fmt.Printf("\npoor photos: %d, of %d people\n", p.Photos, p.People)
	say := func(what string, used float64, fitted *calibration.Estimate) {
		switch {
		case fitted == nil:
			fmt.Printf("%s: %.3g, the pack's\n", what, used)
		case used == fitted.Value:
			fmt.Printf("%s: %.3g (%.3g to %.3g)\n", what, used, fitted.Low, fitted.High)
		default:
			fmt.Printf("%s: %.3g, the pack's, since these photos say %.3g (%.3g to %.3g)\n", what, used, fitted.Value, fitted.Low, fitted.High)
		}
	}
	say("floor of the quality score", p.Floor, p.FittedFloor)
	say("weight of doubt", p.Weight, p.FittedWeight)
	if len(c.Curve) > 0 {
		table(func(row func(format string, args ...any)) {
			row("quality score\tdoubt")
			for _, d := range c.Curve {
				row("%.3f\t%.2f", d.Quality, d.Doubt)
			}
		})
	}
	fmt.Println()
	table(func(row func(format string, args ...any)) {
		row("photo\trefused\tone pair of strangers in\tknown people found")
		for _, w := range p.Ways {
			strangers, found := "none", "unknown"
			if w.FMR > 0 {
				strangers = fmt.Sprintf("%.0f", 1/w.FMR)
			}
			if w.Found != nil {
				found = percent(*w.Found)
			}
			row("%s\t%s\t%s\t%s", w.Way, percent(w.Refused), strangers, found)
		}
	})
	for _, w := range p.Warnings {
		fmt.Printf("warning: %s\n", w)
	}
}

func percent(p calibration.Proportion) string {
	return fmt.Sprintf("%.1f %% (%.1f to %.1f)", 100*p.Share, 100*p.Low, 100*p.High)
}

// table prints rows with their columns one below the other.
func table(rows func(row func(format string, args ...any))) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	rows(func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) })
	_ = out.Flush()
}
