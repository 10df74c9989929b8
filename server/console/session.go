package console

import (
	"errors"
	"fmt"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
	"oneton/server/decode"
)

var foreign = server.Kind{Status: fiber.StatusForbidden, Code: "foreign_page", Title: "Only the console's own page may call this"}

// own lets the calls of this server's own page pass.
func (p *console) own(c *fiber.Ctx) error {
	if !server.OwnPage(c) {
		return foreign.Problem()
	}
	return c.Next()
}

// sessionAnswer is what the page knows of whoever is signed in.
type sessionAnswer struct {
	Tenant string    `json:"tenant"`
	Key    keyAnswer `json:"key"`
	Scopes []string  `json:"scopes"`
	// IdleEnds is when the session ends unless somebody is at it, and Ends when it does
	// in any case; Now is what the server's clock shows, and Idle how long nobody may be
	// at it.
	Now      time.Time `json:"now"`
	IdleEnds time.Time `json:"idle_ends"`
	Ends     time.Time `json:"ends"`
	Version  string    `json:"version"`
}

type keyAnswer struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

func (p *console) answer(c *fiber.Ctx, s access.Session) error {
	return c.JSON(sessionAnswer{
		Tenant: string(s.Tenant), Key: keyAnswer{string(s.KeyID), s.KeyName}, Scopes: s.Scopes,
		Now: time.Now().UTC(), IdleEnds: s.IdleEnds, Ends: s.Ends, Version: p.version,
	})
}

// signIn opens a session with a key, or by a link.
func (p *console) signIn(c *fiber.Ctx) error {
	var r struct {
		Key  string `param:"key"`
		Link string `param:"link"`
	}
	body, err := server.Body(c, server.PlainBody)
	if err != nil {
		return err
	}
	if err := decode.Request(c.Get(fiber.HeaderContentType), nil, body, &r); err != nil {
		return err
	}
	if (r.Key == "") == (r.Link == "") {
		return decode.Invalid("key", "must be sent, or a link, and not both")
	}
	open, text, wrong := p.sessions.Open, r.Key, "The API key is unknown, wrong, revoked or ended."
	if r.Link != "" {
		open, text, wrong = p.sessions.Follow, r.Link, "The link was used before, or has ended. Sign in with an API key."
	}
	token, s, err := open(c.UserContext(), text)
	if errors.Is(err, access.ErrUnauthorized) {
		return server.Unauthorized(c, err, wrong)
	}
	if err != nil {
		return err
	}
	// Whoever was signed in before is no more.
	if ticket, ok := server.TicketOf(c); ok {
		if err := p.sessions.Close(c.UserContext(), ticket.Token); err != nil {
			return err
		}
	}
	server.SetPrincipal(c, s.Principal)
	server.SetTicket(c, token)
	c.Status(fiber.StatusCreated)
	return p.answer(c, s)
}

// signedIn lets browsers pass that are signed in.
func (p *console) signedIn(h func(c *fiber.Ctx, s access.Session) error) fiber.Handler {
	return func(c *fiber.Ctx) error {
		ticket, _ := server.TicketOf(c)
		s, err := p.sessions.Session(c.UserContext(), ticket.Token, ticket.Present)
		if errors.Is(err, access.ErrUnauthorized) {
			server.DropTicket(c)
			return server.Unauthorized(c, fmt.Errorf("find session: %w", err), "nobody is signed in, or the session has ended")
		}
		if err != nil {
			return err
		}
		server.SetPrincipal(c, s.Principal)
		return h(c, s)
	}
}

func (p *console) tell(c *fiber.Ctx, s access.Session) error { return p.answer(c, s) }

// signOut ends the session, if there is one.
func (p *console) signOut(c *fiber.Ctx) error {
	if ticket, ok := server.TicketOf(c); ok {
		if err := p.sessions.Close(c.UserContext(), ticket.Token); err != nil {
			return err
		}
	}
	return forgotten(c)
}

// signOutEverywhere ends all sessions of the key.
func (p *console) signOutEverywhere(c *fiber.Ctx, s access.Session) error {
	if err := p.sessions.CloseAll(c.UserContext(), s.KeyID); err != nil {
		return err
	}
	return forgotten(c)
}

// forgotten has the browser keep nothing of what was shown.
func forgotten(c *fiber.Ctx) error {
	server.DropTicket(c)
	c.Set("Clear-Site-Data", `"cache", "storage"`)
	return c.SendStatus(fiber.StatusNoContent)
}
