package client

import (
	"context"
	"encoding/json"
	"iter"
	"net/http"
	"time"
)

// Attempt is somebody's try to show who they are.
type Attempt struct {
	ID string `json:"id"`
	// Type is signup or validation.
	Type string `json:"type"`
	// Status is pending, success, failed, review or cancelled.
	Status string `json:"status"`
	// User is whom it is about, where it is about one who is registered.
	User      string    `json:"user,omitempty"`
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
	// What follows is told where one attempt is read. Faces are the kept ones, subjects
	// of the Gallery.
	Gallery  string          `json:"gallery,omitempty"`
	Faces    []string        `json:"faces,omitempty"`
	Metadata json.RawMessage `json:"metadata,omitempty"`
	Stages   []Stage         `json:"stages,omitempty"`
	History  []AttemptChange `json:"history,omitempty"`
}

// Stage is what a check of an attempt said.
type Stage struct {
	Name string `json:"name"`
	// Status is completed, failed or invalid.
	Status string         `json:"status"`
	At     time.Time      `json:"at"`
	Input  map[string]any `json:"input"`
	Output map[string]any `json:"output"`
	// Photo names the document's photo, where one is kept; see Client.Evidence.
	Photo string `json:"photo,omitempty"`
}

// AttemptChange is one of an attempt's status.
type AttemptChange struct {
	At      time.Time `json:"at"`
	Key     string    `json:"key_id,omitempty"`
	Request string    `json:"request_id,omitempty"`
	From    string    `json:"from,omitempty"`
	To      string    `json:"to"`
	// Reason is the reviewer's.
	Reason string `json:"reason,omitempty"`
}

// AttemptQuery restricts a list of attempts; what is empty does not.
type AttemptQuery struct{ Type, Status string }

// Attempts lists attempts, the newest first.
func (c *Client) Attempts(ctx context.Context, only AttemptQuery) iter.Seq2[Attempt, error] {
	return list[Attempt](ctx, c, "attempts", restrict("type", only.Type, "status", only.Status), "v1", "kyc", "attempts")
}

// Attempt reads one with its stages and its history.
func (c *Client) Attempt(ctx context.Context, id string) (Attempt, error) {
	var a Attempt
	_, err := c.fetch(ctx, get("v1", "kyc", "attempts", id), &a)
	return a, err
}

// Evidence is the photo of a document that a check of an attempt kept;
// NotFound also where its time is over.
func (c *Client) Evidence(ctx context.Context, attempt, photo string) (StoredPhoto, error) {
	return c.stored(ctx, get("v1", "kyc", "attempts", attempt, "photos", photo))
}

// Decision is a reviewer's.
type Decision string

// The decisions.
const (
	Approve       Decision = "approve"
	Reject        Decision = "reject"
	CancelAttempt Decision = "cancel"
)

// Review decides on an attempt that is in review, for a reason that its history keeps;
// of any other it is NotInReview.
func (c *Client) Review(ctx context.Context, attempt string, d Decision, reason string) (Attempt, error) {
	body, err := jsonBody(map[string]string{"decision": string(d), "reason": reason})
	if err != nil {
		return Attempt{}, err
	}
	var a Attempt
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "kyc", "attempts", attempt, "review"}, body: body, once: true}, &a)
	return a, err
}
