package client

import (
	"context"
	"iter"
	"net/http"
	"time"
)

// Job is what takes long, and how far it has come.
type Job struct {
	ID   string `json:"id"`
	Kind string `json:"kind"`
	// Import is the one that it does, where it does one.
	Import string `json:"import,omitempty"`
	// Status is queued, running, succeeded, failed, invalid or cancelled.
	Status string `json:"status"`
	// Done is how much is done of Total, which is 0 where nobody knows.
	Done  int64 `json:"done"`
	Total int64 `json:"total,omitempty"`
	// Error says why it failed, was invalid, or is tried again; of a fault of the server,
	// that there was one.
	Error   string `json:"error,omitempty"`
	Attempt int    `json:"attempt"`

	AddedAt   time.Time  `json:"added_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// JobQuery restricts a list of jobs; what is empty does not.
type JobQuery struct{ Kind, Status string }

// Jobs lists jobs, the newest first.
func (c *Client) Jobs(ctx context.Context, only JobQuery) iter.Seq2[Job, error] {
	return list[Job](ctx, c, "jobs", restrict("kind", only.Kind, "status", only.Status), "v1", "jobs")
}

// Job reads one.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var j Job
	_, err := c.fetch(ctx, get("v1", "jobs", id), &j)
	return j, err
}

// CancelJob ends a job; JobEnded where it has. What it has done stays.
func (c *Client) CancelJob(ctx context.Context, id string) (Job, error) {
	var j Job
	_, err := c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "jobs", id, "cancel"}, once: true}, &j)
	return j, err
}
