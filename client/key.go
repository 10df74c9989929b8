package client

import (
	"context"
	"iter"
	"net/http"
	"net/url"
	"time"
)

// Key is one of the tenant's.
type Key struct {
	// ID leads the key's text, and names it in logs.
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes"`
	CreatedAt time.Time `json:"created_at"`
	// MadeBy is the key by which it was made, and empty where the operator made it.
	MadeBy    string     `json:"made_by,omitempty"`
	EndsAt    *time.Time `json:"ends_at,omitempty"`
	RevokedAt *time.Time `json:"revoked_at,omitempty"`
	// Current says that the client calls with it.
	Current bool `json:"current"`
	Damaged bool `json:"damaged,omitempty"`
	// Text is told by CreateKey alone.
	Text string `json:"key,omitempty"`
}

// NewKey is a key to make. It may do no more than the one that the client calls with.
type NewKey struct {
	Name   string   `json:"name,omitempty"`
	Scopes []string `json:"scopes"`
	// EndsAt is from when on it is invalid by itself; nil is when the client's is.
	EndsAt *time.Time `json:"ends_at,omitempty"`
}

// Keys lists the tenant's keys by id, revoked ones too.
func (c *Client) Keys(ctx context.Context) iter.Seq2[Key, error] {
	return list[Key](ctx, c, "keys", nil, "v1", "keys")
}

// CreateKey makes a key, whose text cannot be had again.
func (c *Client) CreateKey(ctx context.Context, k NewKey) (Key, error) {
	body, err := jsonBody(k)
	if err != nil {
		return Key{}, err
	}
	var made Key
	_, err = c.fetch(ctx, call{method: http.MethodPost, path: []string{"v1", "keys"}, body: body, once: true}, &made)
	return made, err
}

// RevokeKey ends a key for good, with those that it made and those that these made. One
// that was revoked before is left with what it made, and one that made the client's own,
// or a maker of that, is refused with MadeRequired.
func (c *Client) RevokeKey(ctx context.Context, id string) error {
	return c.remove(ctx, "v1", "keys", id)
}

// RevokeKeyAlone is RevokeKey of a key that leaves those that it made.
func (c *Client) RevokeKeyAlone(ctx context.Context, id string) error {
	return c.revokeKey(ctx, id, "keep")
}

// RevokeKeyWithMade is RevokeKey of a key, revoked before or not, with all that it made,
// also the client's own.
func (c *Client) RevokeKeyWithMade(ctx context.Context, id string) error {
	return c.revokeKey(ctx, id, "revoke")
}

func (c *Client) revokeKey(ctx context.Context, id, made string) error {
	_, err := c.fetch(ctx, call{method: http.MethodDelete, path: []string{"v1", "keys", id}, query: url.Values{"made": {made}}}, nil)
	return err
}

// Scope is something that a key may allow.
type Scope struct {
	Name string `json:"name"`
	// Allows says what, in words.
	Allows string `json:"allows"`
	// Given says that the client's key has it, and may give it.
	Given bool `json:"given"`
}

// Scopes lists what keys may allow.
func (c *Client) Scopes(ctx context.Context) ([]Scope, error) {
	var a struct {
		Scopes []Scope `json:"scopes"`
	}
	_, err := c.fetch(ctx, get("v1", "scopes"), &a)
	return a.Scopes, err
}
