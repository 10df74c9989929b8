package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"oneton/client"
)

// likeness says who counts as alike.
type likeness struct {
	In        string   `help:"The gallery to search, which has the same model pack; left out, the same one."`
	FPIR      *float64 `name:"fpir" help:"Wanted false-positive identification rate, instead of the gallery's." xor:"rate"`
	Threshold *float64 `help:"A cosine, instead of the threshold that follows from the rate." xor:"rate"`
}

type subjectSearch struct {
	target
	output
	likeness
	Gallery string              `arg:"" help:"The gallery."`
	ID      string              `arg:"" help:"The person's id."`
	Face    string              `help:"Search this face of the person's alone." placeholder:"ID"`
	K       int                 `short:"k" help:"The most candidates that are told; left out, 5."`
	Filter  map[string][]string `help:"Only people whose metadata has one of the values, such as floor=3,4; repeat it for more keys." placeholder:"KEY=VALUES"`
}

// Run searches, prints the answer, and ends with exitNo when nobody was found.
func (c *subjectSearch) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		r, err := s.SearchSubject(ctx, c.Gallery, c.ID, client.SubjectSearch{
			Face: c.Face, In: c.In, K: c.K, FPIR: c.FPIR, Threshold: c.Threshold, Filter: c.Filter,
		})
		if err != nil {
			return fmt.Errorf("search for %.64q: %w", c.ID, err)
		}
		err = c.print(r, func(w io.Writer) error {
			told := client.Result{Match: r.Match, Faces: r.Faces}
			for _, candidate := range r.Candidates {
				told.Candidates = append(told.Candidates, candidate.Candidate)
			}
			tellResult(w, told, "")
			return nil
		})
		if err == nil && r.Match == client.Nobody {
			err = answeredNo{}
		}
		return err
	})
}

type galleryDuplicates struct {
	target
	output
	likeness
	Name string `arg:"" help:"The gallery's name."`
	K    int    `short:"k" help:"The most who are told to be like one person; left out, 20."`
}

// Run prints a row for each two who are alike, as they are found, and ends with exitNo
// where there are none. Whom it could not compare, or not with all, it says aside.
func (c *galleryDuplicates) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		searched, pairs := 0, 0
		out := newRows(c.output, func(w io.Writer, d client.Duplicate) {
			fmt.Fprintf(w, "%s\t%s\tcosine %.2f\t%s\n", d.A.Subject, d.B.Subject, d.Cosine, alike(d.Score))
		})
		query := client.DuplicateQuery{In: c.In, K: c.K, FPIR: c.FPIR, Threshold: c.Threshold, Page: func(p client.DuplicatePage) {
			searched += p.Searched
			for _, id := range p.NotCompared {
				fmt.Fprintf(os.Stderr, "%s has no face that can be compared\n", id)
			}
			for _, id := range p.Cut {
				fmt.Fprintf(os.Stderr, "more people are like %s than are told: see --k, and 'oneton subject search'\n", id)
			}
			for _, id := range p.Partly {
				fmt.Fprintf(os.Stderr, "%s has many faces, of which the best were searched\n", id)
			}
		}}
		for d, err := range s.Duplicates(ctx, c.Name, query) {
			if err != nil {
				return fmt.Errorf("look for duplicates in %.64q: %w", c.Name, err)
			}
			if err := out.add(d); err != nil {
				return err
			}
			pairs++
		}
		if err := out.end(); err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "people: %d, pairs who are alike: %d\n", searched, pairs)
		if pairs == 0 {
			return answeredNo{}
		}
		return nil
	})
}
