package native

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/store"
)

func (api *api) setFaceAside(c *fiber.Ctx, by store.Actor) error { return api.aside(c, by, true) }

func (api *api) bringFaceBack(c *fiber.Ctx, by store.Actor) error { return api.aside(c, by, false) }

func (api *api) aside(c *fiber.Ctx, by store.Actor, aside bool) error {
	if err := read(c, &struct{}{}); err != nil {
		return err
	}
	position, err := api.service.SetAside(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")), store.FaceID(segment(c, "face")), aside)
	return gone(c, position, err)
}

type asideAnswer struct {
	Subject string    `json:"subject"`
	Face    string    `json:"face"`
	At      time.Time `json:"aside_at"`
}

func (api *api) listAside(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Faces []asideAnswer `json:"faces"`
		Next  string        `json:"next,omitempty"`
	}
	a.Faces, a.Next, err = paged(p, func(p store.Page) ([]identify.AsideFace, error) {
		return api.service.Aside(c.UserContext(), by, segment(c, "gallery"), p)
	}, func(f identify.AsideFace) asideAnswer { return asideAnswer{string(f.Subject), string(f.Face), f.At} },
		func(f identify.AsideFace) string { return string(f.Face) })
	if err != nil {
		return err
	}
	return c.JSON(a)
}
