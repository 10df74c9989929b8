package server

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"
)

// headerTraceParent is the caller's place in a trace (W3C Trace Context, section 3.2).
const headerTraceParent = "Traceparent"

// Observer is told of requests, for whoever counts and traces them.
type Observer interface {
	// Begin begins a request, whose work has the context. The parent is what its header
	// traceparent has, which may be anything. done ends it, unless the client was only
	// told to send its body, with which it begins again.
	Begin(ctx context.Context, parent string) (_ context.Context, done func(Request))
}

// Request is what is told of a request. Of what a client may choose freely there is
// nothing in it but numbers.
type Request struct {
	// API is an API's name, or server for what is none's.
	API string
	// Method is one of HTTP's, or other; Route is a pattern, or none.
	Method, Route string
	// Code is that of the problem it came to; empty is none.
	Code   string
	Status int
	// Received and Sent are bytes of bodies.
	Received, Sent int
	Took           time.Duration
}

// requestOf tells of a request, with the error that it came to.
func requestOf(c *fiber.Ctx, x *exchange, code string, took time.Duration, err error) Request {
	r := Request{
		API: x.place.Name, Method: string(c.Context().Method()), Route: routeOf(c), Code: code,
		Status: c.Response().StatusCode(), Received: x.received, Sent: len(c.Response().Body()), Took: took,
	}
	if r.API == "" {
		r.API = "other"
	}
	if !slices.Contains(fiber.DefaultMethods, r.Method) {
		r.Method = "other"
	}
	// Where no route took it, what stands for one is that of what is before all routes.
	if unrouted, is := errors.AsType[*fiber.Error](err); !x.place.routes[r.Route] || is && unrouted.Code == fiber.StatusNotFound {
		r.Route = "none"
	}
	return r
}

// Load is what a server holds now.
type Load struct {
	// Busy connections have a request under way and Idle ones wait for their client;
	// Spare ones are beyond the bounds.
	Busy, Idle, Spare int
	// Closed and Refused count the connections that made room, and that found none.
	Closed, Refused int
	// Bodies is the memory that bodies take, of at most MostBodies bytes.
	Bodies, MostBodies int
}

// Load tells what the server holds.
func (s *Server) Load() Load {
	s.bodies.mu.Lock()
	load := Load{Bodies: s.bodies.all, MostBodies: s.bodies.most}
	s.bodies.mu.Unlock()
	s.mu.Lock()
	l := s.bounded
	s.mu.Unlock()
	if l == nil {
		return load
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.peers {
		load.Idle += p.waiting.Len()
	}
	load.Busy, load.Spare = l.all-load.Idle, l.spares.open
	load.Closed, load.Refused = l.allClosed, l.allRefused
	return load
}
