package client

import (
	"context"
	"iter"
	"net/http"
	"strconv"
	"time"
)

// Import is many people who are brought over at once, and how far that has come.
type Import struct {
	ID      string `json:"id"`
	Gallery string `json:"gallery"`
	// Format is zip or ndjson.
	Format string `json:"format"`
	// Job does it; empty until it is started.
	Job string `json:"job,omitempty"`
	// Status is open while it takes parts, and then the job's.
	Status string `json:"status"`
	Error  string `json:"error,omitempty"`
	// Done is how many photos are done of Total, which is 0 where nobody knows.
	Done  int64 `json:"done"`
	Total int64 `json:"total,omitempty"`
	// What came of those that are done.
	Added   int64 `json:"added"`
	Present int64 `json:"present"`
	Skipped int64 `json:"skipped"`
	Refused int64 `json:"refused"`

	CreatedAt time.Time  `json:"created_at"`
	StartedAt *time.Time `json:"started_at,omitempty"`
	EndedAt   *time.Time `json:"ended_at,omitempty"`
}

// NewImport is one to make.
type NewImport struct {
	// Format is zip or ndjson.
	Format      string `json:"format"`
	SubjectFrom string `json:"subject_from,omitempty"`
	MakeIDs     bool   `json:"make_ids,omitempty"`
	// Existing is add, skip or refuse; empty is add.
	Existing string `json:"existing,omitempty"`
	Detail   string `json:"detail,omitempty"`
}

// CreateImport makes an import that takes parts. It is not sent again where it may have
// been done.
func (c *Client) CreateImport(ctx context.Context, gallery string, n NewImport) (Import, error) {
	body, err := jsonBody(n)
	if err != nil {
		return Import{}, err
	}
	return c.imported(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "imports"}, body: body, once: true})
}

func (c *Client) imported(ctx context.Context, call call) (Import, error) {
	var i Import
	_, err := c.fetch(ctx, call, &i)
	return i, err
}

// PutImportPart puts a part, from 1 on, of what an import is made from; one that was
// there is replaced.
func (c *Client) PutImportPart(ctx context.Context, id string, part int, bytes Photo) error {
	_, err := c.fetch(ctx, call{
		method: http.MethodPut, path: []string{"v1", "imports", id, "parts", strconv.Itoa(part)}, body: func() (content, error) {
			r, size, err := bytes.open()
			return content{r, "application/octet-stream", size}, err
		},
	}, nil)
	return err
}

// StartImport begins an import whose parts are all there.
func (c *Client) StartImport(ctx context.Context, id string) (Import, error) {
	return c.imported(ctx, call{method: http.MethodPost, path: []string{"v1", "imports", id, "start"}})
}

// Import says how far an import has come.
func (c *Client) Import(ctx context.Context, id string) (Import, error) {
	return c.imported(ctx, get("v1", "imports", id))
}

// Imports lists imports, the newest first.
func (c *Client) Imports(ctx context.Context) iter.Seq2[Import, error] {
	return list[Import](ctx, c, "imports", nil, "v1", "imports")
}

// ImportItem is what came of a photo.
type ImportItem struct {
	N       int64  `json:"n"`
	Path    string `json:"path"`
	Subject string `json:"subject,omitempty"`
	// Outcome is added, present, skipped or refused.
	Outcome string `json:"outcome"`
	Face    string `json:"face,omitempty"`
	Code    string `json:"code,omitempty"`
	Message string `json:"message,omitempty"`
	Advice  string `json:"what_to_do,omitempty"`
}

// ImportItems lists what came of each photo, of one outcome or, where that is empty, of
// all.
func (c *Client) ImportItems(ctx context.Context, id, outcome string) iter.Seq2[ImportItem, error] {
	return list[ImportItem](ctx, c, "items", restrict("outcome", outcome), "v1", "imports", id, "items")
}

// DeleteImport ends an import and forgets it; whom it enrolled stays.
func (c *Client) DeleteImport(ctx context.Context, id string) error {
	return c.remove(ctx, "v1", "imports", id)
}
