package native

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/archive/gallery"
	"oneton/identify"
	"oneton/server"
	"oneton/store"
)

// exportGallery answers with the gallery as an archive.
func (api *api) exportGallery(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photos bool `param:"photos"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	name := segment(c, "gallery")
	if _, err := api.service.Gallery(c.UserContext(), by, name); err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, "application/x-tar")
	return server.Stream(c, func(ctx context.Context, w io.Writer) error { return api.export(ctx, by, name, r.Photos, w) })
}

func (api *api) export(ctx context.Context, by store.Actor, name string, photos bool, w io.Writer) error {
	var out *gallery.Writer
	err := api.service.Export(ctx, by, name, photos, func(g store.Gallery) error {
		policy, err := json.Marshal(galleryOf(g).Policy)
		if err != nil {
			return fmt.Errorf("tell policy: %w", err)
		}
		out, err = gallery.NewWriter(w, gallery.Manifest{
			Made: time.Now(), Program: "oneton", Photos: photos,
			Gallery: gallery.Gallery{Name: g.Name, Pack: g.Pack, Policy: policy, CreatedAt: g.CreatedAt},
		})
		return err
	}, func(k identify.Kept) error { return out.Add(kept(k)) }, func(f store.Face) {
		out.LeaveOut(gallery.LeftOut{Subject: string(f.Subject), Face: string(f.ID), Why: "damaged"})
	})
	if err != nil {
		return err
	}
	_, err = out.Close()
	return err
}

// kept is a person as an archive has them.
func kept(k identify.Kept) gallery.Subject {
	s := gallery.Subject{ID: string(k.ID), Metadata: k.Metadata, CreatedAt: k.CreatedAt, UpdatedAt: k.UpdatedAt}
	for i, f := range k.Enrolled {
		s.Faces = append(s.Faces, gallery.Face{
			ID: string(f.ID), Version: f.Pack, Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation, Quality: f.Quality,
			CreatedAt: f.CreatedAt, AsideAt: f.AsideAt, Template: f.Template, Content: k.Photos[i].Bytes,
		})
	}
	return s
}

// refusalAnswer is a person who was not added, or not whole.
type refusalAnswer struct {
	Subject string `json:"subject"`
	Code    string `json:"code"`
	Detail  string `json:"detail,omitempty"`
}

// elsewhereAnswer is a face that is another person's by now.
type elsewhereAnswer struct {
	Subject string `json:"subject"`
	Face    string `json:"face"`
	Of      string `json:"of"`
}

type archiveAnswer struct {
	Subjects  int               `json:"subjects"`
	Faces     int               `json:"faces"`
	Present   int               `json:"present"`
	Elsewhere []elsewhereAnswer `json:"elsewhere,omitempty"`
	Refused   []refusalAnswer   `json:"refused"`
}

// importGallery adds the people of an archive, which is read to its end before.
func (api *api) importGallery(c *fiber.Ctx, by store.Actor) error {
	body, err := server.Body(c, math.MaxInt)
	if err != nil {
		return err
	}
	r, err := gallery.NewReader(bytes.NewReader(body))
	if err != nil {
		return inArchive(err)
	}
	var people []identify.Kept
	for {
		some, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return inArchive(err)
		}
		for _, s := range some {
			people = append(people, keptOf(s))
		}
	}
	in, err := api.service.Import(c.UserContext(), by, segment(c, "gallery"), r.Manifest.Gallery.Pack, people)
	if errors.Is(err, identify.ErrVersion) {
		return inArchive(err)
	}
	if err != nil {
		return err
	}
	a := archiveAnswer{Subjects: in.Subjects, Faces: in.Faces, Present: in.Present, Refused: []refusalAnswer{}}
	for _, e := range in.Elsewhere {
		a.Elsewhere = append(a.Elsewhere, elsewhereAnswer{string(e.Subject), string(e.Face), string(e.Of)})
	}
	for _, refusal := range in.Refused {
		p, _ := problems.Problem(refusal.Err)
		// What no row can hold is no error of a call's, and is told by its own text.
		a.Refused = append(a.Refused, refusalAnswer{string(refusal.Subject), cmp.Or(p.Code, "invalid_request"), cmp.Or(p.Detail, said(refusal.Err))})
	}
	server.SetPosition(c, in.Position)
	return c.JSON(a)
}

// inArchive is the error with its own text, which names members, lines and ids of the
// client's archive.
func inArchive(err error) error {
	p, known := problems.Problem(err)
	if !known {
		return err
	}
	p.Detail = said(err)
	return p
}

// said is what an error says of a client's archive, without the names of our rooms.
func said(err error) string {
	for _, sentinel := range []error{store.ErrInvalid, identify.ErrVersion} {
		if _, text, ok := strings.Cut(err.Error(), sentinel.Error()+": "); ok {
			return text
		}
	}
	return err.Error()
}

func keptOf(s gallery.Subject) identify.Kept {
	k := identify.Kept{Subject: store.Subject{ID: store.SubjectID(s.ID), Metadata: s.Metadata, CreatedAt: s.CreatedAt, UpdatedAt: s.UpdatedAt}}
	for _, id := range s.Before {
		k.Before = append(k.Before, store.FaceID(id))
	}
	for _, f := range s.Faces {
		k.Enrolled = append(k.Enrolled, store.Face{
			ID: store.FaceID(f.ID), Pack: f.Version, Template: f.Template, Box: f.Box, Landmarks: f.Landmarks, Rotation: f.Rotation,
			Quality: f.Quality, CreatedAt: f.CreatedAt, AsideAt: f.AsideAt,
		})
		k.Photos = append(k.Photos, store.Photo{Bytes: f.Content})
	}
	return k
}
