package native

import (
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/face"
	"oneton/identify"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

type reviewCandidateAnswer struct {
	Subject string  `json:"subject"`
	Face    string  `json:"face,omitempty"`
	Cosine  float64 `json:"cosine"`
	Score   float64 `json:"score"`
	Chosen  bool    `json:"chosen,omitempty"`
}

type reviewAnswer struct {
	ID         string                  `json:"id"`
	At         time.Time               `json:"at"`
	AskedBy    string                  `json:"asked_by"`
	Request    string                  `json:"request_id"`
	Box        face.Box                `json:"box"`
	Rotation   int                     `json:"rotation"`
	Threshold  float64                 `json:"threshold"`
	Faces      int                     `json:"faces"`
	Candidates []reviewCandidateAnswer `json:"candidates"`
	HasPhoto   bool                    `json:"has_photo"`
	Decision   string                  `json:"decision,omitempty"`
	DecidedAt  *time.Time              `json:"decided_at,omitempty"`
	DecidedBy  string                  `json:"decided_by,omitempty"`
	EndsAt     time.Time               `json:"ends_at"`
}

func reviewOf(r identify.Review) reviewAnswer {
	a := reviewAnswer{
		ID: r.ID, At: r.At, AskedBy: string(r.By), Request: r.Request, Box: r.Box, Rotation: r.Rotation, Threshold: r.Threshold, Faces: r.Faces,
		Candidates: []reviewCandidateAnswer{}, HasPhoto: r.HasPhoto, Decision: r.Decision, DecidedAt: known(r.DecidedAt), DecidedBy: string(r.DecidedBy), EndsAt: r.EndsAt,
	}
	for _, c := range r.Candidates {
		a.Candidates = append(a.Candidates, reviewCandidateAnswer{string(c.Subject), string(c.Face), c.Cosine, c.Score, c.Chosen})
	}
	return a
}

func (api *api) reviewRoutes(v1 fiber.Router) {
	v1.Get("/galleries/:gallery/reviews", server.Scoped(ScopeReviews, api.listReviews))
	v1.Get("/galleries/:gallery/reviews/:review", server.Scoped(ScopeReviews, api.getReview))
	v1.Get("/galleries/:gallery/reviews/:review/photo", server.Scoped(ScopeReviews, api.reviewPhoto))
	v1.Post("/galleries/:gallery/reviews/:review/decision", server.Scoped(ScopeReviews, api.decide))
}

func (api *api) listReviews(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		pageRequest
		Status string `param:"status"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := r.page()
	if err != nil {
		return err
	}
	if r.Status != "" && r.Status != "waiting" && r.Status != "decided" {
		return decode.Invalid("status", "must be waiting or decided")
	}
	var a struct {
		Reviews []reviewAnswer `json:"reviews"`
		Next    string         `json:"next,omitempty"`
	}
	a.Reviews, a.Next, err = paged(p, func(p store.Page) ([]identify.Review, error) {
		return api.service.Reviews(c.UserContext(), by, segment(c, "gallery"), r.Status == "decided", p)
	}, reviewOf, func(r identify.Review) string { return r.ID })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) getReview(c *fiber.Ctx, by store.Actor) error {
	r, err := api.service.Review(c.UserContext(), by, segment(c, "gallery"), segment(c, "review"))
	if err != nil {
		return err
	}
	return c.JSON(reviewOf(r))
}

func (api *api) reviewPhoto(c *fiber.Ctx, by store.Actor) error {
	p, err := api.service.ReviewPhoto(c.UserContext(), by, segment(c, "gallery"), segment(c, "review"))
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, p.MediaType)
	return c.Send(p.Bytes)
}

func (api *api) decide(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Decision string   `param:"decision,required"`
		Subject  string   `param:"subject"`
		Others   []string `param:"others"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	d := identify.Decision{Gallery: segment(c, "gallery"), Review: segment(c, "review"), Decision: r.Decision, Subject: store.SubjectID(r.Subject)}
	for _, other := range r.Others {
		d.Others = append(d.Others, store.SubjectID(other))
	}
	if d.Decision == identify.DecisionSame { // which merges
		for _, scope := range []string{ScopeEnrol, ScopeDelete} {
			if err := server.Permit(c, scope, "decision"); err != nil {
				return err
			}
		}
	}
	decided, err := api.service.Decide(c.UserContext(), by, d)
	if err != nil {
		return err
	}
	return c.JSON(reviewOf(decided))
}
