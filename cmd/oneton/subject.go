package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"

	"oneton/client"
)

type subjectCommand struct {
	List   subjectList   `cmd:"" help:"List the people of a gallery by id."`
	Show   subjectShow   `cmd:"" help:"Show a person with the faces."`
	Search subjectSearch `cmd:"" help:"Say who else of the gallery, or of another one, is like a person, by the faces that are stored."`
	Change subjectChange `cmd:"" help:"Replace what is told of a person when found, all of it."`
	Merge  subjectMerge  `cmd:"" help:"Make all faces of a person another's, who is there; the person is gone."`
	Split  subjectSplit  `cmd:"" help:"Make some faces of a person another's, who is there or is made."`
	Move   subjectMove   `cmd:"" help:"Bring a person with faces and metadata to another gallery of the same model pack."`
	Delete subjectDelete `cmd:"" help:"Delete a person with the faces and photos, or one face, or the kept photos."`
	Photo  subjectPhoto  `cmd:"" help:"Write a kept photo, byte for byte as it was sent."`
}

type subjectList struct {
	target
	output
	Gallery string `arg:"" help:"The gallery."`
}

// Run prints a row for each person.
func (c *subjectList) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		out := newRows(c.output, func(w io.Writer, p client.Subject) {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ID, count(p.FaceCount, "face"), p.CreatedAt.Format(time.RFC3339), described(p.Metadata))
		})
		for p, err := range s.Subjects(ctx, c.Gallery) {
			if err != nil {
				return err
			}
			if err := out.add(p); err != nil {
				return err
			}
		}
		return out.end()
	})
}

// described are metadata in one line.
func described(metadata map[string]string) string {
	text := ""
	for _, key := range slices.Sorted(maps.Keys(metadata)) {
		if text != "" {
			text += " "
		}
		text += fmt.Sprintf("%s=%q", key, metadata[key])
	}
	return text
}

type subjectShow struct {
	target
	output
	Gallery string `arg:"" help:"The gallery."`
	ID      string `arg:"" help:"The person's id."`
}

// Run prints the person.
func (c *subjectShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		p, err := s.Subject(ctx, c.Gallery, c.ID)
		if err != nil {
			return err
		}
		return c.table(p, func(w io.Writer) {
			fmt.Fprintf(w, "id\t%s\nmetadata\t%s\ncreated\t%s\nchanged\t%s\n", p.ID, described(p.Metadata), p.CreatedAt.Format(time.RFC3339), p.UpdatedAt.Format(time.RFC3339))
			for _, f := range p.Faces {
				photo := "no photo kept"
				if f.HasPhoto {
					photo = "photo kept"
				}
				fmt.Fprintf(w, "face\t%s\tquality %.2f\t%s\t%s\n", f.ID, f.Quality.Score, f.CreatedAt.Format(time.RFC3339), photo)
			}
		})
	})
}

type subjectChange struct {
	target
	output
	Gallery  string            `arg:"" help:"The gallery."`
	ID       string            `arg:"" help:"The person's id."`
	Metadata map[string]string `help:"What is told of the person when found; repeat it for more." placeholder:"KEY=VALUE" short:"m" mapsep:"none" xor:"metadata" required:""`
	None     bool              `help:"Tell nothing." xor:"metadata" required:""`
}

// Run replaces the metadata.
func (c *subjectChange) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		p, err := s.ChangeSubject(ctx, c.Gallery, c.ID, c.Metadata)
		if err != nil {
			return err
		}
		return c.say(p, "%s has %s", p.ID, orNothing(described(p.Metadata)))
	})
}

func orNothing(text string) string {
	if text == "" {
		return "no metadata"
	}
	return text
}

type subjectDelete struct {
	target
	output
	Gallery string `arg:"" help:"The gallery."`
	ID      string `arg:"" help:"The person's id."`
	Face    string `help:"Delete this face alone, with its photo." xor:"part" placeholder:"ID"`
	Photos  bool   `help:"Delete the kept photos alone; the faces stay searchable." xor:"part"`
	Yes     bool   `help:"Confirm; nothing can be had back." required:""`
}

// Run deletes.
func (c *subjectDelete) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		switch {
		case c.Face != "":
			if err := s.DeleteFace(ctx, c.Gallery, c.ID, c.Face); err != nil {
				return err
			}
			return c.say(deletion{c.Face}, "face %s of %s is deleted", c.Face, c.ID)
		case c.Photos:
			if err := s.DeletePhotos(ctx, c.Gallery, c.ID); err != nil {
				return err
			}
			return c.say(deletion{c.ID}, "the photos of %s are deleted", c.ID)
		}
		if err := s.DeleteSubject(ctx, c.Gallery, c.ID); err != nil {
			return err
		}
		return c.say(deletion{c.ID}, "%s is deleted, with all faces and photos", c.ID)
	})
}

type subjectPhoto struct {
	target
	Gallery string `arg:"" help:"The gallery."`
	ID      string `arg:"" help:"The person's id."`
	Face    string `arg:"" help:"The face's id."`
	Out     string `help:"File to write, which must not be there; left out, standard output." type:"path"`
}

// Run writes the photo.
func (c *subjectPhoto) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		photo, err := s.Photo(ctx, c.Gallery, c.ID, c.Face)
		if err != nil {
			return err
		}
		defer photo.Close()
		if c.Out == "" {
			_, err = io.Copy(os.Stdout, photo)
			return err
		}
		f, err := os.OpenFile(c.Out, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return fmt.Errorf("write photo: %w", err)
		}
		if _, err := io.Copy(f, photo); err != nil {
			_ = f.Close()
			return fmt.Errorf("write photo: %w", err)
		}
		return f.Close()
	})
}
