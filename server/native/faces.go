package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

func (api *api) addFaces(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photos   decode.Photos     `param:"photo,required"`
		Create   bool              `param:"create"`
		Metadata map[string]string `param:"metadata"`
		Once     bool              `param:"once"`
		Import   string            `param:"import"`
		DryRun   bool              `param:"dry_run"`
		Detail   string            `param:"detail"`
		Timings  bool              `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	if len(r.Metadata) > 0 && !r.Create {
		return decode.Invalid("metadata", "is for a subject that the request makes; create is not set")
	}
	return api.enrol(c, by, r.Timings, identify.EnrolRequest{
		Gallery: segment(c, "gallery"), Subject: store.SubjectID(segment(c, "subject")), OrCreate: r.Create, Metadata: r.Metadata,
		Once: r.Once, Import: r.Import, DryRun: r.DryRun, Photos: r.Photos, Detail: r.Detail,
	})
}

func (api *api) deleteFace(c *fiber.Ctx, by store.Actor) error {
	position, err := api.service.DeleteFace(c.UserContext(), by, segment(c, "gallery"), store.SubjectID(segment(c, "subject")), store.FaceID(segment(c, "face")))
	return gone(c, position, err)
}
