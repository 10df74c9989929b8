package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Webhook is where a tenant's events are sent.
type Webhook struct {
	ID  string `json:"id"`
	URL string `json:"url"`
	// Format is standard or uqudo.
	Format string `json:"format"`
	// Types are the types of events that are sent; none is all.
	Types       []string `json:"types"`
	Description string   `json:"description"`
	Enabled     bool     `json:"enabled"`
	// DisabledReason is owner or gone.
	DisabledReason string `json:"disabled_reason,omitempty"`
	// PublicKeys verify signatures v1a.
	PublicKeys     []string               `json:"public_keys"`
	Authentication *WebhookAuthentication `json:"authentication,omitempty"`
	// Secret verifies signatures v1. It is told once, when it is made.
	Secret     string     `json:"secret,omitempty"`
	VerifiedAt *time.Time `json:"verified_at,omitempty"`
	CreatedAt  time.Time  `json:"created_at"`
	UpdatedAt  time.Time  `json:"updated_at"`
	// ETag is the version's, where one webhook was read or changed.
	ETag string `json:"-"`
}

// WebhookAuthentication is what is told of how requests authenticate.
type WebhookAuthentication struct {
	// Scheme is none, basic or header.
	Scheme string `json:"scheme"`
	User   string `json:"user,omitempty"`
	Header string `json:"header,omitempty"`
}

// Credentials are what requests have in the format uqudo: a user and a password, a
// header and its value, or nothing.
type Credentials struct {
	User     string `json:"user,omitempty"`
	Password string `json:"password,omitempty"`
	Header   string `json:"header,omitempty"`
	Value    string `json:"value,omitempty"`
}

// NewWebhook is one to add.
type NewWebhook struct {
	URL string `json:"url"`
	// Format is standard where it is empty.
	Format      string   `json:"format,omitempty"`
	Types       []string `json:"types,omitempty"`
	Description string   `json:"description,omitempty"`
	Enabled     *bool    `json:"enabled,omitempty"`
	// Verify has what answers at the URL return a challenge first.
	Verify         bool         `json:"verify,omitempty"`
	Authentication *Credentials `json:"authentication,omitempty"`
	// Secret is one of the caller's own, whsec_….
	Secret string `json:"secret,omitempty"`
}

// WebhookChange is what of a webhook is to be another; nil leaves it as it is.
type WebhookChange struct {
	URL *string `json:"url,omitempty"`
	// Types replaces all of them; a pointer to none is every type.
	Types          *[]string    `json:"types,omitempty"`
	Description    *string      `json:"description,omitempty"`
	Enabled        *bool        `json:"enabled,omitempty"`
	Verify         bool         `json:"verify,omitempty"`
	Authentication *Credentials `json:"authentication,omitempty"`
}

// AddWebhook has events sent to a URL. It is not sent again where it may have been done.
func (c *Client) AddWebhook(ctx context.Context, n NewWebhook) (Webhook, error) {
	return c.webhook(ctx, call{method: http.MethodPost, path: []string{"v1", "webhooks"}, once: true}, n)
}

// Webhooks lists the webhooks, the oldest first.
func (c *Client) Webhooks(ctx context.Context) iter.Seq2[Webhook, error] {
	return list[Webhook](ctx, c, "webhooks", nil, "v1", "webhooks")
}

// Webhook reads one.
func (c *Client) Webhook(ctx context.Context, id string, only ...Condition) (Webhook, error) {
	call := get("v1", "webhooks", id)
	call.header = conditional(only)
	return c.webhook(ctx, call, nil)
}

// ChangeWebhook changes what is named.
func (c *Client) ChangeWebhook(ctx context.Context, id string, change WebhookChange, only ...Condition) (Webhook, error) {
	return c.webhook(ctx, call{
		method: http.MethodPatch, path: []string{"v1", "webhooks", id}, header: conditional(only), once: len(only) > 0,
	}, change)
}

// DeleteWebhook removes a webhook with its deliveries.
func (c *Client) DeleteWebhook(ctx context.Context, id string) error {
	return c.remove(ctx, "v1", "webhooks", id)
}

// Rotation is how a webhook gets new keys.
type Rotation struct {
	// Overlap is for how long what is sent is signed under the former keys, too, in
	// whole seconds; nil is a day.
	Overlap *time.Duration
	// Secret is one of the caller's own.
	Secret string
}

// RotateWebhook makes new keys. The answer has the secret, which is told once: so it is
// not sent again where it may have been done.
func (c *Client) RotateWebhook(ctx context.Context, id string, r Rotation) (Webhook, error) {
	var body struct {
		Overlap *int64 `json:"overlap_seconds,omitempty"`
		Secret  string `json:"secret,omitempty"`
	}
	body.Secret = r.Secret
	if r.Overlap != nil {
		body.Overlap = new(int64(*r.Overlap / time.Second))
	}
	return c.webhook(ctx, call{method: http.MethodPost, path: []string{"v1", "webhooks", id, "rotate"}, once: true}, body)
}

// webhook makes a call that sends a value, if any, and answers with a webhook.
func (c *Client) webhook(ctx context.Context, call call, value any) (Webhook, error) {
	if value != nil {
		var err error
		if call.body, err = jsonBody(value); err != nil {
			return Webhook{}, err
		}
	}
	var w Webhook
	h, err := c.fetch(ctx, call, &w)
	if err != nil {
		return Webhook{}, err
	}
	w.ETag = h.Get("ETag")
	return w, nil
}

// Delivery is an event on its way to a webhook.
type Delivery struct {
	ID string `json:"id"`
	// WebhookID is the event's id, which receivers know as the header webhook-id.
	WebhookID string `json:"webhook_id"`
	Type      string `json:"type"`
	// State is pending, delivered or failed.
	State        string           `json:"state"`
	AttemptCount int              `json:"attempt_count"`
	LastAttempt  *DeliveryAttempt `json:"last_attempt,omitempty"`
	// NextAt is when it is tried again; nil where it has ended.
	NextAt    *time.Time `json:"next_at,omitempty"`
	CreatedAt time.Time  `json:"created_at"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
	// Attempts are the last 50, and Body is what is sent, where one delivery is read.
	Attempts []DeliveryAttempt `json:"attempts,omitempty"`
	Body     json.RawMessage   `json:"body,omitempty"`
}

// DeliveryAttempt is one to hand a delivery over.
type DeliveryAttempt struct {
	Number int       `json:"number"`
	At     time.Time `json:"at"`
	TookMS int64     `json:"took_ms"`
	// Status is the answer's; 0 where none came.
	Status int `json:"status,omitempty"`
	// Fault is why the receiver has not taken it.
	Fault string `json:"fault,omitempty"`
	// Answer is the beginning of what it said, where one delivery is read: text of a
	// stranger's, to be shown as text alone.
	Answer string `json:"answer,omitempty"`
}

// Deliveries lists a webhook's deliveries, the newest first: those in the state, or
// all where it is empty.
func (c *Client) Deliveries(ctx context.Context, webhook, state string) iter.Seq2[Delivery, error] {
	return list[Delivery](ctx, c, "deliveries", restrict("state", state), "v1", "webhooks", webhook, "deliveries")
}

// Delivery reads a delivery with its attempts.
func (c *Client) Delivery(ctx context.Context, webhook, delivery string) (Delivery, error) {
	var d Delivery
	_, err := c.fetch(ctx, get("v1", "webhooks", webhook, "deliveries", delivery), &d)
	return d, err
}

// TestWebhook sends an event of type webhook.test.
func (c *Client) TestWebhook(ctx context.Context, webhook string) (Delivery, error) {
	return c.deliver(ctx, "v1", "webhooks", webhook, "test")
}

// Redeliver sends a delivery anew, with the same id, whatever became of it.
func (c *Client) Redeliver(ctx context.Context, webhook, delivery string) (Delivery, error) {
	return c.deliver(ctx, "v1", "webhooks", webhook, "deliveries", delivery, "redeliver")
}

func (c *Client) deliver(ctx context.Context, path ...string) (Delivery, error) {
	var d Delivery
	_, err := c.fetch(ctx, call{method: http.MethodPost, path: path, once: true}, &d)
	return d, err
}

// RedeliverFailed sends all failed deliveries of events since a time anew, or all where
// it is zero, and tells how many they are.
func (c *Client) RedeliverFailed(ctx context.Context, webhook string, since time.Time) (int, error) {
	value := map[string]time.Time{}
	if !since.IsZero() {
		value["since"] = since
	}
	body, err := jsonBody(value)
	if err != nil {
		return 0, err
	}
	var a struct {
		Deliveries int `json:"deliveries"`
	}
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "webhooks", webhook, "redeliver"}, body: body, once: true}, &a)
	return a.Deliveries, err
}
