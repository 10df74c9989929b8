package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"time"
)

// Gallery is a set of people that are searched together.
type Gallery struct {
	Name string `json:"name"`
	// Pack is the model pack that the gallery pins.
	Pack      string    `json:"pack"`
	Policy    Policy    `json:"policy"`
	CreatedAt time.Time `json:"created_at"`
	// Damaged says that the policy cannot be read as it was written.
	Damaged bool `json:"damaged,omitempty"`
	// ETag is the version's, where one gallery was read.
	ETag string `json:"-"`
}

// Policy is what holds for a gallery's photos and searches.
type Policy struct {
	// FPIR is the wanted false-positive identification rate (ISO/IEC 19795-1), which
	// thresholds follow from.
	FPIR float64 `json:"fpir"`
	// Quality and Liveness are gates: off, report or enforce.
	Quality  string `json:"quality"`
	Liveness string `json:"liveness"`
	// Detail is how closely photos are looked at: fast or full.
	Detail     string `json:"detail"`
	KeepPhotos bool   `json:"keep_photos"`
	// RetentionSeconds is how long a face is kept; 0 is for ever.
	RetentionSeconds int64 `json:"retention_seconds"`
	// ReviewSeconds is how long an answer of several candidates waits for a person; 0
	// keeps none.
	ReviewSeconds int64 `json:"review_seconds"`
}

// PolicyChange is what of a policy is to be another; nil leaves it as it is.
type PolicyChange struct {
	FPIR             *float64 `json:"fpir,omitempty"`
	Quality          *string  `json:"quality,omitempty"`
	Liveness         *string  `json:"liveness,omitempty"`
	Detail           *string  `json:"detail,omitempty"`
	KeepPhotos       *bool    `json:"keep_photos,omitempty"`
	RetentionSeconds *int64   `json:"retention_seconds,omitempty"`
	ReviewSeconds    *int64   `json:"review_seconds,omitempty"`
}

// NewGallery is one to make.
type NewGallery struct {
	Name string `json:"name"`
	// Pack is the default pack where it is empty.
	Pack string `json:"pack,omitempty"`
	// Policy is the default one where it is nil.
	Policy *PolicyChange `json:"policy,omitempty"`
}

// CreateGallery makes an empty gallery; AlreadyExists where the name is taken.
func (c *Client) CreateGallery(ctx context.Context, n NewGallery) (Gallery, error) {
	body, err := jsonBody(n)
	if err != nil {
		return Gallery{}, err
	}
	var g Gallery
	h, err := c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries"}, body: body}, &g)
	var doubt doubtful
	if errors.Is(err, AlreadyExists) && errors.As(err, &doubt) {
		// An attempt before has made it, or somebody else.
		is, rerr := c.Gallery(ctx, n.Name)
		if rerr == nil && (n.Pack == "" || n.Pack == is.Pack) && n.Policy.holds(is.Policy) {
			return is, nil
		}
		return Gallery{}, fmt.Errorf("%w: %w", ErrMayBeDone, err)
	}
	if err != nil {
		return Gallery{}, err
	}
	g.ETag = h.Get("ETag")
	return g, nil
}

// holds tells whether the policy has what the change asks for.
func (p *PolicyChange) holds(is Policy) bool {
	return p == nil || same(p.FPIR, is.FPIR) && same(p.Quality, is.Quality) && same(p.Liveness, is.Liveness) &&
		same(p.Detail, is.Detail) && same(p.KeepPhotos, is.KeepPhotos) && same(p.RetentionSeconds, is.RetentionSeconds) &&
		same(p.ReviewSeconds, is.ReviewSeconds)
}

func same[T comparable](asked *T, is T) bool { return asked == nil || *asked == is }

// Galleries lists the galleries by name.
func (c *Client) Galleries(ctx context.Context) iter.Seq2[Gallery, error] {
	return list[Gallery](ctx, c, "galleries", nil, "v1", "galleries")
}

// Gallery reads one.
func (c *Client) Gallery(ctx context.Context, name string, only ...Condition) (Gallery, error) {
	call := get("v1", "galleries", name)
	call.header = conditional(only)
	var g Gallery
	h, err := c.fetch(ctx, call, &g)
	if err != nil {
		return Gallery{}, err
	}
	g.ETag = h.Get("ETag")
	return g, nil
}

// ChangeGallery changes the parts of the policy that are named.
func (c *Client) ChangeGallery(ctx context.Context, name string, p PolicyChange, only ...Condition) (Gallery, error) {
	body, err := jsonBody(map[string]PolicyChange{"policy": p})
	if err != nil {
		return Gallery{}, err
	}
	var g Gallery
	h, err := c.fetch(ctx, call{
		method: http.MethodPatch, path: []string{"v1", "galleries", name}, header: conditional(only), body: body, once: len(only) > 0,
	}, &g)
	if err != nil {
		return Gallery{}, err
	}
	g.ETag = h.Get("ETag")
	return g, nil
}

// DeleteGallery deletes a gallery with everything in it.
func (c *Client) DeleteGallery(ctx context.Context, name string) error {
	return c.remove(ctx, "v1", "galleries", name)
}

// remove deletes; what is gone already after an attempt whose answer was lost is taken
// for deleted by it.
func (c *Client) remove(ctx context.Context, path ...string) error {
	_, err := c.fetch(ctx, call{method: http.MethodDelete, path: path}, nil)
	var doubt doubtful
	if errors.Is(err, NotFound) && errors.As(err, &doubt) {
		c.position.forget() // the deletion's is not known
		return nil
	}
	return err
}
