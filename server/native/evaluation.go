package native

import (
	"context"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/calibration"
	"oneton/evaluation"
	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

// Evaluations measure what galleries' answers are worth; *evaluation.Service does.
type Evaluations interface {
	Start(ctx context.Context, by store.Actor, gallery string, faces int) (evaluation.Evaluation, error)
	Get(ctx context.Context, by store.Actor, gallery string) (evaluation.Evaluation, error)
}

// proportionAnswer is a measured share with its interval of 95 %.
type proportionAnswer struct {
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

func proportionOf(p calibration.Proportion) proportionAnswer {
	return proportionAnswer{p.Share, p.Low, p.High}
}

type evaluatedRateAnswer struct {
	FPIR      float64          `json:"fpir"`
	Threshold float64          `json:"threshold"`
	Found     int              `json:"found"`
	Measured  proportionAnswer `json:"measured"`
	Distinct  proportionAnswer `json:"distinct"`
}

func evaluatedRateOf(r identify.EvaluatedRate) evaluatedRateAnswer {
	return evaluatedRateAnswer{r.FPIR, r.Threshold, r.Found, proportionOf(r.Measured), proportionOf(r.Distinct)}
}

type faceOfAnswer struct {
	Subject store.SubjectID `json:"subject"`
	Face    store.FaceID    `json:"face"`
}

type alikeAnswer struct {
	A        faceOfAnswer `json:"a"`
	B        faceOfAnswer `json:"b"`
	Cosine   float64      `json:"cosine"`
	Score    float64      `json:"score"`
	Expected float64      `json:"expected"`
	Suspect  bool         `json:"suspect"`
}

type unlikeAnswer struct {
	faceOfAnswer
	Own    float64 `json:"own"`
	Others int     `json:"others"`
	// Nearest is left out where nobody else is enrolled.
	Nearest *faceOfAnswer `json:"nearest,omitempty"`
	Other   *float64      `json:"other,omitempty"`
}

type foundAnswer struct {
	At             time.Time             `json:"at"`
	Pack           string                `json:"pack"`
	Enrolled       int                   `json:"enrolled"`
	People         int                   `json:"people"`
	Searched       int                   `json:"searched"`
	SearchedPeople int                   `json:"searched_people"`
	Policy         evaluatedRateAnswer   `json:"policy"`
	Rates          []evaluatedRateAnswer `json:"rates"`
	Suspects       int                   `json:"suspects"`
	Mates          int                   `json:"mates"`
	Missed         *proportionAnswer     `json:"missed,omitempty"`
	Alike          []alikeAnswer         `json:"alike"`
	Unlike         []unlikeAnswer        `json:"unlike"`
}

type evaluationAnswer struct {
	// Job is left out when it ended long ago.
	Job   *jobAnswer   `json:"job,omitempty"`
	Found *foundAnswer `json:"found,omitempty"`
}

func evaluationOf(e evaluation.Evaluation) (a evaluationAnswer) {
	if e.State.ID != "" {
		a.Job = new(jobOf(e.State))
	}
	if e.Found != nil {
		a.Found = foundOf(*e.Found)
	}
	return a
}

func foundOf(e identify.Evaluation) *foundAnswer {
	a := &foundAnswer{
		At: e.At, Pack: e.Pack, Enrolled: e.Enrolled, People: e.People, Searched: e.Searched, SearchedPeople: e.SearchedPeople,
		Policy: evaluatedRateOf(e.Policy), Rates: []evaluatedRateAnswer{}, Suspects: e.Suspects, Mates: e.Mates,
		Alike: []alikeAnswer{}, Unlike: []unlikeAnswer{},
	}
	for _, r := range e.Rates {
		a.Rates = append(a.Rates, evaluatedRateOf(r))
	}
	if e.Missed != nil {
		a.Missed = new(proportionOf(*e.Missed))
	}
	for _, p := range e.Alike {
		a.Alike = append(a.Alike, alikeAnswer{faceOfAnswer(p.A), faceOfAnswer(p.B), p.Cosine, p.Score, p.Expected, p.Suspect})
	}
	for _, u := range e.Unlike {
		told := unlikeAnswer{faceOfAnswer: faceOfAnswer(u.FaceOf), Own: u.Own, Others: u.Others}
		if u.Nearest.Face != "" {
			told.Nearest, told.Other = new(faceOfAnswer(u.Nearest)), new(u.Other)
		}
		a.Unlike = append(a.Unlike, told)
	}
	return a
}

func (api *api) evaluate(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Faces *int `param:"faces"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	faces := 0
	if r.Faces != nil {
		if faces = *r.Faces; faces < 1 {
			return decode.Invalid("faces", "must be at least 1")
		}
	}
	e, err := api.evaluations.Start(c.UserContext(), by, segment(c, "gallery"), faces)
	if err != nil {
		return err
	}
	c.Location("/v1/galleries/" + escape(segment(c, "gallery")) + "/evaluation")
	return c.Status(fiber.StatusAccepted).JSON(evaluationOf(e))
}

func (api *api) getEvaluation(c *fiber.Ctx, by store.Actor) error {
	e, err := api.evaluations.Get(c.UserContext(), by, segment(c, "gallery"))
	if err != nil {
		return err
	}
	return c.JSON(evaluationOf(e))
}
