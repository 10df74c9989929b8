package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Review is an answer of several candidates that waits for a person, or was decided.
type Review struct {
	ID string    `json:"id"`
	At time.Time `json:"at"`
	// AskedBy is the key of who searched, and RequestID finds the request in the log.
	AskedBy   string `json:"asked_by"`
	RequestID string `json:"request_id"`
	// Box is where the face was in the photo, once that was turned by Rotation.
	Box      Box `json:"box"`
	Rotation int `json:"rotation"`
	// Threshold was applied, of so many Faces.
	Threshold float64 `json:"threshold"`
	Faces     int     `json:"faces"`
	// Candidates are those who are there still, best first, and have the face still, or
	// were decided for.
	Candidates []ReviewCandidate `json:"candidates"`
	HasPhoto   bool              `json:"has_photo"`
	// Decision is candidate, none or same, and empty while it waits.
	Decision  string     `json:"decision,omitempty"`
	DecidedAt *time.Time `json:"decided_at,omitempty"`
	DecidedBy string     `json:"decided_by,omitempty"`
	// EndsAt is when nothing of it is kept any more.
	EndsAt time.Time `json:"ends_at"`
}

// ReviewCandidate is one of whom the answer named.
type ReviewCandidate struct {
	Subject string `json:"subject"`
	// Face is the one that was found, and empty where whoever was decided for has it no more.
	Face   string  `json:"face,omitempty"`
	Cosine float64 `json:"cosine"`
	Score  float64 `json:"score"`
	// Chosen says that it was decided for.
	Chosen bool `json:"chosen,omitempty"`
}

// ReviewDecision is what a person says to a review: "candidate", that it is the Subject;
// "none"; or "same", that Subject and Others are one person, who are merged.
type ReviewDecision struct {
	Decision string   `json:"decision"`
	Subject  string   `json:"subject,omitempty"`
	Others   []string `json:"others,omitempty"`
}

// Reviews lists a gallery's reviews that wait, or those that were decided, in the order
// in which they came.
func (c *Client) Reviews(ctx context.Context, gallery string, decided bool) iter.Seq2[Review, error] {
	q := url.Values{"status": {"waiting"}}
	if decided {
		q.Set("status", "decided")
	}
	return list[Review](ctx, c, "reviews", q, "v1", "galleries", gallery, "reviews")
}

// GetReview reads one.
func (c *Client) GetReview(ctx context.Context, gallery, id string) (r Review, err error) {
	_, err = c.fetch(ctx, get("v1", "galleries", gallery, "reviews", id), &r)
	return r, err
}

// ReviewPhoto reads the photo that was searched; NotFound where none is kept.
func (c *Client) ReviewPhoto(ctx context.Context, gallery, id string) (StoredPhoto, error) {
	call := get("v1", "galleries", gallery, "reviews", id, "photo")
	res, err := c.do(ctx, call, func(*http.Response) error { return nil }) //nolint:bodyclose // the caller closes it
	if err != nil {
		return StoredPhoto{}, err
	}
	return StoredPhoto{res.Body, res.Header.Get("Content-Type"), res.ContentLength}, nil
}

// DecideReview decides a review; ReviewDecided where somebody has.
func (c *Client) DecideReview(ctx context.Context, gallery, id string, d ReviewDecision) (r Review, err error) {
	body, err := jsonBody(d)
	if err != nil {
		return r, err
	}
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "reviews", id, "decision"}, body: body, once: true}, &r)
	return r, err
}
