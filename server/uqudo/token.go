package uqudo

import (
	"errors"
	"fmt"
	"mime"
	"net/url"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"oneton/access"
	"oneton/server"
	"oneton/store"
)

const (
	issuer   = "oneton"
	audience = "oneton/uqudo"
	lifetime = 30 * time.Minute
	// leeway is how far the clocks of replicas may differ. RFC 7519, section
	// 4.1, allows a few minutes; machines that keep time need none.
	leeway = time.Minute
	// header is the JOSE header of every token, as it is issued: HS256 and
	// typ JWT.
	header = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
	// minTokenKey is the least key of HS256 (RFC 7518, section 3.2).
	minTokenKey = 32
	// maxCredentials is the largest token request, which anyone may send.
	maxCredentials = 4 << 10
)

// tokens signs and checks access tokens: JWS with HS256.
type tokens struct {
	signs    []byte
	verifies jwt.VerificationKeySet
	now      func() time.Time
}

// claims are a token's. Tenant and scope are for the client to read; what the
// token allows is looked up by its subject, the key's id, at each use.
type claims struct {
	jwt.RegisteredClaims
	Tenant string `json:"tenant"`
	Scope  string `json:"scope"`
}

func (t tokens) issue(p access.Principal, scope string) (token, id string, err error) {
	now := t.now()
	id = uuid.NewString()
	token, err = jwt.NewWithClaims(jwt.SigningMethodHS256, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Audience: jwt.ClaimStrings{audience}, Subject: string(p.KeyID), ID: id,
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(lifetime)),
		},
		Tenant: string(p.Tenant), Scope: scope,
	}).SignedString(t.signs)
	if err != nil {
		return "", "", fmt.Errorf("sign token: %w", err)
	}
	return token, id, nil
}

// verify returns the id of the key that a token was issued to, or
// access.ErrUnauthorized. Only a header that is byte for byte the issuer's is
// read on, so no token can choose an algorithm, bring a key or ask for an
// extension in crit, which RFC 7515, section 4.1.11, forbids to ignore.
func (t tokens) verify(token string) (keyID store.KeyID, err error) {
	if first, _, _ := strings.Cut(token, "."); first != header {
		return "", fmt.Errorf("read token's header: %w", access.ErrUnauthorized)
	}
	var c claims
	_, err = jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return t.verifies, nil },
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithIssuedAt(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(t.now), jwt.WithStrictDecoding())
	if err != nil {
		return "", fmt.Errorf("verify token: %w", access.ErrUnauthorized)
	}
	// None is issued for longer, so none is taken for longer.
	if c.IssuedAt == nil || c.ExpiresAt.Sub(c.IssuedAt.Time) > lifetime {
		return "", fmt.Errorf("check token's lifetime: %w", access.ErrUnauthorized)
	}
	return store.KeyID(c.Subject), nil
}

// oauthError is the body of a refused token request (RFC 6749, section 5.2).
type oauthError struct {
	Error       string `json:"error"`
	Description string `json:"error_description"`
}

// token exchanges a client's id and secret for an access token.
func (d *dialect) token(c *fiber.Ctx) error {
	c.Set(fiber.HeaderPragma, "no-cache")
	body, err := server.Body(c, maxCredentials)
	if err != nil {
		return err
	}
	form, wrong := credentials(c.Get(fiber.HeaderContentType), body)
	if wrong != "" {
		return c.Status(fiber.StatusBadRequest).JSON(oauthError{"invalid_request", wrong})
	}
	if form.Get("grant_type") != "client_credentials" {
		return c.Status(fiber.StatusBadRequest).JSON(oauthError{"unsupported_grant_type", "grant_type must be client_credentials"})
	}
	id, secret := form.Get("client_id"), form.Get("client_secret")
	if _, _, whole := access.Split(secret); !whole {
		secret = access.Text(store.KeyID(id), secret)
	}
	p, err := d.keys.Authenticate(c.UserContext(), secret)
	if errors.Is(err, access.ErrUnauthorized) || err == nil && string(p.KeyID) != id {
		return c.Status(fiber.StatusUnauthorized).JSON(oauthError{"invalid_client", "client_id or client_secret is wrong, or the client is revoked; they are the middle part of an API key and the whole key, or its last part"})
	}
	if err != nil {
		return fmt.Errorf("authenticate client: %w", err)
	}
	server.SetPrincipal(c, p)
	scope := strings.Join(granted(p), " ")
	token, jti, err := d.tokens.issue(p, scope)
	if err != nil {
		return err
	}
	return c.JSON(struct {
		AccessToken string `json:"access_token"`
		TokenType   string `json:"token_type"`
		ExpiresIn   int    `json:"expires_in"`
		Scope       string `json:"scope"`
		JTI         string `json:"jti"`
	}{token, "bearer", int(lifetime / time.Second), scope, jti})
}

// credentials reads the form, or tells what is wrong with it. Parameters this
// call does not know are ignored, as RFC 6749 asks, but none that it knows may
// come twice.
func credentials(contentType string, body []byte) (form url.Values, wrong string) {
	media, _, err := mime.ParseMediaType(contentType)
	if err != nil || media != fiber.MIMEApplicationForm {
		return nil, "send grant_type, client_id and client_secret in the body, with Content-Type: " + fiber.MIMEApplicationForm
	}
	if form, err = url.ParseQuery(string(body)); err != nil {
		return nil, "the body is no form: names and values must be percent-encoded and joined by = and &"
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret"} {
		switch {
		case len(form[name]) > 1:
			return nil, name + " is given more than once"
		case form.Get(name) == "":
			return nil, name + " is required"
		}
	}
	return form, ""
}

// granted are the dialect's scopes that the principal has.
func granted(p access.Principal) []string {
	var scopes []string
	for _, s := range Scopes() {
		if p.Can(s.Name) {
			scopes = append(scopes, s.Name)
		}
	}
	return scopes
}
