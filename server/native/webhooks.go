package native

import (
	"context"
	"encoding/json"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
	"oneton/webhook"
)

// Webhooks are where a tenant's events are sent; *webhook.Service keeps them.
type Webhooks interface {
	Add(ctx context.Context, by store.Actor, n webhook.NewEndpoint) (webhook.Endpoint, string, error)
	Endpoint(ctx context.Context, by store.Actor, id string) (webhook.Endpoint, error)
	Endpoints(ctx context.Context, by store.Actor, p store.Page) ([]webhook.Endpoint, error)
	// Update replaces what an owner says of an endpoint by what change makes of it
	// as it is; nothing comes between.
	Update(ctx context.Context, by store.Actor, id string, verify bool, change func(webhook.Endpoint) (webhook.Settable, error)) (webhook.Endpoint, error)
	Rotate(ctx context.Context, by store.Actor, id, own string, overlap time.Duration) (webhook.Endpoint, string, error)
	Remove(ctx context.Context, by store.Actor, id string) error
	Deliveries(ctx context.Context, by store.Actor, q webhook.Query) ([]webhook.Delivery, error)
	Delivery(ctx context.Context, by store.Actor, endpoint, id string) (webhook.Delivery, []webhook.Attempt, []byte, error)
	Test(ctx context.Context, by store.Actor, endpoint string) (webhook.Delivery, error)
	Redeliver(ctx context.Context, by store.Actor, endpoint, id string) (webhook.Delivery, error)
	RedeliverFailed(ctx context.Context, by store.Actor, endpoint string, since time.Time) (int, error)
}

func (api *api) webhookRoutes(v1 fiber.Router) {
	scoped := func(answer func(*fiber.Ctx, store.Actor) error) fiber.Handler {
		return server.Scoped(ScopeWebhooks, answer)
	}
	v1.Post("/webhooks", scoped(api.addWebhook))
	v1.Get("/webhooks", scoped(api.listWebhooks))
	v1.Get("/webhooks/:webhook", scoped(api.getWebhook))
	v1.Patch("/webhooks/:webhook", scoped(api.patchWebhook))
	v1.Delete("/webhooks/:webhook", scoped(api.deleteWebhook))
	v1.Post("/webhooks/:webhook/rotate", scoped(api.rotateWebhook))
	v1.Post("/webhooks/:webhook/test", scoped(api.testWebhook))
	v1.Post("/webhooks/:webhook/redeliver", scoped(api.redeliverFailed))
	v1.Get("/webhooks/:webhook/deliveries", scoped(api.listDeliveries))
	v1.Get("/webhooks/:webhook/deliveries/:delivery", scoped(api.getDelivery))
	v1.Post("/webhooks/:webhook/deliveries/:delivery/redeliver", scoped(api.redeliver))
}

type webhookAnswer struct {
	ID             string                `json:"id"`
	URL            string                `json:"url"`
	Format         webhook.Format        `json:"format"`
	Types          []string              `json:"types"`
	Description    string                `json:"description"`
	Enabled        bool                  `json:"enabled"`
	DisabledReason string                `json:"disabled_reason,omitempty"`
	PublicKeys     []string              `json:"public_keys"`
	Authentication *authenticationAnswer `json:"authentication,omitempty"`
	// Secret is told once, when it is made.
	Secret     string     `json:"secret,omitempty"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
}

// authenticationAnswer is what is told of credentials: nothing that is secret.
type authenticationAnswer struct {
	Scheme string `json:"scheme"`
	User   string `json:"user,omitempty"`
	Header string `json:"header,omitempty"`
}

func webhookOf(e webhook.Endpoint) webhookAnswer {
	a := webhookAnswer{
		ID: e.ID, URL: e.URL, Format: e.Format, Types: append([]string{}, e.Types...), Description: e.Description,
		Enabled: e.Disabled == "", DisabledReason: e.Disabled, PublicKeys: append([]string{}, e.PublicKeys...),
		VerifiedAt: given(e.VerifiedAt), CreatedAt: e.CreatedAt, UpdatedAt: e.UpdatedAt,
	}
	if c := e.Authentication; c != nil {
		a.Authentication = &authenticationAnswer{c.Scheme(), c.User, c.Header}
	}
	return a
}

func tagOfWebhook(e webhook.Endpoint) string { return tagOf(e.ID, webhookOf(e)) }

// given is nil for the zero time.
func given(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// webhookRequest is what an owner says of a webhook.
type webhookRequest struct {
	URL         *string  `param:"url"`
	Types       []string `param:"types"` // nil: not named
	Description *string  `param:"description"`
	Enabled     *bool    `param:"enabled"`
	Verify      bool     `param:"verify"`
	// Authentication replaces all of the credentials.
	Authentication *credentialsRequest `param:"authentication"`
}

type credentialsRequest struct {
	User     string `param:"user"`
	Password string `param:"password"`
	Header   string `param:"header"`
	Value    string `param:"value"`
}

// apply is set with what the request names replaced. What its receiver has disabled
// is enabled again by its owner alone.
func (r webhookRequest) apply(set webhook.Settable) webhook.Settable {
	replace(&set.URL, r.URL)
	if r.Types != nil {
		set.Types = r.Types
	}
	replace(&set.Description, r.Description)
	if r.Authentication != nil {
		c := webhook.Credentials(*r.Authentication)
		set.Credentials = &c
	}
	switch {
	case r.Enabled == nil:
	case *r.Enabled:
		set.Disabled = ""
	case set.Disabled == "":
		set.Disabled = webhook.DisabledByOwner
	}
	return set
}

func (api *api) addWebhook(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		webhookRequest
		Format string `param:"format"`
		Secret string `param:"secret"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	if r.URL == nil {
		return decode.Invalid("url", "is missing")
	}
	e, secret, err := api.webhooks.Add(c.UserContext(), by, webhook.NewEndpoint{
		Settable: r.apply(webhook.Settable{}), Format: webhook.Format(r.Format), Secret: r.Secret, Verify: r.Verify,
	})
	if err != nil {
		return err
	}
	c.Location("/v1/webhooks/" + escape(e.ID))
	c.Status(fiber.StatusCreated)
	a := webhookOf(e)
	a.Secret = secret
	return conditions{}.send(c, tagOfWebhook(e), a)
}

func (api *api) listWebhooks(c *fiber.Ctx, by store.Actor) error {
	p, err := readPage(c)
	if err != nil {
		return err
	}
	var a struct {
		Webhooks []webhookAnswer `json:"webhooks"`
		Next     string          `json:"next,omitempty"`
	}
	a.Webhooks, a.Next, err = paged(p, func(p store.Page) ([]webhook.Endpoint, error) {
		return api.webhooks.Endpoints(c.UserContext(), by, p)
	}, webhookOf, func(e webhook.Endpoint) string { return e.ID })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) getWebhook(c *fiber.Ctx, by store.Actor) error {
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	e, err := api.webhooks.Endpoint(c.UserContext(), by, segment(c, "webhook"))
	if err != nil {
		return err
	}
	return only.send(c, tagOfWebhook(e), webhookOf(e))
}

func (api *api) patchWebhook(c *fiber.Ctx, by store.Actor) error {
	var r webhookRequest
	if err := read(c, &r); err != nil {
		return err
	}
	only, err := readConditions(c)
	if err != nil {
		return err
	}
	e, err := api.webhooks.Update(c.UserContext(), by, segment(c, "webhook"), r.Verify, func(e webhook.Endpoint) (webhook.Settable, error) {
		return r.apply(e.Settable), only.check(tagOfWebhook(e))
	})
	if err != nil {
		return err
	}
	return conditions{}.send(c, tagOfWebhook(e), webhookOf(e))
}

func (api *api) deleteWebhook(c *fiber.Ctx, by store.Actor) error {
	if err := api.webhooks.Remove(c.UserContext(), by, segment(c, "webhook")); err != nil {
		return err
	}
	return c.SendStatus(fiber.StatusNoContent)
}

func (api *api) rotateWebhook(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Overlap *int64 `param:"overlap_seconds"`
		Secret  string `param:"secret"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	overlap := webhook.DefaultOverlap
	if r.Overlap != nil {
		if *r.Overlap < 0 || *r.Overlap > int64(webhook.MaxOverlap/time.Second) {
			return decode.Invalid("overlap_seconds", "must be 0 to 604800, a week")
		}
		overlap = time.Duration(*r.Overlap) * time.Second
	}
	e, secret, err := api.webhooks.Rotate(c.UserContext(), by, segment(c, "webhook"), r.Secret, overlap)
	if err != nil {
		return err
	}
	a := webhookOf(e)
	a.Secret = secret
	return conditions{}.send(c, tagOfWebhook(e), a)
}

type attemptAnswer struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	Took   int64     `json:"took_ms"`
	Status int       `json:"status,omitempty"`
	Fault  string    `json:"fault,omitempty"`
	Answer string    `json:"answer,omitempty"`
}

func attemptOf(a webhook.Attempt) attemptAnswer {
	return attemptAnswer{a.Number, a.At, a.Took.Milliseconds(), a.Status, a.Fault, a.Answer}
}

type deliveryAnswer struct {
	ID          string           `json:"id"`
	WebhookID   string           `json:"webhook_id"`
	Type        string           `json:"type"`
	State       webhook.State    `json:"state"`
	Attempts    int              `json:"attempt_count"`
	LastAttempt *attemptAnswer   `json:"last_attempt,omitempty"`
	NextAt      *time.Time       `json:"next_at,omitempty"`
	CreatedAt   time.Time        `json:"created_at"`
	EndedAt     *time.Time       `json:"ended_at,omitempty"`
	All         *[]attemptAnswer `json:"attempts,omitempty"`
	Body        json.RawMessage  `json:"body,omitempty"`
}

func deliveryOf(d webhook.Delivery) deliveryAnswer {
	a := deliveryAnswer{
		ID: d.ID, WebhookID: d.Event, Type: d.Type, State: d.State, Attempts: d.Attempts,
		NextAt: given(d.NextAt), CreatedAt: d.CreatedAt, EndedAt: given(d.EndedAt),
	}
	if d.Last != nil {
		last := attemptOf(*d.Last)
		a.LastAttempt = &last
	}
	return a
}

func (api *api) listDeliveries(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		After string `param:"after"`
		Limit *int   `param:"limit"`
		State string `param:"state"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	p, err := pageRequest{r.After, r.Limit}.page()
	if err != nil {
		return err
	}
	var a struct {
		Deliveries []deliveryAnswer `json:"deliveries"`
		Next       string           `json:"next,omitempty"`
	}
	a.Deliveries, a.Next, err = paged(p, func(p store.Page) ([]webhook.Delivery, error) {
		return api.webhooks.Deliveries(c.UserContext(), by, webhook.Query{
			Endpoint: segment(c, "webhook"), State: webhook.State(r.State), After: p.After, Limit: p.Limit,
		})
	}, deliveryOf, func(d webhook.Delivery) string { return d.ID })
	if err != nil {
		return err
	}
	return c.JSON(a)
}

func (api *api) getDelivery(c *fiber.Ctx, by store.Actor) error {
	d, attempts, body, err := api.webhooks.Delivery(c.UserContext(), by, segment(c, "webhook"), segment(c, "delivery"))
	if err != nil {
		return err
	}
	a, all := deliveryOf(d), make([]attemptAnswer, len(attempts))
	for i, attempt := range attempts {
		all[i] = attemptOf(attempt)
	}
	a.All, a.Body = &all, body
	return c.JSON(a)
}

func (api *api) testWebhook(c *fiber.Ctx, by store.Actor) error {
	d, err := api.webhooks.Test(c.UserContext(), by, segment(c, "webhook"))
	if err != nil {
		return err
	}
	return c.JSON(deliveryOf(d))
}

func (api *api) redeliver(c *fiber.Ctx, by store.Actor) error {
	d, err := api.webhooks.Redeliver(c.UserContext(), by, segment(c, "webhook"), segment(c, "delivery"))
	if err != nil {
		return err
	}
	return c.JSON(deliveryOf(d))
}

func (api *api) redeliverFailed(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		Since string `param:"since"`
	}
	if err := read(c, &r); err != nil {
		return err
	}
	var since time.Time
	if r.Since != "" {
		var err error
		if since, err = time.Parse(time.RFC3339, r.Since); err != nil || since.Year() < 1970 {
			return decode.Invalid("since", "must be a time as 2027-01-31T12:00:00Z")
		}
	}
	n, err := api.webhooks.RedeliverFailed(c.UserContext(), by, segment(c, "webhook"), since)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		Deliveries int `json:"deliveries"`
	}{n})
}
