package uqudo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"oneton/access"
	"oneton/signature"
)

const (
	audience = "oneton/uqudo"
	lifetime = 30 * time.Minute
)

// Signatures sign what clients get, and tell what was signed; *signature.Service does.
type Signatures interface {
	// Issuer is who signs.
	Issuer() string
	// SignAt returns a compact JWS of the claims for now.
	SignAt(ctx context.Context, claims func(now time.Time) any) (string, error)
	// Verify returns the claims of a compact JWS that has not expired, or
	// signature.ErrInvalid.
	Verify(ctx context.Context, compact string) (claims []byte, err error)
	// JWKS is the set of the keys that verify.
	JWKS(ctx context.Context) (signature.JWKS, error)
}

// claims are an access token's. What it allows is looked up by its subject, the id of
// the client's key, at each use, and may not be more than its scope.
type claims struct {
	Audience  string   `json:"aud"`
	ClientID  string   `json:"client_id"`
	Expires   int64    `json:"exp"`
	IssuedAt  int64    `json:"iat"`
	Issuer    string   `json:"iss"`
	ID        string   `json:"jti"`
	NotBefore int64    `json:"nbf"`
	Scope     []string `json:"scope"`
	Subject   string   `json:"sub"`
	Tenant    string   `json:"tenant"`
}

// tokens are access tokens.
type tokens struct{ signatures Signatures }

func (t tokens) issue(ctx context.Context, p access.Principal, scope []string) (token, id string, err error) {
	id = uuid.NewString()
	token, err = t.signatures.SignAt(ctx, func(now time.Time) any {
		return claims{
			Audience: audience, ClientID: string(p.KeyID), Expires: now.Add(lifetime).Unix(), IssuedAt: now.Unix(), Issuer: t.signatures.Issuer(),
			ID: id, NotBefore: now.Unix(), Scope: scope, Subject: string(p.KeyID), Tenant: string(p.Tenant),
		}
	})
	if err != nil {
		return "", "", fmt.Errorf("sign token: %w", err)
	}
	return token, id, nil
}

// verify returns the claims of an access token, or access.ErrUnauthorized: also for
// whatever else the same keys have signed.
func (t tokens) verify(ctx context.Context, token string) (claims, error) {
	text, err := t.signatures.Verify(ctx, token)
	if errors.Is(err, signature.ErrInvalid) {
		return claims{}, fmt.Errorf("check token: %w: %w", access.ErrUnauthorized, err)
	}
	if err != nil {
		return claims{}, fmt.Errorf("check token: %w", err)
	}
	var c claims
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil || c.Audience != audience || c.Issuer != t.signatures.Issuer() ||
		c.Subject == "" || c.Subject != c.ClientID || time.Duration(c.Expires-c.IssuedAt)*time.Second != lifetime {
		return claims{}, fmt.Errorf("check token's claims: %w", access.ErrUnauthorized)
	}
	return c, nil
}

// granted are the dialect's scopes that the principal has.
func granted(p access.Principal) []string { return both(p, names()) }

// both are those of the scopes that the principal has.
func both(p access.Principal, scopes []string) []string {
	have := []string{}
	for _, s := range scopes {
		if p.Can(s) {
			have = append(have, s)
		}
	}
	return have
}
