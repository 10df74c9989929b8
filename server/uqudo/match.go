package uqudo

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

const defaultLevel = 3

// match compares two photos.
func (d *dialect) match(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Source  decode.Photo `param:"sourceImage,required"`
		Target  decode.Photo `param:"targetImage,required"`
		Minimum *int         `param:"minimumMatchLevel"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	levels, minimum := Levels(), defaultLevel
	if r.Minimum != nil {
		minimum = *r.Minimum
	}
	if minimum < 1 || minimum > len(levels) {
		return decode.Invalid("minimumMatchLevel", "must be 1 to 5")
	}
	if err := check("sourceImage", r.Source); err != nil {
		return err
	}
	if err := check("targetImage", r.Target); err != nil {
		return err
	}
	v, err := d.service.Verify(c.UserContext(), by, identify.VerifyRequest{Photo: r.Source, Reference: r.Target})
	if err != nil {
		return renamed(err, "photo", "sourceImage", "reference", "targetImage")
	}
	level := levels.Level(v.FMR)
	return c.JSON(struct {
		Match bool `json:"match"`
		Level int  `json:"matchLevel"`
	}{level >= minimum, level})
}
