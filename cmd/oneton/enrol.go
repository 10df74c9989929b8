package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"oneton/client"
)

type enrolCommand struct {
	target
	output
	Gallery  string            `arg:"" help:"The gallery."`
	ID       string            `arg:"" help:"The person's id, of your choice."`
	Photos   []string          `arg:"" help:"Photos of the person, 1 to 16; each adds a face. - is standard input." name:"photo" predictor:"file"`
	Metadata map[string]string `help:"What is told of the person when found, such as name=Alice; repeat it for more." placeholder:"KEY=VALUE" short:"m" mapsep:"none"`
	Add      bool              `help:"Add the photos to a person who is enrolled; a photo that was added before is left out."`
	Detail   string            `help:"How closely photos are looked at, instead of the gallery's: fast or full." enum:",fast,full" default:""`
}

// Run enrols, and prints what was.
func (c *enrolCommand) Run(ctx context.Context) error {
	photos, err := photosOf(c.Photos...)
	switch {
	case err != nil:
		return err
	case c.Add && len(c.Metadata) > 0:
		return usage{errMetadataOfAdded}
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		var e client.Enrolment
		if c.Add {
			e, err = s.AddFaces(ctx, c.Gallery, c.ID, client.NewFaces{Photos: photos, Once: true, Detail: c.Detail})
		} else {
			e, err = s.Enrol(ctx, c.Gallery, client.NewSubject{ID: c.ID, Metadata: c.Metadata, Photos: photos, Detail: c.Detail})
		}
		if err != nil {
			return fmt.Errorf("enrol %.64q in %.64q: %w", c.ID, c.Gallery, err)
		}
		return c.print(e, func(w io.Writer) error {
			_, err := fmt.Fprintf(w, "%s is enrolled in %s, with %s\n", e.Subject.ID, c.Gallery, count(e.Subject.FaceCount, "face"))
			if err == nil && len(e.Present) > 0 {
				_, err = fmt.Fprintf(w, "%s was added before and is left as it is\n", count(len(e.Present), "photo"))
			}
			for i, f := range e.Faces {
				if err == nil && len(f.Quality.Reasons) > 0 {
					_, err = fmt.Fprintf(w, "photo %d is poor (%s): a better one is found more often\n", i+1, strings.Join(f.Quality.Reasons, ", "))
				}
			}
			return err
		})
	})
}
