package native

import (
	"cmp"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/identify"
	"oneton/server/decode"
	"oneton/store"
)

// maxRetention keeps a duration of seconds within time.Duration: 100 years.
const maxRetention = 100 * 365 * 24 * 3600

// maxReview is the longest that an answer waits for a person.
const maxReview = int64(identify.MaxReview / time.Second)

// policyRequest is what a gallery's owner changes of its policy.
type policyRequest struct {
	FPIR             *float64 `param:"fpir"`
	Quality          *string  `param:"quality"`
	Liveness         *string  `param:"liveness"`
	Detail           *string  `param:"detail"`
	KeepPhotos       *bool    `param:"keep_photos"`
	RetentionSeconds *int64   `param:"retention_seconds"`
	ReviewSeconds    *int64   `param:"review_seconds"`
}

// apply is p with what the request names replaced.
func (r policyRequest) apply(p store.Policy) (store.Policy, error) {
	replace(&p.FPIR, r.FPIR)
	replace(&p.Quality, r.Quality)
	replace(&p.Liveness, r.Liveness)
	replace(&p.Detail, r.Detail)
	replace(&p.KeepPhotos, r.KeepPhotos)
	if r.RetentionSeconds != nil {
		if *r.RetentionSeconds < 0 || *r.RetentionSeconds > maxRetention {
			return p, decode.Invalid("policy.retention_seconds", "must be 0, for ever, to 3153600000, a hundred years")
		}
		p.Retention = time.Duration(*r.RetentionSeconds) * time.Second
	}
	if r.ReviewSeconds != nil {
		if *r.ReviewSeconds < 0 || *r.ReviewSeconds > maxReview {
			return p, decode.Invalid("policy.review_seconds", "must be 0, for none, to 7776000, ninety days")
		}
		p.Review = time.Duration(*r.ReviewSeconds) * time.Second
	}
	return p, nil
}

// whole tells whether nothing is left of the policy that was.
func (r policyRequest) whole() bool {
	return r.FPIR != nil && r.Quality != nil && r.Liveness != nil && r.Detail != nil && r.KeepPhotos != nil && r.RetentionSeconds != nil
}

func replace[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

type policyAnswer struct {
	FPIR             float64 `json:"fpir"`
	Quality          string  `json:"quality"`
	Liveness         string  `json:"liveness"`
	Detail           string  `json:"detail"`
	KeepPhotos       bool    `json:"keep_photos"`
	RetentionSeconds int64   `json:"retention_seconds"`
	ReviewSeconds    int64   `json:"review_seconds"`
}

type galleryAnswer struct {
	Name      string       `json:"name"`
	Pack      string       `json:"pack"`
	Policy    policyAnswer `json:"policy"`
	CreatedAt time.Time    `json:"created_at"`
	Damaged   bool         `json:"damaged,omitempty"`
}

func galleryOf(g store.Gallery) galleryAnswer {
	return galleryAnswer{
		Name: g.Name, Pack: g.Pack, CreatedAt: g.CreatedAt, Damaged: g.Damage != "",
		Policy: policyAnswer{
			FPIR: g.Policy.FPIR, Quality: g.Policy.Quality, Liveness: g.Policy.Liveness,
			Detail: cmp.Or(g.Policy.Detail, store.DetailFast), KeepPhotos: g.Policy.KeepPhotos, RetentionSeconds: int64(g.Policy.Retention / time.Second),
			ReviewSeconds: int64(g.Policy.Review / time.Second),
		},
	}
}

func (api *api) createGallery(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Name   string        `param:"name,required"`
		Pack   string        `param:"pack"`
		Policy policyRequest `param:"policy"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	policy, err := r.Policy.apply(api.service.DefaultPolicy())
	if err != nil {
		return err
	}
	g, err := api.service.CreateGallery(c.UserContext(), by, store.Gallery{Name: r.Name, Pack: r.Pack, Policy: policy})
	if err != nil {
		return err
	}
	c.Location("/v1/galleries/" + escape(g.Name))
	c.Status(fiber.StatusCreated)
	return conditions{}.send(c, tagOfGallery(g), galleryOf(g))
}

func (api *api) listGalleries(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Galleries []galleryAnswer `json:"galleries"`
		Next      string          `json:"next,omitempty"`
	}
	a.Galleries, a.Next, err = paged(p, func(p store.Page) ([]store.Gallery, error) {
		return api.service.Galleries(c.UserContext(), by, p)
	}, galleryOf, func(g store.Gallery) string { return g.Name })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) getGallery(c *fiber.Ctx, by store.Actor) error {
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	g, err := api.service.Gallery(c.UserContext(), by, segment(c, "gallery"))
	if err != nil {
		return err
	}
	return only.send(c, tagOfGallery(g), galleryOf(g))
}

func (api *api) patchGallery(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Policy policyRequest `param:"policy,required"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	g, err := api.service.UpdatePolicy(c.UserContext(), by, segment(c, "gallery"), func(g store.Gallery) (store.Policy, error) {
		if err := only.check(tagOfGallery(g)); err != nil {
			return store.Policy{}, err
		}
		if g.Damage != "" && !r.Policy.whole() {
			return store.Policy{}, identify.ErrPolicyDamaged
		}
		return r.Policy.apply(g.Policy)
	})
	if err != nil {
		return err
	}
	return conditions{}.send(c, tagOfGallery(g), galleryOf(g))
}

func (api *api) deleteGallery(c *fiber.Ctx, by store.Actor) error {
	position, err := api.service.DeleteGallery(c.UserContext(), by, segment(c, "gallery"))
	return gone(c, position, err)
}
