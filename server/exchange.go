package server

import (
	"context"
	"errors"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"oneton/pool"
	"oneton/store"
)

// withoutLength is what fasthttp calls the length of a request that announces
// no body.
const withoutLength = -2

// errAwaited means that the body is wanted while its client waits to be asked
// for it.
var errAwaited = errors.New("server: body is awaited")

// exchange is one request with its answer, beside what fiber knows of it.
type exchange struct {
	server *Server
	// place is where its path is.
	place *place
	conn  *conn
	// base is the parent of the work's contexts.
	base context.Context
	// end ends the work on the request.
	end context.CancelFunc
	// asks means that the client asks before it sends its body (RFC 9110,
	// section 10.1.1), and wanted that a handler would read it.
	asks, wanted bool
	// received is how much of the body was read, and whole that it is all.
	received int
	whole    bool
	// held is what the body takes of the tenant's memory for bodies.
	held   int
	tenant store.TenantID
}

// exchangeOf is the exchange that a request belongs to. One that failed before
// it could be handled gets it here.
func (s *Server) exchangeOf(rctx *fasthttp.RequestCtx) *exchange {
	if x, ok := rctx.UserValue(exchangeKey).(*exchange); ok {
		return x
	}
	length := rctx.Request.Header.ContentLength()
	x := &exchange{server: s, base: s.base, place: s.mux.of(hostOf(rctx), string(rctx.URI().PathOriginal())), end: func() {}, whole: length == 0 || length == withoutLength}
	x.conn, _ = rctx.Conn().(*conn)
	rctx.SetUserValue(exchangeKey, x)
	return x
}

// begin gives the work on the request its time, from now on.
func (x *exchange) begin(c *fiber.Ctx) {
	x.end()
	ctx, cancel := context.WithTimeout(x.base, x.server.cfg.RequestTimeout)
	x.end = cancel
	if p, ok := PrincipalOf(c); ok {
		ctx = pool.WithTenant(ctx, string(p.Tenant))
	}
	c.SetUserContext(ctx)
}

// watch ends the work on the request when its client leaves.
func (x *exchange) watch(c *fiber.Ctx) {
	ctx, leave := context.WithCancelCause(c.UserContext())
	c.SetUserContext(ctx)
	unwatch, cancel := x.conn.watch(func() { leave(ErrClientGone) }), x.end
	x.end = func() {
		unwatch()
		cancel()
		leave(nil)
	}
}

// close ends the work on the request.
func (x *exchange) close() {
	x.end()
	x.server.bodies.giveBack(x.tenant, x.held)
	x.held = 0
}

// handle answers a request of which no more than the head was read.
func (s *Server) handle(rctx *fasthttp.RequestCtx) {
	x := s.exchangeOf(rctx)
	x.asks = false
	if !x.conn.serve() {
		rctx.SetConnectionClose()
		return
	}
	defer x.conn.rest()
	s.route(rctx)
	if !x.whole {
		x.conn.leaveUnread()
	}
}

// expect answers a client that asks before it sends its body: with what the
// request comes to where that is settled without the body, and with 100 as
// soon as a handler wants to read it.
func (s *Server) expect(rctx *fasthttp.RequestCtx) int {
	x := s.exchangeOf(rctx)
	x.asks = true
	if !x.conn.serve() {
		return fasthttp.StatusServiceUnavailable
	}
	defer x.conn.rest()
	s.route(rctx)
	if x.wanted {
		rctx.Response.Reset()
		return fasthttp.StatusContinue
	}
	x.conn.leaveUnread()
	return rctx.Response.StatusCode()
}
