package client

import (
	"context"
	"io"
	"net/http"
)

// Service is what a server tells at its root.
type Service struct {
	Name string `json:"name"`
	// Descriptions are the paths of the descriptions of its APIs.
	Descriptions []string `json:"descriptions"`
}

// Readiness is whether a server should be sent requests.
type Readiness struct {
	// Status is ok, or degraded where something is damaged in the database.
	Status string `json:"status"`
	// SetAside is how many faces searches do not see, or not by their metadata, and
	// Faces are the ids of some.
	SetAside int      `json:"set_aside,omitempty"`
	Faces    []string `json:"faces,omitempty"`
	// Damaged is what else is, and how often.
	Damaged map[string]int `json:"damaged,omitempty"`
	// Off is what the server does not do, and why.
	Off map[string]string `json:"off,omitempty"`
}

// Root tells where the descriptions are.
func (c *Client) Root(ctx context.Context) (Service, error) {
	var s Service
	_, err := c.fetch(ctx, get(""), &s)
	return s, err
}

// Live tells whether the process answers: nil is that it does.
func (c *Client) Live(ctx context.Context) error {
	_, err := c.fetch(ctx, get("livez"), nil)
	return err
}

// Ready tells whether requests should be sent to the server; Unavailable where not.
func (c *Client) Ready(ctx context.Context) (Readiness, error) {
	var r Readiness
	_, err := c.fetch(ctx, get("readyz"), &r)
	return r, err
}

// Description is the API's, in OpenAPI.
func (c *Client) Description(ctx context.Context) ([]byte, error) {
	var text []byte
	_, err := c.do(ctx, get("openapi.yaml"), func(res *http.Response) (err error) { //nolint:bodyclose // closed where it is read
		defer res.Body.Close()
		text, err = io.ReadAll(io.LimitReader(res.Body, maxDescription))
		return err
	})
	return text, err
}

// maxDescription is the most that is read of a description.
const maxDescription = 4 << 20
