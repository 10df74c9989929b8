package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"oneton/archive/gallery"
	"oneton/backup"
	"oneton/client"
)

type galleryExport struct {
	target
	output
	Gallery string `arg:"" help:"The gallery's name."`
	File    string `arg:"" optional:"" help:"The archive to make; left out, GALLERY.oneton.tar." type:"path"`
	Photos  bool   `help:"Kept photos, too."`
}

// Run writes the archive, and reads it again before it gets its name.
func (c *galleryExport) Run(ctx context.Context) error {
	path := c.File
	if path == "" {
		path = c.Gallery + ".oneton.tar"
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		err := backup.Create(path, func(w io.Writer) error { return s.Export(ctx, c.Gallery, c.Photos, w) })
		if err != nil {
			return fmt.Errorf("export gallery %.64q: %w", c.Gallery, err)
		}
		_, totals, err := readArchive(path, func(gallery.Manifest, []gallery.Subject) error { return nil })
		if err != nil {
			return errors.Join(fmt.Errorf("export gallery %.64q: %w", c.Gallery, err), os.Remove(path))
		}
		return c.say(struct {
			File string `json:"file"`
			gallery.Totals
		}{path, totals}, "%s: %d people, %d faces, %d photos; %d faces left out since they are damaged",
			path, totals.Subjects, totals.Faces, totals.Photos, len(totals.LeftOut))
	})
}

// readArchive reads an archive to its end, and tells the people of each block.
func readArchive(path string, each func(gallery.Manifest, []gallery.Subject) error) (m gallery.Manifest, totals gallery.Totals, err error) {
	f, err := os.Open(path)
	if err != nil {
		return m, totals, err
	}
	defer f.Close()
	r, err := gallery.NewReader(f)
	if err != nil {
		return m, totals, fmt.Errorf("read %s: %w", path, err)
	}
	for {
		people, err := r.Next()
		if errors.Is(err, io.EOF) {
			return r.Manifest, r.Totals(), nil
		}
		if err != nil {
			return m, totals, fmt.Errorf("read %s: %w", path, err)
		}
		if err := each(r.Manifest, people); err != nil {
			return m, totals, err
		}
	}
}

type galleryImport struct {
	target
	output
	File string `arg:"" help:"The archive." type:"existingfile"`
	As   string `help:"The gallery to take it into; left out, the one that the archive names." placeholder:"GALLERY"`
}

// Run takes the archive in.
func (c *galleryImport) Run(ctx context.Context) error {
	return takeIn(ctx, c.target, c.output, c.File, c.As)
}

// isArchive tells whether the file begins as the archive of a gallery.
func isArchive(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = gallery.NewReader(f)
	return err == nil
}

// archive takes the only source, an archive of a gallery, into the gallery.
func (c *importCommand) archive(ctx context.Context) error {
	if c.DryRun {
		_, totals, err := readArchive(c.Sources[0], func(gallery.Manifest, []gallery.Subject) error { return nil })
		if err != nil {
			return err
		}
		return c.say(totals, "the archive is whole: %d people, %d faces, %d photos; nothing was stored", totals.Subjects, totals.Faces, totals.Photos)
	}
	return takeIn(ctx, c.target, c.output, c.Sources[0], c.Gallery)
}

// takeIn reads an archive to its end before anything is changed, and then takes it in
// block by block.
func takeIn(ctx context.Context, to target, out output, path, as string) error {
	if _, _, err := readArchive(path, func(gallery.Manifest, []gallery.Subject) error { return nil }); err != nil {
		return err
	}
	return to.begin(ctx, func(ctx context.Context, s *client.Client) error {
		done, name, err := importArchive(ctx, s, path, as)
		if err != nil {
			return err
		}
		if err := out.print(done, func(w io.Writer) error {
			for _, r := range done.Refused {
				fmt.Fprintf(os.Stderr, "%s: %s %s\n", r.Subject, r.Code, r.Detail)
			}
			_, err := fmt.Fprintf(w, "gallery %s: %d people and %d faces added, %d faces were there, %d are other people's by now, %d people refused\n",
				name, done.Subjects, done.Faces, done.Present, len(done.Elsewhere), len(done.Refused))
			return err
		}); err != nil {
			return err
		}
		if len(done.Refused) > 0 {
			return fmt.Errorf("%d people of the archive: %w", len(done.Refused), errRefusedPeople)
		}
		return nil
	})
}

var errRefusedPeople = errors.New("not added, or not with all their faces")

// importArchive takes an archive into a gallery, which it makes where it is not there:
// the one that the archive names, unless another is named.
func importArchive(ctx context.Context, s *client.Client, path, as string) (done client.ArchiveImport, name string, err error) {
	done.Refused = []client.Refused{}
	made := false
	m, _, err := readArchive(path, func(m gallery.Manifest, people []gallery.Subject) error {
		if name = cmp.Or(as, m.Gallery.Name); !made {
			if err := makeGallery(ctx, s, name, m.Gallery); err != nil {
				return err
			}
			made = true
		}
		part, err := packed(m, people)
		if err != nil {
			return err
		}
		some, err := s.ImportArchive(ctx, name, part)
		done.Subjects += some.Subjects
		done.Faces += some.Faces
		done.Present += some.Present
		done.Elsewhere = append(done.Elsewhere, some.Elsewhere...)
		done.Refused = slices.CompactFunc(append(done.Refused, some.Refused...), func(a, b client.Refused) bool { return a.Subject == b.Subject })
		return err
	})
	if err == nil && !made { // of nobody
		name = cmp.Or(as, m.Gallery.Name)
		err = makeGallery(ctx, s, name, m.Gallery)
	}
	return done, name, err
}

// makeGallery makes the gallery as the archive says, unless it is there.
func makeGallery(ctx context.Context, s *client.Client, name string, like gallery.Gallery) error {
	var policy client.PolicyChange
	if err := json.Unmarshal(like.Policy, &policy); err != nil {
		return fmt.Errorf("read the archive's policy: %w", err)
	}
	_, err := s.CreateGallery(ctx, client.NewGallery{Name: name, Pack: like.Pack, Policy: &policy})
	if errors.Is(err, client.AlreadyExists) {
		return nil
	}
	return err
}

// packed is an archive of some people.
func packed(m gallery.Manifest, people []gallery.Subject) ([]byte, error) {
	var b bytes.Buffer
	w, err := gallery.NewWriter(&b, m)
	if err != nil {
		return nil, err
	}
	for _, s := range people {
		if err := w.Add(s); err != nil {
			return nil, err
		}
	}
	if _, err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
