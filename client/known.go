package client

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
)

// MaxKnown is how many photos one call of KnownPhotos may ask about.
const MaxKnown = 200

// PhotoOf is a photo, by its SHA-256, and whose it is.
type PhotoOf struct {
	Subject string
	SHA256  [sha256.Size]byte
}

// KnownPhotos tells of each photo whether it was enrolled for the subject with Once, or
// by an import, and its face is there: such a photo need not be sent. Where ofImport is
// not empty, photos of subjects that this import has not made are told as not known.
func (c *Client) KnownPhotos(ctx context.Context, gallery, ofImport string, photos []PhotoOf) ([]bool, error) {
	type asked struct {
		Subject string `json:"subject"`
		SHA256  string `json:"sha256"`
	}
	body := struct {
		Photos []asked `json:"photos"`
		Import string  `json:"import,omitempty"`
	}{Photos: make([]asked, len(photos)), Import: ofImport}
	for i, p := range photos {
		body.Photos[i] = asked{p.Subject, hex.EncodeToString(p.SHA256[:])}
	}
	content, err := jsonBody(body)
	if err != nil {
		return nil, err
	}
	var a struct {
		Known []bool `json:"known"`
	}
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "galleries", gallery, "photos", "known"}, body: content, reads: true}, &a)
	if err == nil && len(a.Known) != len(photos) {
		err = fmt.Errorf("%w: it tells of %d photos of %d", ErrAnswer, len(a.Known), len(photos))
	}
	return a.Known, err
}
