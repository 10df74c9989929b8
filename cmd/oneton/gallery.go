package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"oneton/client"
)

type galleryCommand struct {
	Create     galleryCreate     `cmd:"" help:"Make an empty gallery. Without a server, a data folder begins where there is none."`
	List       galleryList       `cmd:"" help:"List galleries."`
	Show       galleryShow       `cmd:"" help:"Show a gallery and its policy."`
	Change     galleryChange     `cmd:"" help:"Change what is named of a gallery's policy, and leave the rest."`
	Delete     galleryDelete     `cmd:"" help:"Delete a gallery with everything in it."`
	Duplicates galleryDuplicates `cmd:"" help:"Compare all people of a gallery with all, and print each two who are alike."`
	Export     galleryExport     `cmd:"" help:"Write a gallery into an archive that another server can take in: people, metadata, templates, and photos if they are wanted."`
	Import     galleryImport     `cmd:"" help:"Take the people of an archive into a gallery, which is made where it is not there. Done again, it adds what is missing."`
}

// policyFlags are what of a policy is said.
type policyFlags struct {
	FPIR       *float64       `name:"fpir" help:"Wanted false-positive identification rate, between 0 and 1: the share of searches for strangers that find somebody."`
	Quality    *string        `help:"What is done about poor photos: off, report or enforce." enum:"off,report,enforce"`
	Liveness   *string        `help:"Whether faces must be of people before the camera: off, report or enforce." enum:"off,report,enforce"`
	Detail     *string        `help:"How closely photos are looked at: fast, or full for small faces." enum:"fast,full"`
	KeepPhotos *bool          `help:"Keep the photos that are enrolled from now on." negatable:""`
	Retention  *time.Duration `help:"How long a face is kept after its enrolment, such as 8760h; 0 is for ever."`
}

// change is nil where nothing is said.
func (f policyFlags) change() *client.PolicyChange {
	p := client.PolicyChange{FPIR: f.FPIR, Quality: f.Quality, Liveness: f.Liveness, Detail: f.Detail, KeepPhotos: f.KeepPhotos}
	if f.Retention != nil {
		p.RetentionSeconds = new(int64(*f.Retention / time.Second))
	}
	if p == (client.PolicyChange{}) {
		return nil
	}
	return &p
}

type galleryCreate struct {
	target
	output
	policyFlags
	Name string `arg:"" help:"The gallery's name."`
	Pack string `help:"The model pack that it pins; left out, the server's first."`
}

// Run makes the gallery, and prints it.
func (c *galleryCreate) Run(ctx context.Context) error {
	return c.begin(ctx, func(ctx context.Context, s *client.Client) error {
		g, err := s.CreateGallery(ctx, client.NewGallery{Name: c.Name, Pack: c.Pack, Policy: c.change()})
		if err != nil {
			return fmt.Errorf("create gallery %.64q: %w", c.Name, err)
		}
		return c.say(g, "gallery %s is made, with pack %s; 'oneton enrol %[1]s ID PHOTO' enrols somebody", g.Name, g.Pack)
	})
}

type galleryList struct {
	target
	output
}

// Run prints a row for each gallery.
func (c *galleryList) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		out := newRows(c.output, func(w io.Writer, g client.Gallery) {
			fmt.Fprintf(w, "%s\t%s\t%s\n", g.Name, g.Pack, g.CreatedAt.Format(time.RFC3339))
		})
		for g, err := range s.Galleries(ctx) {
			if err != nil {
				return err
			}
			if err := out.add(g); err != nil {
				return err
			}
		}
		return out.end()
	})
}

// printGallery prints a gallery with its policy.
func printGallery(o output, g client.Gallery) error {
	return o.table(g, func(w io.Writer) {
		fmt.Fprintf(w, "name\t%s\npack\t%s\ncreated\t%s\nfpir\t%g\nquality\t%s\nliveness\t%s\ndetail\t%s\nkeep-photos\t%t\nretention\t%s\n",
			g.Name, g.Pack, g.CreatedAt.Format(time.RFC3339), g.Policy.FPIR, g.Policy.Quality, g.Policy.Liveness, g.Policy.Detail,
			g.Policy.KeepPhotos, time.Duration(g.Policy.RetentionSeconds)*time.Second)
		if g.Damaged {
			fmt.Fprintln(w, "damaged\tthe policy cannot be read as it was written; change all of it")
		}
	})
}

type galleryShow struct {
	target
	output
	Name string `arg:"" help:"The gallery's name."`
}

// Run prints the gallery.
func (c *galleryShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		g, err := s.Gallery(ctx, c.Name)
		if err != nil {
			return err
		}
		return printGallery(c.output, g)
	})
}

type galleryChange struct {
	target
	output
	policyFlags
	Name string `arg:"" help:"The gallery's name."`
}

// Run changes the policy, and prints the gallery.
func (c *galleryChange) Run(ctx context.Context) error {
	change := c.change()
	if change == nil {
		return usage{errNothingNamed}
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		g, err := s.ChangeGallery(ctx, c.Name, *change)
		if err != nil {
			return err
		}
		return printGallery(c.output, g)
	})
}

type galleryDelete struct {
	target
	output
	Name string `arg:"" help:"The gallery's name."`
	Yes  bool   `help:"Confirm; nothing can be had back." required:""`
}

// Run deletes the gallery.
func (c *galleryDelete) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		if err := s.DeleteGallery(ctx, c.Name); err != nil {
			return err
		}
		return c.say(deletion{c.Name}, "gallery %s is deleted, with everything in it", c.Name)
	})
}

// deletion is what is said of something that was deleted.
type deletion struct {
	Deleted string `json:"deleted"`
}
