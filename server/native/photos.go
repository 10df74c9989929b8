package native

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/store"
)

func (api *API) getPhoto(c *fiber.Ctx, tenant string) error {
	gallery, id := segment(c, "gallery"), segment(c, "face")
	_, faces, err := api.service.Subject(c.UserContext(), tenant, gallery, segment(c, "subject"))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(faces, func(f store.Face) bool { return f.ID == id }) {
		return identify.NotOfSubject(gallery, segment(c, "subject"), identify.KindFace, id)
	}
	p, err := api.service.Photo(c.UserContext(), tenant, gallery, id)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, p.MediaType)
	return c.Send(p.Bytes)
}

func (api *API) deletePhotos(c *fiber.Ctx, tenant string) error {
	err := api.service.DeletePhotos(c.UserContext(), tenant, segment(c, "gallery"), segment(c, "subject"))
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
