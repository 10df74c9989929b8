package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

func (api *api) addFaces(c *fiber.Ctx, tenant store.TenantID) error {
	var r struct {
		Photos  decode.Photos `param:"photo,required"`
		Detail  string        `param:"detail"`
		Timings bool          `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	return api.enrol(c, tenant, r.Timings, identify.EnrolRequest{
		Gallery: segment(c, "gallery"), Subject: store.SubjectID(segment(c, "subject")), Photos: r.Photos, Detail: r.Detail,
	})
}

func (api *api) deleteFace(c *fiber.Ctx, tenant store.TenantID) error {
	position, err := api.service.DeleteFace(c.UserContext(), tenant, segment(c, "gallery"), store.SubjectID(segment(c, "subject")), store.FaceID(segment(c, "face")))
	return gone(c, position, err)
}
