package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"oneton/client"
)

type verifyCommand struct {
	target
	output
	Gallery string   `arg:"" help:"The gallery."`
	ID      string   `arg:"" help:"The person's id."`
	Photo   string   `arg:"" help:"The photo. - is standard input." predictor:"file"`
	FMR     *float64 `name:"fmr" help:"Wanted false-match rate; left out, 0.0001."`
	Detail  string   `help:"How closely the photo is looked at, instead of the gallery's: fast or full." enum:",fast,full" default:""`
}

// Run compares, prints the answer, and ends with exitNo when it is not the person.
func (c *verifyCommand) Run(ctx context.Context) error {
	photos, err := photosOf(c.Photo)
	if err != nil {
		return err
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		a, err := s.VerifySubject(ctx, c.Gallery, c.ID, client.Verify{Photo: photos[0], FMR: c.FMR, Detail: c.Detail})
		if err != nil {
			return fmt.Errorf("verify %.64q of %.64q: %w", c.ID, c.Gallery, err)
		}
		return c.verification(a)
	})
}

type compareCommand struct {
	target
	output
	Photo     string   `arg:"" help:"A photo. - is standard input." predictor:"file"`
	Reference string   `arg:"" help:"The photo with which it is compared. - is standard input." predictor:"file"`
	FMR       *float64 `name:"fmr" help:"Wanted false-match rate; left out, 0.0001."`
	Pack      string   `help:"The model pack that compares; left out, the server's first."`
	Detail    string   `help:"How closely photos are looked at: fast, or full for small faces." enum:",fast,full" default:""`
}

// Run compares, prints the answer, and ends with exitNo when it is not one person.
func (c *compareCommand) Run(ctx context.Context) error {
	photos, err := photosOf(c.Photo, c.Reference)
	if err != nil {
		return err
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		a, err := s.VerifyPhotos(ctx, photos[1], c.Pack, client.Verify{Photo: photos[0], FMR: c.FMR, Detail: c.Detail})
		if err != nil {
			return fmt.Errorf("compare photos: %w", err)
		}
		return c.verification(a)
	})
}

// verification prints the answer of a comparison, which is an error where it is no.
func (o output) verification(a client.Verification) error {
	err := o.print(a, func(w io.Writer) error { return tellVerification(w, a) })
	if err == nil && !a.Match {
		err = answeredNo{}
	}
	return err
}

func tellVerification(w io.Writer, a client.Verification) error {
	answer := "not shown to be the same person"
	if a.Match {
		answer = "the same person"
	}
	for _, f := range []*client.Face{&a.Probe, a.Reference} {
		if f != nil && !f.Quality.Comparable() {
			_, err := fmt.Fprintf(w, "%s: a photo is too poor to compare (%s)\n", answer, strings.Join(f.Quality.Reasons, ", "))
			return err
		}
	}
	_, err := fmt.Fprintf(w, "%s (cosine %.2f, threshold %.2f, %s)\n", answer, a.Cosine, a.Threshold, alike(a.Score))
	return err
}
