package client

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// SubjectFilter chooses subjects; a zero field lets all pass.
type SubjectFilter struct {
	// Prefix is how their ids begin.
	Prefix string
	// Metadata keeps subjects whose metadata has, for every key named, one of the values.
	Metadata map[string][]string
	// Photos is "none" for those without a kept photo, and "some" for the others.
	Photos string
	// MaxFaces keeps those with at most so many faces.
	MaxFaces *int
}

// FindSubjects lists those of a gallery's subjects by id that the filter lets pass.
func (c *Client) FindSubjects(ctx context.Context, gallery string, f SubjectFilter) iter.Seq2[Subject, error] {
	query := url.Values{}
	for name, value := range map[string]string{"prefix": f.Prefix, "photos": f.Photos} {
		if value != "" {
			query.Set(name, value)
		}
	}
	if f.MaxFaces != nil {
		query.Set("max_faces", strconv.Itoa(*f.MaxFaces))
	}
	if len(f.Metadata) > 0 {
		filter, err := json.Marshal(f.Metadata)
		if err != nil {
			return func(yield func(Subject, error) bool) { yield(Subject{}, fmt.Errorf("encode filter: %w", err)) }
		}
		query.Set("filter", string(filter))
	}
	return c.subjects(ctx, gallery, query)
}

// Counts is how much a gallery holds.
type Counts struct {
	Subjects int `json:"subjects"`
	Faces    int `json:"faces"`
}

// Counts is how much a gallery holds, or did some seconds ago.
func (c *Client) Counts(ctx context.Context, gallery string) (n Counts, err error) {
	_, err = c.fetch(ctx, get("v1", "galleries", gallery, "counts"), &n)
	return n, err
}

// MergeSubject makes all faces of a subject another's, and the subject is gone. The other
// keeps its metadata, unless metadata is not nil: then it has these. It is not sent again
// where it may have been done.
func (c *Client) MergeSubject(ctx context.Context, gallery, subject, into string, metadata map[string]string) (Subject, error) {
	fields := map[string]any{"into": into}
	if metadata != nil {
		fields["metadata"] = metadata
	}
	return c.reassign(ctx, gallery, subject, "merge", fields)
}

// Split says which faces of a subject become another's.
type Split struct {
	// Faces are their ids.
	Faces []string
	Into  string
	// Create makes Into with the Metadata; else it is there and keeps its own.
	Create   bool
	Metadata map[string]string
}

// SplitSubject makes some faces of a subject another's. It is not sent again where it may
// have been done.
func (c *Client) SplitSubject(ctx context.Context, gallery, subject string, s Split) (Subject, error) {
	fields := map[string]any{"faces": s.Faces, "into": s.Into}
	if s.Create {
		fields["create"] = true
	}
	if len(s.Metadata) > 0 {
		fields["metadata"] = s.Metadata
	}
	return c.reassign(ctx, gallery, subject, "split", fields)
}

// MoveSubject brings a subject to another gallery of the same pack, under an id that is
// free there; empty is the same one. Its faces get new ids. It is not sent again where it
// may have been done.
func (c *Client) MoveSubject(ctx context.Context, gallery, subject, to, id string) (Subject, error) {
	fields := map[string]any{"gallery": to}
	if id != "" {
		fields["id"] = id
	}
	return c.reassign(ctx, gallery, subject, "move", fields)
}

// reassign is the subject whose faces they are afterwards.
func (c *Client) reassign(ctx context.Context, gallery, subject, verb string, fields map[string]any) (Subject, error) {
	body, err := jsonBody(fields)
	if err != nil {
		return Subject{}, err
	}
	return c.changed(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "subjects", subject, verb}, body: body, once: true})
}

// changed is a subject as a call has made it.
func (c *Client) changed(ctx context.Context, made call) (s Subject, err error) {
	h, err := c.fetch(ctx, made, &s)
	if err != nil {
		return Subject{}, err
	}
	s.ETag = h.Get("ETag")
	return s, nil
}

// EndSubject lets a subject be deleted after a while of whole seconds, at most 30 days,
// unless KeepSubject comes first.
func (c *Client) EndSubject(ctx context.Context, gallery, subject string, after time.Duration) (Subject, error) {
	body, err := jsonBody(map[string]any{"seconds": int64(after / time.Second)})
	if err != nil {
		return Subject{}, err
	}
	return c.changed(ctx, call{method: http.MethodPut, path: []string{"v1", "galleries", gallery, "subjects", subject, "deletion"}, body: body})
}

// KeepSubject takes back that a subject is to be deleted.
func (c *Client) KeepSubject(ctx context.Context, gallery, subject string) (Subject, error) {
	return c.changed(ctx, call{method: http.MethodDelete, path: []string{"v1", "galleries", gallery, "subjects", subject, "deletion"}})
}
