package native

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

type enrolAnswer struct {
	Subject subjectAnswer `json:"subject"`
	// Faces are those this request added, one a photo, in its order.
	Faces []enrolledFace `json:"faces"`
	// Present are the faces of the photos that were left out.
	Present []store.FaceID `json:"present,omitempty"`
	Timings *timings       `json:"timings,omitempty"`
}

func (api *api) createSubject(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		ID       string            `param:"id"`
		Metadata map[string]string `param:"metadata"`
		Photos   decode.Photos     `param:"photo,required"`
		Detail   string            `param:"detail"`
		Timings  bool              `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	return api.enrol(c, by, r.Timings, identify.EnrolRequest{
		Gallery: segment(c, "gallery"), Subject: store.SubjectID(r.ID), Create: true, Metadata: r.Metadata, Photos: r.Photos, Detail: r.Detail,
	})
}

// enrol answers a request for new faces.
func (api *api) enrol(c *fiber.Ctx, by store.Actor, timed bool, r identify.EnrolRequest) error {
	e, err := api.service.Enrol(c.UserContext(), by, r)
	if err != nil {
		return err
	}
	api.tally.add(by.Tenant, func(c *counts) { c.Enrolment++ })
	c.Location("/v1/galleries/" + escape(r.Gallery) + "/subjects/" + escape(string(e.Subject.ID)))
	server.SetPosition(c, e.Position)
	status := fiber.StatusCreated
	if len(e.Faces) == 0 {
		status = fiber.StatusOK
	}
	return c.Status(status).JSON(enrolAnswer{
		Subject: subjectOf(e.Subject), Faces: addedFaces(e), Present: e.Present, Timings: timingsOf(timed, e.Timings),
	})
}

func (api *api) listSubjects(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest

		Prefix   string              `param:"prefix"`
		Filter   map[string][]string `param:"filter"`
		Photos   string              `param:"photos"`
		MaxFaces *int                `param:"max_faces"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	f := identify.SubjectFilter{Prefix: r.Prefix, Metadata: r.Filter, MaxFaces: r.MaxFaces}
	switch r.Photos {
	case "":
	case "none", "some":
		f.HasPhoto = new(r.Photos == "some")
	default:
		return decode.Invalid("photos", "must be none or some")
	}
	found, next, err := api.service.FindSubjects(c.UserContext(), by, segment(c, "gallery"), f, p)
	if err != nil {
		return err
	}
	a := struct {
		Subjects []subjectAnswer `json:"subjects"`
		Next     string          `json:"next,omitempty"`
	}{make([]subjectAnswer, len(found)), next}
	for i, sub := range found {
		a.Subjects[i] = subjectOf(sub)
	}
	return c.JSON(a)
}

func (api *api) getSubject(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	sub, faces, err := api.service.Subject(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")))
	if err != nil {
		return err
	}
	faces, next, err := paged(p, func(p store.Page) ([]store.Face, error) { return pageOf(faces, p), nil },
		func(f store.Face) store.Face { return f }, func(f store.Face) string { return string(f.ID) })
	if err != nil {
		return err
	}
	return only.send(c, tagOfSubject(sub), struct {
		subjectAnswer
		Faces []enrolledFace `json:"faces"`
		Next  string         `json:"next,omitempty"`
	}{subjectOf(sub), enrolledFaces(faces), next})
}

// pageOf is a page of a subject's faces, in the order of their ids.
func pageOf(faces []store.Face, p store.Page) []store.Face {
	slices.SortFunc(faces, func(a, b store.Face) int { return strings.Compare(string(a.ID), string(b.ID)) })
	first, there := slices.BinarySearchFunc(faces, p.After, func(f store.Face, id string) int { return strings.Compare(string(f.ID), id) })
	if there {
		first++
	}
	return faces[first:min(len(faces), first+p.Limit)]
}

func (api *api) patchSubject(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Metadata map[string]string `param:"metadata,required"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	sub, position, err := api.service.UpdateMetadata(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")),
		func(sub store.Subject) (map[string]string, error) { return r.Metadata, only.check(tagOfSubject(sub)) })
	if err != nil {
		return err
	}
	server.SetPosition(c, position)
	return conditions{}.send(c, tagOfSubject(sub), subjectOf(sub))
}

func (api *api) deleteSubject(c *fiber.Ctx, by store.Actor) error {
	position, err := api.service.DeleteSubject(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")))
	return gone(c, position, err)
}
