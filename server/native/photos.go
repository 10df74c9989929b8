package native

import (
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/store"
)

func (api *api) getPhoto(c *fiber.Ctx, by store.Actor) error {
	gallery, id := segment(c, "gallery"), segment(c, "face")
	_, faces, err := api.service.Subject(c.UserContext(), by, gallery, store.SubjectID(segment(c, "subject")))
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(faces, func(f store.Face) bool { return f.ID == store.FaceID(id) }) {
		return identify.NotOfSubject(gallery, store.SubjectID(segment(c, "subject")), identify.KindFace, id)
	}
	p, err := api.service.Photo(c.UserContext(), by, gallery, store.FaceID(id))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, p.MediaType)
	return c.Send(p.Bytes)
}

func (api *api) deletePhotos(c *fiber.Ctx, by store.Actor) error {
	err := api.service.DeletePhotos(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")))
	if err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}
