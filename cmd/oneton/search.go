package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"oneton/client"
)

type searchCommand struct {
	target
	output
	Gallery   string              `arg:"" help:"The gallery."`
	Photos    []string            `arg:"" help:"A photo, or up to 5 of the same person. - is standard input." name:"photo" predictor:"file"`
	K         int                 `short:"k" help:"The most candidates that are told; left out, 5."`
	FPIR      *float64            `name:"fpir" help:"Wanted false-positive identification rate, instead of the gallery's." xor:"rate"`
	Threshold *float64            `help:"A cosine, instead of the threshold that follows from the rate." xor:"rate"`
	Filter    map[string][]string `help:"Only people whose metadata has one of the values, such as floor=3,4; repeat it for more keys." placeholder:"KEY=VALUES"`
	Detail    string              `help:"How closely photos are looked at, instead of the gallery's: fast or full." enum:",fast,full" default:""`
	All       bool                `help:"Search every face of the photo."`
	Insert    bool                `help:"Enrol whom the photos show when nobody is found."`
	Metadata  map[string]string   `help:"What is told of whoever is enrolled." placeholder:"KEY=VALUE" short:"m" mapsep:"none"`
}

var errAllInserts = errors.New("--all searches, and does not enrol: leave out --insert")

// Run searches, prints the answer, and ends with exitNo when nobody was found.
func (c *searchCommand) Run(ctx context.Context) error {
	photos, err := photosOf(c.Photos...)
	switch {
	case err != nil:
		return err
	case c.All && c.Insert:
		return usage{errAllInserts}
	}
	search := client.Search{
		Photos: photos, K: c.K, FPIR: c.FPIR, Threshold: c.Threshold, Filter: c.Filter, Detail: c.Detail, Insert: c.Insert, Metadata: c.Metadata,
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		if c.All {
			r, err := s.SearchAll(ctx, c.Gallery, search)
			if err != nil {
				return fmt.Errorf("search in %.64q: %w", c.Gallery, err)
			}
			return c.all(r)
		}
		r, err := s.Search(ctx, c.Gallery, search)
		if err != nil {
			return fmt.Errorf("search in %.64q: %w", c.Gallery, err)
		}
		err = c.print(r, func(w io.Writer) error {
			tellResult(w, r.Result, "")
			if r.Inserted != nil {
				fmt.Fprintf(w, "enrolled as %s\n", r.Inserted.Subject.ID)
			}
			return nil
		})
		if err == nil && r.Match == client.Nobody {
			err = answeredNo{}
		}
		return err
	})
}

// all prints the answer for each face.
func (c *searchCommand) all(r client.SearchResults) error {
	found := false
	err := c.print(r, func(w io.Writer) error {
		for i, p := range r.Probes {
			fmt.Fprintf(w, "face %d, %.0f × %.0f at %.0f, %.0f\n", i+1, p.Probe.Box.Width, p.Probe.Box.Height, p.Probe.Box.X, p.Probe.Box.Y)
			tellResult(w, p, "  ")
		}
		if r.LeftOut > 0 {
			fmt.Fprintf(w, "%s more, smaller ones, were left out\n", count(r.LeftOut, "face"))
		}
		return nil
	})
	for _, p := range r.Probes {
		found = found || p.Match != client.Nobody
	}
	if err == nil && !found {
		err = answeredNo{}
	}
	return err
}

// tellResult tells the answer for a face in words.
func tellResult(w io.Writer, r client.Result, indent string) {
	switch r.Match {
	case client.Nobody:
		fmt.Fprintf(w, "%snobody of %s", indent, count(r.Faces, "face"))
		if len(r.Probe.Quality.Reasons) > 0 {
			fmt.Fprintf(w, "; the photo is poor (%s)", strings.Join(r.Probe.Quality.Reasons, ", "))
		}
		fmt.Fprintln(w)
		return
	case client.Several:
		fmt.Fprintf(w, "%sseveral, too close to tell; take another photo or ask\n", indent)
	}
	for _, candidate := range r.Candidates {
		fmt.Fprintf(w, "%s%s (cosine %.2f, %s)", indent, candidate.Subject, candidate.Cosine, alike(candidate.Score))
		for _, key := range slices.Sorted(maps.Keys(candidate.Metadata)) {
			fmt.Fprintf(w, " %s=%q", key, candidate.Metadata[key])
		}
		fmt.Fprintln(w)
	}
}
