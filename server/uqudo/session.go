package uqudo

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"oneton/argument"
	"oneton/facesession"
	"oneton/server"
	"oneton/server/decode"
	"oneton/store"
)

// FaceSessions are what the calls of face sessions speak for; *facesession.Service is
// one.
type FaceSessions interface {
	// Open opens a session, and returns its id.
	Open(ctx context.Context, by store.Actor, n facesession.New) (id string, err error)
	// Purge removes the session of that id with its pictures now, if there is one;
	// facesession.ErrInvalid when it can be no id.
	Purge(ctx context.Context, by store.Actor, id string) error
	// AuditImage is the JPEG that a result names, or facesession.ErrNotFound.
	AuditImage(ctx context.Context, by store.Actor, id string) ([]byte, error)
}

// open opens a face session. What a client does not say is as its policy says.
func (d *dialect) open(c *fiber.Ctx, by store.Actor) error {
	var r struct {
		IDPhoto    decode.Photo `param:"idPhoto,required"`
		Attempts   *int         `param:"maxAttempts"`
		Level      *int         `param:"minimumMatchLevel"`
		Incomplete *bool        `param:"returnDataForIncompleteSession"`
		OneToN     *string      `param:"oneToN"`
		Liveness   *bool        `param:"liveness"`
		Nonce      string       `param:"nonce"`
	}
	body, err := server.Body(c, maxBody)
	if err != nil {
		return err
	}
	if err := decode.Request(c.Get(fiber.HeaderContentType), nil, body, &r); err != nil {
		return err
	}
	if err := check("idPhoto", r.IDPhoto); err != nil {
		return err
	}
	n := facesession.New{Photo: r.IDPhoto, MaxAttempts: r.Attempts, MinimumMatchLevel: r.Level, ReturnIncomplete: r.Incomplete, Liveness: r.Liveness, Nonce: r.Nonce}
	if r.OneToN != nil {
		n.OneToN = new(facesession.OneToN(*r.OneToN))
		if err := permitOneToN(c, *n.OneToN); err != nil {
			return err
		}
	}
	id, err := d.sessions.Open(c.UserContext(), by, n)
	if crowded, ok := errors.AsType[*facesession.CrowdedError](err); ok {
		c.Set(fiber.HeaderRetryAfter, strconv.Itoa(int(crowded.After/time.Second)+1))
	}
	if err != nil {
		return fmt.Errorf("open face session: %w", err)
	}
	return c.Status(fiber.StatusCreated).JSON(struct {
		ID string `json:"sessionId"`
	}{id})
}

// permitOneToN holds a session that a client opens for a search to what the client may
// do by itself.
func permitOneToN(c *fiber.Ctx, what facesession.OneToN) error {
	needs := map[facesession.OneToN][]string{facesession.OneToNSearch: {ScopeSearch}, facesession.OneToNInsert: {ScopeSearch, ScopeInsert}}
	for _, scope := range needs[what] {
		if err := server.Permit(c, scope, "oneToN"); err != nil {
			return err
		}
	}
	return nil
}

// auditImage answers with the picture that a result names.
func (d *dialect) auditImage(c *fiber.Ctx, by store.Actor) error {
	jpeg, err := d.sessions.AuditImage(c.UserContext(), by, c.Params("id"))
	if err != nil {
		return fmt.Errorf("read audit image: %w", err)
	}
	c.Set(fiber.HeaderContentType, "image/jpeg")
	return c.Send(jpeg)
}

// purge removes a face session; whether there was one is not told.
func (d *dialect) purge(c *fiber.Ctx, by store.Actor) error {
	if err := d.sessions.Purge(c.UserContext(), by, c.Params("id")); err != nil {
		return fmt.Errorf("purge face session: %w", err)
	}
	return c.SendStatus(fiber.StatusNoContent)
}

// aboutSession is what is told of an error of face sessions, if it is one of a
// client's.
func aboutSession(err error) (server.Problem, bool) {
	p := server.Kind{Status: fiber.StatusBadRequest, Code: "invalid_request", Title: "The request is not valid"}.Problem()
	if about, ok := errors.AsType[*argument.Error](err); ok {
		p.Field, p.Detail = about.Argument, about.Told()
		return p, true
	}
	if crowded, ok := errors.AsType[*facesession.CrowdedError](err); ok {
		p := server.Kind{Status: fiber.StatusTooManyRequests, Code: "too_many_sessions", Title: "Too many face sessions are under way; Retry-After says in how many seconds one has ended"}.Problem()
		p.Detail = fmt.Sprintf("the limit of uqudo.sessions is %d", crowded.Most)
		return p, true
	}
	if errors.Is(err, facesession.ErrOff) {
		return server.Kind{Status: fiber.StatusNotImplemented, Code: "face_sessions_off", Title: "This server has no models that check steps before a camera, so no face session can be opened"}.Problem(), true
	}
	if errors.Is(err, facesession.ErrNonceUsed) {
		p.Field, p.Detail = "nonce", "nonce was used before; make another for each session"
		return p, true
	}
	return server.Problem{}, false
}
