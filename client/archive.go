package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
)

// Export writes a gallery to w as an archive: people, metadata, templates and, if they
// are wanted, kept photos. Only an archive that ends with its sums is whole; after an
// error what was written is to be thrown away. It is sent once.
func (c *Client) Export(ctx context.Context, gallery string, photos bool, w io.Writer) error {
	query := url.Values{}
	if photos {
		query.Set("photos", "true")
	}
	request := call{method: http.MethodGet, path: []string{"v1", "galleries", gallery, "export"}, query: query}
	_, err := c.send(ctx, request, func(res *http.Response) error { //nolint:bodyclose // it is, within
		defer res.Body.Close()
		_, err := io.Copy(w, res.Body)
		return err
	})
	return err
}

// ArchiveImport is what came of an archive.
type ArchiveImport struct {
	// Subjects are the people who were added, Faces the faces that were, and Present
	// those that were there already.
	Subjects int `json:"subjects"`
	Faces    int `json:"faces"`
	Present  int `json:"present"`
	// Elsewhere are faces that are another person's of the gallery by now, and stay so.
	Elsewhere []Elsewhere `json:"elsewhere,omitempty"`
	// Refused are people who were not added, or not whole.
	Refused []Refused `json:"refused"`
}

// Elsewhere is a face that is another person's in the gallery than in the archive.
type Elsewhere struct {
	Subject string `json:"subject"`
	Face    string `json:"face"`
	Of      string `json:"of"`
}

// Refused is one who was not added, and why.
type Refused struct {
	Subject string `json:"subject"`
	Code    Code   `json:"code"`
	Detail  string `json:"detail,omitempty"`
}

// ImportArchive adds the people of an archive to a gallery of the same pack. Done twice it is
// as done once. The server takes archives of at most its largest body.
func (c *Client) ImportArchive(ctx context.Context, gallery string, archive []byte) (ArchiveImport, error) {
	var a ArchiveImport
	_, err := c.fetch(ctx, call{
		method: http.MethodPost, path: []string{"v1", "galleries", gallery, "import"},
		body: func() (content, error) {
			return content{io.NopCloser(bytes.NewReader(archive)), "application/x-tar", int64(len(archive))}, nil
		},
	}, &a)
	if err != nil {
		return a, fmt.Errorf("import archive: %w", err)
	}
	return a, nil
}
