package facenition

import (
	"context"
	"errors"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/credential"
	"oneton/server"
)

// Clients are who may have client tokens; *credential.Service knows them.
type Clients interface {
	Begin(ctx context.Context, from credential.Caller, email, phone string) error
	Verify(ctx context.Context, from credential.Caller, email, phone, emailCode, phoneCode string) (ticket string, err error)
	Claim(ctx context.Context, from credential.Caller, email, phone, ticket string) (credential.Token, error)
	Open(ctx context.Context, from credential.Caller, email, phone string) (credential.Token, error)
	Token(ctx context.Context, text string) (credential.Token, error)
	Rotate(ctx context.Context, from credential.Caller, text string) (credential.Token, error)
	Revoke(ctx context.Context, from credential.Caller, text string) error
}

// newCredentials sends a code to each of two addresses.
func (d *dialect) newCredentials(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string `param:"auth_token"` // which some clients send with every call
		Email     string `param:"email,required"`
		Phone     string `param:"phone,required"`
	}
	if err := read(c, &r, nil); err != nil {
		return err
	}
	if err := d.clients.Begin(c.UserContext(), caller(c), r.Email, r.Phone); err != nil {
		return limited(c, err)
	}
	return done(c)
}

// authenticateCredentials takes both codes, and gives a ticket by which
// generateToken gives a client token to whoever has it.
func (d *dialect) authenticateCredentials(c *fiber.Ctx, _ version) error {
	var r struct {
		AuthToken string `param:"auth_token"`
		Email     string `param:"email,required"`
		Phone     string `param:"phone,required"`
		EmailCode string `param:"email_code,required"`
		PhoneCode string `param:"phone_code,required"`
	}
	if err := read(c, &r, nil); err != nil {
		return err
	}
	ticket, err := d.clients.Verify(c.UserContext(), caller(c), r.Email, r.Phone, r.EmailCode, r.PhoneCode)
	if err != nil {
		return limited(c, err)
	}
	return c.JSON(struct {
		OK     bool   `json:"ok"`
		Ticket string `json:"ticket"`
	}{true, ticket})
}

// generateToken gives a client token: in version 2 to a pair of addresses that was
// verified, and in version 1 at once.
func (d *dialect) generateToken(c *fiber.Ctx, v version) error {
	var r struct {
		AuthToken string `param:"auth_token"`
		Email     string `param:"email,required"`
		Phone     string `param:"phone,required"`
		Ticket    string `param:"ticket"`
	}
	if err := read(c, &r, nil); err != nil {
		return err
	}
	var t credential.Token
	var err error
	switch {
	case v >= v2:
		t, err = d.clients.Claim(c.UserContext(), caller(c), r.Email, r.Phone, r.Ticket)
	case r.Ticket != "":
		return invalid("ticket", "is of version 2; send "+headerVersion+": 2")
	default:
		t, err = d.clients.Open(c.UserContext(), caller(c), r.Email, r.Phone)
	}
	if err != nil {
		return limited(c, err)
	}
	return given(c, t)
}

// given answers with a client token that was made.
func given(c *fiber.Ctx, t credential.Token) error {
	return c.JSON(struct {
		OK        bool       `json:"ok"`
		AuthToken string     `json:"auth_token"`
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	}{true, t.Text, ending(t.Ends)})
}

// ending is when something ends, nil for never.
func ending(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

// token tells of a client token, replaces it, or ends it.
func (d *dialect) token(c *fiber.Ctx, _ version) error {
	text, err := tokenOf(c, server.PlainBody)
	if err != nil {
		return err
	}
	c.Locals(tokenKey, text)
	var r struct {
		AuthToken string `param:"auth_token"`
		Rotate    bool   `param:"rotate"`
		Revoke    bool   `param:"revoke"`
	}
	if err := read(c, &r, &r.AuthToken); err != nil {
		return err
	}
	switch {
	case r.Rotate && r.Revoke:
		return invalid("revoke", "and rotate are given both; send one of them")
	case text == "":
		return unauthorized(access.ErrUnauthorized, text)
	case r.Rotate:
		t, err := d.clients.Rotate(c.UserContext(), caller(c), text)
		if err != nil {
			return limited(c, unauthorized(err, text))
		}
		return given(c, t)
	case r.Revoke:
		if err := d.clients.Revoke(c.UserContext(), caller(c), text); err != nil {
			return unauthorized(err, text)
		}
		return done(c)
	}
	t, err := d.clients.Token(c.UserContext(), text)
	if err != nil && !errors.Is(err, access.ErrUnauthorized) {
		return err
	}
	return c.JSON(struct {
		OK        bool       `json:"ok"`
		Valid     bool       `json:"valid"`
		ExpiresAt *time.Time `json:"expires_at,omitempty"`
	}{true, err == nil, ending(t.Ends)})
}
