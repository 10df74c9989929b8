// Package client opens identity tokens and compares faces with them without a
// server, for whoever holds a tenant's keys, as 'oneton keys export' writes them. It
// needs neither models nor a database: the caller brings a probe, made by the pack
// that the token names. Whether a token was revoked or replaced, a server alone
// knows.
package client

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"oneton/calibration"
	"oneton/face"
	"oneton/identitytoken/token"
)

// ErrPack means that the keys came without the calibration of the token's pack and
// version.
var ErrPack = errors.New("client: no calibration of the token's pack")

// Keys are a tenant's, and what the cosines of packs mean.
type Keys struct {
	token.Keys

	Packs []Pack `json:"packs"`
}

// Pack is a version of a model pack.
type Pack struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Calibration calibration.Table `json:"calibration"`
}

// Read reads what Write wrote, or is token.ErrKeys or calibration.ErrTable.
func Read(r io.Reader) (*Keys, error) {
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	var k Keys
	if err := d.Decode(&k); err != nil {
		return nil, fmt.Errorf("read keys: %w: %w", token.ErrKeys, err)
	}
	if err := k.Validate(); err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	for _, p := range k.Packs {
		if err := p.Calibration.Validate(); err != nil {
			return nil, fmt.Errorf("read keys: pack %.64q: %w", p.Name, err)
		}
	}
	return &k, nil
}

// Write writes the keys as JSON: whoever has it can make, open and compare with every
// token of the tenant.
func (k *Keys) Write(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(k); err != nil {
		return fmt.Errorf("write keys: %w", err)
	}
	return nil
}

// Token is one that was opened: what it claims is true.
type Token struct {
	token.Claims
	opened *token.Opened
	packs  []Pack
}

// Open opens a token that was made for the context and has not expired at the time.
// Its errors are token.ErrMalformed, token.ErrKey, token.ErrSeal and
// token.ErrExpired.
func (k *Keys) Open(text, context string, now time.Time) (*Token, error) {
	o, err := k.Keys.Open(text, context)
	if err != nil {
		return nil, err
	}
	if o.Expired(now) {
		return nil, fmt.Errorf("open token %s: %w", o.ID, token.ErrExpired)
	}
	return &Token{o.Claims, o, k.Packs}, nil
}

// Check compares a probe with the token, at the accuracy that it was made for and
// under its secret; empty is none. A wrong secret answers as a stranger's face does.
// It hashes a secret in token.HashMemory bytes. ErrPack; token.ErrOpenOnly where the
// keys were written without those that compare; face.ErrDimension.
func (t *Token) Check(probe face.Template, secret string) (token.Result, error) {
	i := slices.IndexFunc(t.packs, func(p Pack) bool { return p.Name == t.Pack && p.Version == t.Version })
	if i < 0 {
		return token.Result{}, fmt.Errorf("compare with a token of version %.64s of pack %.64q: %w", t.Version, t.Pack, ErrPack)
	}
	salt, err := t.opened.Salt()
	if err != nil {
		return token.Result{}, err
	}
	stretched, err := token.Stretch(secret, salt)
	if err != nil {
		return token.Result{}, err
	}
	cosine, photos, err := t.opened.Compare(probe, stretched)
	if err != nil {
		return token.Result{}, err
	}
	return token.Decide(&t.packs[i].Calibration, cosine, photos, t.Accuracy)
}
