package server

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"oneton/access"
	"oneton/pool"
	"oneton/store"
)

// HeaderRequestID names a request in its answer and in the log. A caller's
// own id is kept when it is harmless.
const HeaderRequestID = "X-Request-Id"

var harmless = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

type localKey int

const (
	principalKey localKey = iota
	exchangeKey
)

// observe surrounds every request: id, deadline, recovery, error answer, log.
func (s *Server) observe(c *fiber.Ctx) error {
	return s.around(c, func() error {
		if e := c.Get(fiber.HeaderContentEncoding); e != "" && e != "identity" {
			return ErrEncoding
		}
		err := c.Next()
		if errors.Is(err, fiber.ErrMethodNotAllowed) {
			return s.methods(c)
		}
		return err
	})
}

// refuseUnrouted answers what failed before a route was found: requests that
// are too large, too slow or not HTTP. They are refused as the API that they ask
// refuses, as far as that can be told.
func (s *Server) refuseUnrouted(c *fiber.Ctx, err error) error {
	x := s.exchangeOf(c.Context())
	if path := x.conn.asked(); path != "" {
		x.place = s.mux.of(hostOf(c.Context()), path)
	}
	x.conn.serve()
	x.conn.leaveUnread()
	return s.around(c, func() error { return err })
}

func (s *Server) around(c *fiber.Ctx, handle func() error) error {
	start := time.Now()
	id := c.Get(HeaderRequestID)
	if !harmless.MatchString(id) {
		id = uuid.NewString()
	}
	c.Set(HeaderRequestID, id)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderXContentTypeOptions, "nosniff")
	x := s.exchangeOf(c.Context())
	s.share(c, x.place)
	var done func(Request)
	if s.cfg.Observer != nil {
		x.base, done = s.cfg.Observer.Begin(s.base, c.Get(headerTraceParent))
	}
	x.begin(c)
	defer x.close()

	err := s.recovered(id, handle)
	if errors.Is(err, errAwaited) {
		return nil
	}
	if err != nil && errors.Is(context.Cause(c.UserContext()), ErrClientGone) {
		err = fmt.Errorf("%w: %s", ErrClientGone, err.Error())
	}
	var p Problem
	if err != nil {
		p = x.place.problemOf(err)
		if ended := c.UserContext().Err(); ended != nil && p.Code == internal.Code {
			err = fmt.Errorf("%w: %w", ended, err)
			p = x.place.problemOf(err)
		}
		p.RequestID = id
		if answerErr := x.place.refuse(c, p); answerErr != nil {
			err = errors.Join(err, answerErr)
		}
	}
	took := time.Since(start)
	s.record(c, id, x.received, took, p.Code, err)
	if done != nil {
		done(requestOf(c, x, p.Code, took, err))
	}
	return nil
}

// recovered turns a panic of handle into an error, and logs where it was.
func (s *Server) recovered(id string, handle func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			s.log.Error().Str("request_id", id).Bytes("stack", debug.Stack()).Msg("panic")
			err = fmt.Errorf("%w: %v", errPanic, r)
		}
	}()
	return handle()
}

// routeOf is the pattern of the request's route, and empty where it has none.
func routeOf(c *fiber.Ctx) string {
	route := c.Route()
	if len(route.Handlers) == 0 {
		return "" // failed before routing: what stands in for it is the raw path
	}
	return route.Path
}

// record logs one request: no body, no query, no path with its ids, no header.
// The error's text is logged only when it is the server's fault, since a
// client's fault may repeat what the client sent.
func (s *Server) record(c *fiber.Ctx, id string, received int, took time.Duration, code string, err error) {
	status := c.Response().StatusCode()
	level := zerolog.InfoLevel
	if status >= fiber.StatusInternalServerError {
		level = zerolog.ErrorLevel
	}
	e := s.log.WithLevel(level).
		Str("request_id", id).
		Str("method", methodOf(c)).
		Str("route", routeOf(c)).
		Int("status", status).
		Dur("duration", took).
		Int("received", received).
		Int("sent", sent(c))
	if p, ok := PrincipalOf(c); ok {
		e = e.Str("tenant", string(p.Tenant)).Str("key_id", string(p.KeyID))
	}
	if err != nil {
		e = e.Str("code", code)
	}
	if err != nil && status >= fiber.StatusInternalServerError {
		e = e.Err(err)
	}
	e.Msg("request")
}

// sent is how many bytes the answer's body has, and -1 of a stream, which is not sent
// yet.
func sent(c *fiber.Ctx) int {
	if c.Response().IsBodyStream() {
		return -1
	}
	return len(c.Response().Body())
}

// SetPrincipal says whose request this is, for the handlers, the log, and the
// memory and the workers that tenants share.
func SetPrincipal(c *fiber.Ctx, p access.Principal) {
	if x, ok := c.Context().UserValue(exchangeKey).(*exchange); ok {
		x.server.bodies.hand(x.tenant, p.Tenant, x.held)
		x.tenant = p.Tenant
	}
	c.Locals(principalKey, p)
	c.SetUserContext(pool.WithTenant(c.UserContext(), string(p.Tenant)))
}

// PrincipalOf is whose request this is, once it is authenticated.
func PrincipalOf(c *fiber.Ctx) (access.Principal, bool) {
	p, ok := c.Locals(principalKey).(access.Principal)
	return p, ok
}

// ActorOf is for whom a service acts on this request, once it is authenticated.
func ActorOf(c *fiber.Ctx) store.Actor {
	p, _ := PrincipalOf(c)
	return store.Actor{Tenant: p.Tenant, Key: p.KeyID, Request: c.GetRespHeader(HeaderRequestID)}
}
