package main

import (
	"context"

	"oneton/client"
)

type subjectMerge struct {
	target
	output
	Gallery  string            `arg:"" help:"The gallery."`
	ID       string            `arg:"" help:"The id of the person who is gone afterwards."`
	Into     string            `arg:"" help:"The id of the person whose the faces are then."`
	Metadata map[string]string `help:"What is told of that person from then on; left out, what was. Repeat it for more." placeholder:"KEY=VALUE" short:"m" mapsep:"none"`
	Yes      bool              `help:"Confirm; only splitting takes it back." required:""`
}

// Run merges.
func (c *subjectMerge) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		p, err := s.MergeSubject(ctx, c.Gallery, c.ID, c.Into, c.Metadata)
		if err != nil {
			return err
		}
		return c.say(p, "%s is one with %s, who has %s", c.ID, p.ID, count(p.FaceCount, "face"))
	})
}

type subjectSplit struct {
	target
	output
	Gallery  string            `arg:"" help:"The gallery."`
	ID       string            `arg:"" help:"The person's id."`
	Into     string            `arg:"" help:"The id of the person whose the faces are then."`
	Faces    []string          `help:"A face's id, as 'oneton subject show' tells it; repeat it for more." name:"face" placeholder:"ID" sep:"none" required:""`
	Create   bool              `help:"Make that person, who must not be there."`
	Metadata map[string]string `help:"What is told of the person who is made; repeat it for more." placeholder:"KEY=VALUE" short:"m" mapsep:"none"`
}

// Run splits.
func (c *subjectSplit) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		p, err := s.SplitSubject(ctx, c.Gallery, c.ID, client.Split{Faces: c.Faces, Into: c.Into, Create: c.Create, Metadata: c.Metadata})
		if err != nil {
			return err
		}
		return c.say(p, "%s of %s went to %s, who has %s", count(len(c.Faces), "face"), c.ID, p.ID, count(p.FaceCount, "face"))
	})
}

type subjectMove struct {
	target
	output
	Gallery string `arg:"" help:"The gallery."`
	ID      string `arg:"" help:"The person's id."`
	To      string `arg:"" help:"The gallery to move to, of the same model pack."`
	As      string `help:"The id there; left out, the same." placeholder:"ID"`
}

// Run moves.
func (c *subjectMove) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		p, err := s.MoveSubject(ctx, c.Gallery, c.ID, c.To, c.As)
		if err != nil {
			return err
		}
		return c.say(p, "%s is %s of %s, with %s", c.ID, p.ID, c.To, count(p.FaceCount, "face"))
	})
}
