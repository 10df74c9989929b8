package facenition

import (
	"errors"
	"math"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
	"oneton/server/decode"
)

const (
	// headerToken and fieldToken carry the client token.
	headerToken = "X-Auth-Token"
	fieldToken  = "auth_token"
)

type localKey int

const (
	// bodyKey is of a body that was read for the token in it, and tokenKey of the
	// token.
	bodyKey localKey = iota
	tokenKey
)

// headerTokenOf is the client token of the header, empty where there is none.
func headerTokenOf(c *fiber.Ctx) (string, error) {
	told := c.Request().Header.PeekAll(headerToken)
	switch len(told) {
	case 0:
		return "", nil
	case 1:
		return string(told[0]), nil
	}
	return "", invalid(headerToken, "is sent more than once")
}

// tokenOf is the client token of the header or, without one, of the body, which
// is read for it only then, and may be of so many bytes.
func tokenOf(c *fiber.Ctx, largest int) (string, error) {
	token, err := headerTokenOf(c)
	if token != "" || err != nil {
		return token, err
	}
	body, err := server.Body(c, largest)
	switch {
	case errors.Is(err, fiber.ErrRequestEntityTooLarge):
		return "", server.Kind{
			Status: fiber.StatusBadRequest, Code: "body_too_large",
			Title: "The request is larger than is read before it is known who asks; send the client token in the header " + headerToken,
		}.Problem()
	case err != nil:
		return "", err
	}
	c.Locals(bodyKey, body)
	token, err = decode.Field(c.Get(fiber.HeaderContentType), body, fieldToken)
	if errors.Is(err, decode.ErrMediaType) {
		return "", nil // a body that no call takes has no token
	}
	return token, err
}

// permit finds out who asks, by the client token, and whether it allows the scope.
func (d *dialect) permit(c *fiber.Ctx, scope string) error {
	token, err := tokenOf(c, server.StrangerBody)
	if err != nil {
		return err
	}
	p, err := d.keys.Authenticate(c.UserContext(), token)
	if err != nil {
		return unauthorized(err, token)
	}
	c.Locals(tokenKey, token)
	server.SetPrincipal(c, p)
	return server.Permit(c, scope, "")
}

// read decodes a request's fields into the struct that into points to. The client
// token among them, if there is such a field, must be the one by which it is known
// who asks.
func read(c *fiber.Ctx, into any, token *string) error {
	body, ok := c.Locals(bodyKey).([]byte)
	if !ok {
		largest := server.PlainBody
		if decode.TakesPhoto(into) {
			largest = math.MaxInt
		}
		var err error
		if body, err = server.Body(c, largest); err != nil {
			return err
		}
	}
	if err := decode.Fields(c.Get(fiber.HeaderContentType), body, into); err != nil {
		return err
	}
	if token != nil && *token != "" && *token != c.Locals(tokenKey) {
		return invalid(fieldToken, "is another than that of the header "+headerToken+"; send one of them")
	}
	return nil
}

// invalid is a request that is not as its call takes it.
func invalid(field, reason string) error { return decode.Invalid(field, reason) }
