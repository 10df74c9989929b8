package uqudo

import (
	"encoding/base64"
	"errors"
	"mime"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// errClient means that a client's id or secret is wrong, or that it was revoked.
var errClient = errors.New("uqudo: no such client, or another secret")

// grant is a request for an access token.
type grant struct{ id, secret, scope string }

// grantOf reads a request for a token, or tells why it cannot be served (RFC 6749,
// sections 2.3.1 and 4.4.2): the client names itself by HTTP Basic, by fields of the
// form, or, where that is allowed, by parameters of the query, and by one of them.
// Parameters this call does not know are ignored, as the RFC asks, but none that it
// knows may come twice.
func grantOf(c *fiber.Ctx, body []byte, byQuery bool) (grant, *oauthError) {
	query, err := url.ParseQuery(string(c.Request().URI().QueryString()))
	if err != nil {
		return grant{}, invalid("the query is malformed")
	}
	if !byQuery && (query.Has("client_id") || query.Has("client_secret")) {
		return grant{}, invalid("credentials in the query are refused, since URLs are logged; send client_id and client_secret in the body, or by HTTP Basic, and give the client another secret")
	}
	if !byQuery {
		query = nil
	}
	if c.Get(fiber.HeaderContentType) != "" || len(body) > 0 || len(query) == 0 {
		if media, _, err := mime.ParseMediaType(c.Get(fiber.HeaderContentType)); err != nil || media != fiber.MIMEApplicationForm {
			return grant{}, invalid("send grant_type, client_id and client_secret in the body, with Content-Type: " + fiber.MIMEApplicationForm)
		}
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return grant{}, invalid("the body is no form: names and values must be percent-encoded and joined by = and &")
	}
	for name, values := range query {
		form[name] = append(form[name], values...)
	}
	for _, name := range []string{"grant_type", "client_id", "client_secret", "scope"} {
		if len(form[name]) > 1 {
			return grant{}, invalid(name + " is given more than once")
		}
	}
	g := grant{form.Get("client_id"), form.Get("client_secret"), form.Get("scope")}
	if wrong := g.basic(c.Get(fiber.HeaderAuthorization)); wrong != "" {
		return grant{}, invalid(wrong)
	}
	for _, required := range [][2]string{{"grant_type", form.Get("grant_type")}, {"client_id", g.id}, {"client_secret", g.secret}} {
		if required[1] == "" {
			return grant{}, invalid(required[0] + " is required")
		}
	}
	if form.Get("grant_type") != "client_credentials" {
		return grant{}, &oauthError{"unsupported_grant_type", "grant_type must be client_credentials"}
	}
	return g, nil
}

// basic takes the credentials of HTTP Basic, if the header has any, or tells what is
// wrong with them. Id and secret are encoded as in a form, each.
func (g *grant) basic(header string) (wrong string) {
	scheme, text, _ := strings.Cut(header, " ")
	if !strings.EqualFold(scheme, "Basic") {
		return ""
	}
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	id, secret, ok := strings.Cut(string(plain), ":")
	if err != nil || !ok {
		return "the header Authorization: Basic must have client_id:client_secret in base64"
	}
	if id, err = url.QueryUnescape(id); err == nil {
		secret, err = url.QueryUnescape(secret)
	}
	switch {
	case err != nil:
		return "client_id and client_secret in the header Authorization: Basic must be percent-encoded"
	case g.secret != "":
		return "the client names itself in the header Authorization and by client_secret; use one of them"
	case g.id != "" && g.id != id:
		return "client_id is another than in the header Authorization"
	}
	g.id, g.secret = id, secret
	return ""
}

func invalid(says string) *oauthError { return &oauthError{"invalid_request", says} }
