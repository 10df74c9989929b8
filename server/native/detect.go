package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

func (api *api) detect(c *fiber.Ctx, _ store.Actor) error {
	var r struct {
		Photo    decode.Photo `param:"photo,required"`
		Pack     string       `param:"pack"`
		Detail   string       `param:"detail"`
		Liveness bool         `param:"liveness"`
		Timings  bool         `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	d, err := api.service.Detect(c.UserContext(), identify.DetectRequest{Photo: r.Photo, Pack: r.Pack, Liveness: r.Liveness, Detail: r.Detail})
	if err != nil {
		return err
	}
	var a struct {
		Width    int          `json:"width"`
		Height   int          `json:"height"`
		Rotation int          `json:"rotation"`
		Faces    []faceAnswer `json:"faces"`
		crowd
		Timings *timings `json:"timings,omitempty"`
	}
	a.Width, a.Height, a.Rotation = d.Width, d.Height, d.Rotation
	a.crowd, a.Timings = crowdOf(d.LeftOut), timingsOf(r.Timings, d.Timings)
	a.Faces = make([]faceAnswer, len(d.Faces))
	for i, f := range d.Faces {
		a.Faces[i] = faceOf(f)
	}
	return c.JSON(a)
}
