package server

import (
	"github.com/gofiber/fiber/v2"

	"oneton/server/decode"
)

func (s *Server) detect(c *fiber.Ctx, _ string) error {
	var r struct {
		Photo    decode.Photo `param:"photo,required"`
		Pack     string       `param:"pack"`
		Liveness bool         `param:"liveness"`
		Timings  bool         `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	d, err := s.service.Detect(c.UserContext(), r.Pack, r.Photo, r.Liveness)
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
