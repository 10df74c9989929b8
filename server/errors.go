package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
)

// These errors are the server's own.
var (
	// ErrAPI means that an API cannot be served beside the others.
	ErrAPI = errors.New("server: APIs that get in each other's way")

	// ErrConfig means that a limit is missing; every limit must be positive.
	ErrConfig = errors.New("server: limit must be positive")

	// ErrForbidden means that the key lacks the scope; see ScopeError.
	ErrForbidden = errors.New("server: scope missing")

	// ErrEncoding means that a request body is compressed. Inflating would
	// sidestep every limit on its size, and photos gain nothing by it.
	ErrEncoding = errors.New("server: compressed request body")

	// ErrBodies means that the memory for bodies is taken.
	ErrBodies = errors.New("server: no memory for the body")

	// ErrClientGone means that the client closed the connection before it had
	// its answer.
	ErrClientGone = errors.New("server: client gone")

	// ErrCrowded means that there are as many connections as may be.
	ErrCrowded = errors.New("server: too many connections")

	// ErrStopping means that the server is shutting down.
	ErrStopping = errors.New("server: stopping")

	// ErrNotReady means that the service cannot take requests yet.
	ErrNotReady = errors.New("server: not ready")

	errPanic = errors.New("server: panic")
)

// ScopeError is an ErrForbidden with the scope that is missing.
type ScopeError struct {
	Scope string
	// For is the field that asks for the scope; empty when the call does.
	For string
	// Has are the key's scopes.
	Has []string
}

// Error names the scope.
func (e *ScopeError) Error() string { return ErrForbidden.Error() + ": " + e.Scope }

// Unwrap makes errors.Is(err, ErrForbidden) true.
func (e *ScopeError) Unwrap() error { return ErrForbidden }

func (e *ScopeError) detail() string {
	what := "this call"
	if e.For != "" {
		what = e.For
	}
	return what + " needs a key with the scope " + e.Scope + "; this key has " + cmp.Or(strings.Join(e.Has, ", "), "none")
}

// BodySizeError is a request's body with more bytes than the call takes, and means
// fiber.ErrRequestEntityTooLarge.
type BodySizeError struct{ Most int }

// Error names the limit.
func (e *BodySizeError) Error() string {
	return fmt.Sprintf("server: body has more than %d bytes", e.Most)
}

// Unwrap makes errors.Is(err, fiber.ErrRequestEntityTooLarge) true.
func (*BodySizeError) Unwrap() error { return fiber.ErrRequestEntityTooLarge }

// own maps the server's errors to what they look like; the first that matches
// counts.
var own = []struct {
	err error
	Kind
}{
	{access.ErrUnauthorized, Kind{fiber.StatusUnauthorized, "unauthorized", "A valid key is needed"}},
	{ErrForbidden, Kind{fiber.StatusForbidden, "forbidden", "The key lacks a scope that the request needs"}},
	{ErrEncoding, Kind{fiber.StatusUnsupportedMediaType, "unsupported_media_type", "Request bodies must not be compressed; send it without Content-Encoding"}},
	// Nobody reads this answer; the log tells it, by the code of many proxies.
	{ErrClientGone, Kind{499, "client_gone", "The client closed the connection before it had the answer"}},
	{ErrBodies, Kind{fiber.StatusServiceUnavailable, "busy", "Too many bytes of requests are being worked on; try again shortly"}},
	{ErrCrowded, Kind{fiber.StatusServiceUnavailable, "busy", "Too many connections are open from here or in all; try again shortly"}},
	{ErrStopping, unavailable},
	{ErrNotReady, unavailable},
	{context.DeadlineExceeded, Kind{fiber.StatusGatewayTimeout, "timeout", "The answer was not ready in time"}},
	{context.Canceled, unavailable},
}

var (
	internal    = Kind{fiber.StatusInternalServerError, "internal", "Something went wrong here; the request id finds it in the log"}
	unavailable = Kind{fiber.StatusServiceUnavailable, "unavailable", "The service cannot answer now; try again later"}
)

// transport maps what the HTTP layer itself refuses, by status.
var transport = map[int]Kind{
	fiber.StatusBadRequest:            {fiber.StatusBadRequest, "invalid_request", "The request is not valid HTTP"},
	fiber.StatusNotFound:              {fiber.StatusNotFound, "not_found", "There is no such route; GET / names the descriptions that list them"},
	fiber.StatusMethodNotAllowed:      {fiber.StatusMethodNotAllowed, "method_not_allowed", "The route does not take this method"},
	fiber.StatusRequestTimeout:        {fiber.StatusRequestTimeout, "request_timeout", "The request did not arrive in time"},
	fiber.StatusRequestEntityTooLarge: {fiber.StatusRequestEntityTooLarge, "body_too_large", "The request body is larger than is allowed"},
	// Fiber's name for a connection that broke.
	fiber.StatusBadGateway:                  {fiber.StatusBadRequest, "invalid_request", "The request ended before it was whole"},
	fiber.StatusRequestHeaderFieldsTooLarge: {fiber.StatusRequestHeaderFieldsTooLarge, "headers_too_large", "The request line and headers are larger than is allowed"},
}

// Kinds are what the server itself refuses with, which the clients of every API
// may meet.
func Kinds() []Kind {
	all := []Kind{internal}
	for _, k := range own {
		all = append(all, k.Kind)
	}
	return slices.AppendSeq(all, maps.Values(transport))
}

// ownProblem is what an error comes to that is the server's own, and all that
// may be said of any other.
func ownProblem(err error) Problem {
	if route, ok := errors.AsType[*fiber.Error](err); ok {
		if k, ok := transport[route.Code]; ok {
			p := k.Problem()
			if size, ok := errors.AsType[*BodySizeError](err); ok {
				p.Detail = fmt.Sprintf("this request may have %d bytes", size.Most)
			}
			return p
		}
		return internal.Problem()
	}
	for _, k := range own {
		if errors.Is(err, k.err) {
			p := k.Problem()
			if scope, ok := errors.AsType[*ScopeError](err); ok {
				p.Field, p.Detail = scope.For, scope.detail()
				p.Challenge = fmt.Sprintf(`Bearer error="insufficient_scope", scope=%q`, scope.Scope)
			}
			return p
		}
	}
	return internal.Problem()
}
