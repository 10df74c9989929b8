package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/calibration"
	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

// pointAnswer is what a gallery of so many faces is expected to do at a threshold.
type pointAnswer struct {
	Faces     int     `json:"faces"`
	FPIR      float64 `json:"fpir"`
	Threshold float64 `json:"threshold"`
	Score     float64 `json:"score"`
	// FNIR is left out where nobody has measured it.
	FNIR         *float64 `json:"fnir,omitempty"`
	Extrapolated bool     `json:"threshold_extrapolated"`
}

func pointOf(p calibration.Point) pointAnswer {
	return pointAnswer{Faces: p.Faces, FPIR: p.FPIR, Threshold: p.Threshold, Score: p.Score, FNIR: p.FNIR, Extrapolated: p.Extrapolated}
}

func pointsOf(points []calibration.Point) []pointAnswer {
	out := make([]pointAnswer, len(points))
	for i, p := range points {
		out[i] = pointOf(p)
	}
	return out
}

type thresholdsAnswer struct {
	Pack string `json:"pack"`
	// Calibration is whose table is followed: pack or own.
	Calibration string        `json:"calibration"`
	Source      string        `json:"source"`
	MeasuredFMR float64       `json:"measured_fmr"`
	Enrolled    int           `json:"enrolled"`
	At          pointAnswer   `json:"at"`
	Sizes       []pointAnswer `json:"sizes"`
	Rates       []pointAnswer `json:"rates"`
}

func (api *api) thresholds(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		FPIR  *float64 `param:"fpir"`
		Faces *int     `param:"faces"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	req := identify.ThresholdsRequest{Gallery: segment(c, "gallery")}
	var err error
	if req.FPIR, err = rate("fpir", r.FPIR); err != nil {
		return err
	}
	if r.Faces != nil {
		if req.Faces = *r.Faces; req.Faces < 1 {
			return decode.Invalid("faces", "must be at least 1")
		}
	}
	t, err := api.service.Thresholds(c.UserContext(), by, req)
	if err != nil {
		return err
	}
	whose := "pack"
	if t.Own {
		whose = "own"
	}
	return c.JSON(thresholdsAnswer{
		Pack: t.Pack, Calibration: whose, Source: t.Source, MeasuredFMR: t.Measured, Enrolled: t.Enrolled,
		At: pointOf(t.At), Sizes: pointsOf(t.Sizes), Rates: pointsOf(t.Rates),
	})
}
