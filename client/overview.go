package client

import (
	"context"
	"iter"
)

// Standing is how a gallery is, at a glance.
type Standing struct {
	Name string  `json:"name"`
	Pack string  `json:"pack"`
	FPIR float64 `json:"fpir"`
	// Faces is how many searches look at, as far as the index has come.
	Faces   int  `json:"faces"`
	Damaged bool `json:"damaged,omitempty"`
}

// Overview is how the server is.
type Overview struct {
	// Packs are the loaded model packs, the default first.
	Packs []string `json:"packs"`
	// Position says how far the change log has come, and the server's index after it.
	Position struct {
		Log   uint64 `json:"log"`
		Index uint64 `json:"index"`
	} `json:"position"`
	// LastHour is what the server answered the tenant.
	LastHour struct {
		One        int `json:"one"`
		Several    int `json:"several"`
		Nobody     int `json:"nobody"`
		Enrolments int `json:"enrolments"`
	} `json:"last_hour"`
}

// Overview tells how the server is, which costs it next to nothing.
func (c *Client) Overview(ctx context.Context) (Overview, error) {
	var o Overview
	_, err := c.fetch(ctx, get("v1", "overview"), &o)
	return o, err
}

// Standings tells how the galleries are, by name.
func (c *Client) Standings(ctx context.Context) iter.Seq2[Standing, error] {
	return list[Standing](ctx, c, "galleries", nil, "v1", "overview")
}
