package clienttest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// keys is the key set as a client keeps it.
type keys struct {
	set     jose.JSONWebKeySet
	fetched time.Time
}

// Result is what a face session came to.
type Result struct {
	Issuer   string `json:"iss"`
	Audience string `json:"aud"`
	IssuedAt int64  `json:"iat"`
	Expires  int64  `json:"exp"`
	ID       string `json:"jti"`
	Data     struct {
		Face struct {
			Match           bool     `json:"match"`
			MatchLevel      int      `json:"matchLevel"`
			Error           *string  `json:"error"`
			FalseAcceptRate *float64 `json:"falseAcceptRate"`
			ImageID         *string  `json:"auditTrailImageId"`
			Checksum        *string  `json:"auditTrailImageIdChecksum"`
			PersonID        *string  `json:"oneToNVerificationId"`
			PersonMatch     *bool    `json:"oneToNVerificationMatch"`
		} `json:"face"`
		SessionID string          `json:"sessionId"`
		Nonce     string          `json:"nonce"`
		Liveness  json.RawMessage `json:"liveness"`
	} `json:"data"`
}

// These errors say why a result is not believed.
var (
	ErrSignature = errors.New("uqudo: the signature is none of the server's")
	ErrAudience  = errors.New("uqudo: the result is another client's")
	ErrExpired   = errors.New("uqudo: the result has expired")
	ErrSession   = errors.New("uqudo: the result is another session's")
	ErrNonce     = errors.New("uqudo: the result has another nonce")
)

// Verify reads a result that is this client's, of that session and with that nonce, and
// that the server has signed: by the key set, which is kept for five minutes and fetched
// anew, once, for a key that is not in it.
func (c *Client) Verify(compact, session, nonce string) (Result, error) {
	j, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.RS256})
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	kid := j.Signatures[0].Protected.KeyID
	if time.Since(c.keys.fetched) > 5*time.Minute || len(c.keys.set.Key(kid)) == 0 {
		if err := c.fetch(); err != nil {
			return Result{}, err
		}
	}
	known := c.keys.set.Key(kid)
	if len(known) != 1 || known[0].Algorithm != "RS256" || known[0].Use != "sig" {
		return Result{}, fmt.Errorf("%w: no key %q", ErrSignature, kid)
	}
	text, err := j.Verify(known[0].Key)
	if err != nil {
		return Result{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	var r Result
	if err := json.Unmarshal(text, &r); err != nil {
		return Result{}, err
	}
	switch {
	case r.Audience != c.ID:
		return Result{}, ErrAudience
	case time.Now().Unix() >= r.Expires:
		return Result{}, ErrExpired
	case r.Data.SessionID != session:
		return Result{}, ErrSession
	case r.Data.Nonce != nonce:
		return Result{}, ErrNonce
	}
	return r, nil
}

func (c *Client) fetch() error {
	res, err := c.HTTP.Get(c.API + "/api/.well-known/jwks.json")
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	c.keys = keys{fetched: time.Now()}
	return decode(res, http.StatusOK, &c.keys.set)
}
