package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"oneton/client"
)

type webhookCommand struct {
	List       webhookList       `cmd:"" help:"List webhooks, the oldest first."`
	Show       webhookShow       `cmd:"" help:"Show a webhook."`
	Create     webhookCreate     `cmd:"" help:"Have events sent to a URL, and print the secret that verifies them; it cannot be shown again."`
	Change     webhookChange     `cmd:"" help:"Change what is named of a webhook, and leave the rest."`
	Rotate     webhookRotate     `cmd:"" help:"Make new keys, and print the secret; it cannot be shown again."`
	Delete     webhookDelete     `cmd:"" help:"Remove a webhook with its deliveries."`
	Test       webhookTest       `cmd:"" help:"Send an event of type webhook.test, and say what became of it."`
	Deliveries webhookDeliveries `cmd:"" help:"List what was sent, the newest first."`
	Delivery   webhookDelivery   `cmd:"" help:"Show a delivery with its attempts."`
	Redeliver  webhookRedeliver  `cmd:"" help:"Send a delivery anew, or all that failed."`
}

// tellWebhook tells a webhook in columns.
func tellWebhook(o output, h client.Webhook) error {
	return o.table(h, func(w io.Writer) {
		fmt.Fprintf(w, "id\t%s\nurl\t%s\nformat\t%s\ntypes\t%s\nenabled\t%t %s\ncreated\t%s\n",
			h.ID, h.URL, h.Format, types(h.Types), h.Enabled, h.DisabledReason, h.CreatedAt.Format(time.RFC3339))
		if h.Description != "" {
			fmt.Fprintf(w, "description\t%s\n", h.Description)
		}
		for _, k := range h.PublicKeys {
			fmt.Fprintf(w, "public-key\t%s\n", k)
		}
		if a := h.Authentication; a != nil {
			fmt.Fprintf(w, "authentication\t%s\n", strings.TrimSpace(a.Scheme+" "+a.User+a.Header))
		}
		if h.Secret != "" {
			fmt.Fprintf(w, "secret\t%s\n", h.Secret)
		}
	})
}

func types(names []string) string {
	if len(names) == 0 {
		return "all"
	}
	return strings.Join(names, " ")
}

type webhookList struct {
	target
	output
}

// Run prints a row for each webhook.
func (c *webhookList) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		out := newRows(c.output, func(w io.Writer, h client.Webhook) {
			state := "enabled"
			if !h.Enabled {
				state = "disabled, " + h.DisabledReason
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", h.ID, h.URL, h.Format, state, types(h.Types))
		})
		for h, err := range s.Webhooks(ctx) {
			if err != nil {
				return err
			}
			if err := out.add(h); err != nil {
				return err
			}
		}
		return out.end()
	})
}

type webhookShow struct {
	target
	output
	ID string `arg:"" help:"The webhook's id."`
}

// Run prints the webhook.
func (c *webhookShow) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		h, err := s.Webhook(ctx, c.ID)
		if err != nil {
			return err
		}
		return tellWebhook(c.output, h)
	})
}

// receiverFlags say how requests authenticate in the format uqudo. What is secret is
// in files.
type receiverFlags struct {
	User         string `help:"User of HTTP Basic, in the format uqudo."`
	PasswordFile string `help:"File of the password of HTTP Basic, - for standard input." placeholder:"FILE" predictor:"file"`
	Header       string `help:"Name of the header by which requests authenticate, in the format uqudo."`
	ValueFile    string `help:"File of the header's value, - for standard input." placeholder:"FILE" predictor:"file"`
}

// credentials are nil where nothing is said.
func (f receiverFlags) credentials() (*client.Credentials, error) {
	if f == (receiverFlags{}) {
		return nil, nil //nolint:nilnil // nothing is said, and nothing is wrong
	}
	c := client.Credentials{User: f.User, Header: f.Header}
	var err error
	if f.PasswordFile != "" {
		c.Password, err = firstLine("password", f.PasswordFile)
	}
	if err == nil && f.ValueFile != "" {
		c.Value, err = firstLine("header's value", f.ValueFile)
	}
	return &c, err
}

type webhookCreate struct {
	target
	output
	receiverFlags
	URL         string   `arg:"" help:"Where events are sent: https, or http where the operator lets it."`
	Type        []string `help:"A type of events that is sent; repeat it for more. Left out, every type."`
	Description string   `help:"A text for people to read."`
	Format      string   `help:"What is sent: standard, or uqudo for signed results alone." enum:"standard,uqudo" default:"standard"`
	Verify      bool     `help:"Make it only if what answers at the URL returns a challenge."`
	SecretFile  string   `help:"File of a secret of your own, whsec_…; - for standard input. Left out, one is made." placeholder:"FILE" predictor:"file"`
}

// Run makes the webhook, and prints it with its secret.
func (c *webhookCreate) Run(ctx context.Context) error {
	credentials, err := c.credentials()
	if err != nil {
		return err
	}
	n := client.NewWebhook{
		URL: c.URL, Types: c.Type, Description: c.Description, Format: c.Format, Verify: c.Verify, Authentication: credentials,
	}
	if c.SecretFile != "" {
		if n.Secret, err = firstLine("secret", c.SecretFile); err != nil {
			return err
		}
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		h, err := s.AddWebhook(ctx, n)
		if err != nil {
			return err
		}
		return tellWebhook(c.output, h)
	})
}

type webhookChange struct {
	target
	output
	receiverFlags
	ID          string   `arg:"" help:"The webhook's id."`
	URL         *string  `help:"Where events are sent."`
	Type        []string `help:"A type of events that is sent; repeat it for more, empty for every type." sep:"none"`
	Description *string  `help:"A text for people to read."`
	Enabled     *bool    `help:"Whether anything is sent." negatable:""`
	Verify      bool     `help:"Change it only if what answers at the URL returns a challenge."`
}

// Run changes the webhook, and prints it.
func (c *webhookChange) Run(ctx context.Context) error {
	credentials, err := c.credentials()
	if err != nil {
		return err
	}
	change := client.WebhookChange{
		URL: c.URL, Types: listed(c.Type), Description: c.Description, Enabled: c.Enabled, Verify: c.Verify, Authentication: credentials,
	}
	if change == (client.WebhookChange{}) {
		return usage{errNothingNamed}
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		h, err := s.ChangeWebhook(ctx, c.ID, change)
		if err != nil {
			return err
		}
		return tellWebhook(c.output, h)
	})
}

type webhookRotate struct {
	target
	output
	ID      string        `arg:"" help:"The webhook's id."`
	Overlap time.Duration `help:"For how long what is sent is signed under the former keys, too." default:"24h"`
}

// Run makes new keys, and prints the webhook with its secret.
func (c *webhookRotate) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		h, err := s.RotateWebhook(ctx, c.ID, client.Rotation{Overlap: &c.Overlap})
		if err != nil {
			return err
		}
		return tellWebhook(c.output, h)
	})
}

type webhookDelete struct {
	target
	output
	ID  string `arg:"" help:"The webhook's id."`
	Yes bool   `help:"Confirm; nothing can be had back." required:""`
}

// Run removes the webhook.
func (c *webhookDelete) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		if err := s.DeleteWebhook(ctx, c.ID); err != nil {
			return err
		}
		return c.say(deletion{c.ID}, "webhook %s is removed, with its deliveries", c.ID)
	})
}

// tellDelivery tells a delivery in columns.
func tellDelivery(o output, d client.Delivery) error {
	return o.table(d, func(w io.Writer) {
		fmt.Fprintf(w, "id\t%s\nwebhook-id\t%s\ntype\t%s\nstate\t%s\ncreated\t%s\n", d.ID, d.WebhookID, d.Type, d.State, d.CreatedAt.Format(time.RFC3339))
		if d.NextAt != nil {
			fmt.Fprintf(w, "next\t%s\n", d.NextAt.Format(time.RFC3339))
		}
		for _, a := range d.Attempts {
			fmt.Fprintf(w, "attempt %d\t%s\t%s\n", a.Number, a.At.Format(time.RFC3339), outcome(a))
		}
	})
}

// outcome is what came of an attempt in a few words.
func outcome(a client.DeliveryAttempt) string {
	text := fmt.Sprintf("%d ms", a.TookMS)
	if a.Status != 0 {
		text = fmt.Sprintf("status %d, %s", a.Status, text)
	}
	if a.Fault != "" {
		text += ": " + a.Fault
	}
	return text
}

type webhookTest struct {
	target
	output
	ID   string        `arg:"" help:"The webhook's id."`
	Wait time.Duration `help:"How long to wait for the first attempt's outcome." default:"30s"`
}

// testInterval is how often it is looked what became of a test.
const testInterval = 200 * time.Millisecond

var errNoAttempt = errors.New("nothing was attempted yet: as many other deliveries may wait; 'oneton webhook deliveries' tells")

// Run sends the event, prints what became of it, and ends with exitNo when the
// receiver has not taken it.
func (c *webhookTest) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		d, err := s.TestWebhook(ctx, c.ID)
		if err != nil {
			return err
		}
		for end := time.Now().Add(c.Wait); d.AttemptCount == 0; {
			if time.Now().After(end) {
				return errNoAttempt
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(testInterval):
			}
			if d, err = s.Delivery(ctx, c.ID, d.ID); err != nil {
				return err
			}
		}
		if err := tellDelivery(c.output, d); err != nil {
			return err
		}
		if d.State != "delivered" {
			return answeredNo{}
		}
		return nil
	})
}

type webhookDeliveries struct {
	target
	output
	ID    string `arg:"" help:"The webhook's id."`
	State string `help:"Those in this state alone: pending, delivered or failed." enum:",pending,delivered,failed" default:""`
	Limit int    `help:"The most rows; 0 is all." default:"100"`
}

// Run prints a row for each delivery.
func (c *webhookDeliveries) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		out, n := newRows(c.output, func(w io.Writer, d client.Delivery) {
			last := ""
			if d.LastAttempt != nil {
				last = outcome(*d.LastAttempt)
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", d.ID, d.CreatedAt.Format(time.RFC3339), d.Type, d.State, count(d.AttemptCount, "attempt"), last)
		}), 0
		for d, err := range s.Deliveries(ctx, c.ID, c.State) {
			if err != nil {
				return err
			}
			if err := out.add(d); err != nil {
				return err
			}
			if n++; n == c.Limit {
				break
			}
		}
		return out.end()
	})
}

type webhookDelivery struct {
	target
	output
	ID       string `arg:"" help:"The webhook's id."`
	Delivery string `arg:"" help:"The delivery's id."`
}

// Run prints the delivery.
func (c *webhookDelivery) Run(ctx context.Context) error {
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		d, err := s.Delivery(ctx, c.ID, c.Delivery)
		if err != nil {
			return err
		}
		return tellDelivery(c.output, d)
	})
}

type webhookRedeliver struct {
	target
	output
	ID       string    `arg:"" help:"The webhook's id."`
	Delivery string    `arg:"" optional:"" help:"The delivery's id; left out, --failed says which."`
	Failed   bool      `help:"All that failed."`
	Since    time.Time `help:"Only those of events from this time on, as in 2027-01-31T00:00:00Z."`
}

var errWhichDelivery = errors.New("name a delivery, or say --failed for all that failed")

// Run sends anew, with the same ids.
func (c *webhookRedeliver) Run(ctx context.Context) error {
	if c.Failed != (c.Delivery == "") || !c.Failed && !c.Since.IsZero() {
		return usage{errWhichDelivery}
	}
	return c.with(ctx, func(ctx context.Context, s *client.Client) error {
		if c.Failed {
			n, err := s.RedeliverFailed(ctx, c.ID, c.Since)
			if err != nil {
				return err
			}
			return c.say(map[string]int{"deliveries": n}, "%s are sent anew", count(n, "failed delivery"))
		}
		d, err := s.Redeliver(ctx, c.ID, c.Delivery)
		if err != nil {
			return err
		}
		return tellDelivery(c.output, d)
	})
}
