package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"oneton/client"
)

type detectCommand struct {
	target
	output
	Photo    string `arg:"" help:"The photo. - is standard input." predictor:"file"`
	Pack     string `help:"The model pack that detects; left out, the server's first."`
	Liveness bool   `help:"Judge whether each face is of a person before the camera."`
	Detail   string `help:"How closely the photo is looked at: fast, or full for small faces." enum:",fast,full" default:""`
}

// Run prints a row for each face, and ends with exitNo when there is none.
func (c *detectCommand) Run(ctx context.Context) error {
	photos, err := photosOf(c.Photo)
	if err != nil {
		return err
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		d, err := s.Detect(ctx, client.Detect{Photo: photos[0], Pack: c.Pack, Liveness: c.Liveness, Detail: c.Detail})
		if err != nil {
			return fmt.Errorf("detect: %w", err)
		}
		err = c.table(d, func(w io.Writer) {
			for i, f := range d.Faces {
				fmt.Fprintf(w, "face %d\t%.0f × %.0f at %.0f, %.0f\tquality %.2f\t%s", i+1,
					f.Box.Width, f.Box.Height, f.Box.X, f.Box.Y, f.Quality.Score, strings.Join(f.Quality.Reasons, ", "))
				if f.Liveness != nil {
					fmt.Fprintf(w, "\t%s %s", f.Liveness.Verdict, f.Liveness.Reason)
				}
				fmt.Fprintln(w)
			}
			if d.LeftOut > 0 {
				fmt.Fprintf(w, "%s more, smaller ones, were left out\n", count(d.LeftOut, "face"))
			}
			if len(d.Faces) == 0 {
				fmt.Fprintln(w, "no face")
			}
		})
		if err == nil && len(d.Faces) == 0 {
			err = answeredNo{}
		}
		return err
	})
}
