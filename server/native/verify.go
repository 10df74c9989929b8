package native

import (
	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

type verifyAnswer struct {
	Match     bool    `json:"match"`
	Cosine    float64 `json:"cosine"`
	Score     float64 `json:"score"`
	FMR       float64 `json:"fmr"`
	Threshold float64 `json:"threshold"`
	// Extrapolated is as in a search's answer.
	Extrapolated bool       `json:"threshold_extrapolated"`
	Probe        faceAnswer `json:"probe"`
	// Reference is the other photo's face, or Face the subject's nearest.
	Reference *faceAnswer `json:"reference,omitempty"`
	Face      string      `json:"face,omitempty"`
	Timings   *timings    `json:"timings,omitempty"`
}

func (api *api) verifyPhotos(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photo     decode.Photo `param:"photo,required"`
		Reference decode.Photo `param:"reference,required"`
		Pack      string       `param:"pack"`
		FMR       *float64     `param:"fmr"`
		Detail    string       `param:"detail"`
		Timings   bool         `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	return api.verify(c, by, r.FMR, r.Timings, identify.VerifyRequest{Photo: r.Photo, Reference: r.Reference, Pack: r.Pack, Detail: r.Detail})
}

func (api *api) verifySubject(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Photo   decode.Photo `param:"photo,required"`
		FMR     *float64     `param:"fmr"`
		Detail  string       `param:"detail"`
		Timings bool         `param:"timings"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	return api.verify(c, by, r.FMR, r.Timings, identify.VerifyRequest{
		Photo: r.Photo, Detail: r.Detail, Gallery: segment(c, "gallery"), Subject: store.SubjectID(segment(c, "subject")),
	})
}

func (api *api) verify(c *fiber.Ctx, by store.Actor, fmr *float64, timed bool, req identify.VerifyRequest) error {
	var err error
	if req.FMR, err = rate("fmr", fmr); err != nil {
		return err
	}
	v, err := api.service.Verify(c.UserContext(), by, req)
	if err != nil {
		return err
	}
	a := verifyAnswer{
		Match: v.Match, Cosine: v.Cosine, Score: v.Score, FMR: v.FMR, Threshold: v.Threshold, Extrapolated: v.Extrapolated,
		Probe: faceOf(v.Probe), Face: string(v.Face), Timings: timingsOf(timed, v.Timings),
	}
	if v.Reference != nil {
		ref := faceOf(*v.Reference)
		a.Reference = &ref
	}
	return c.JSON(a)
}
