// Package server is the HTTP side: the transport, health, and a place for
// APIs, each a folder that decodes, calls a service and encodes. It decides
// nothing.
package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/rs/zerolog"
	"github.com/valyala/fasthttp"

	"oneton/store"
)

// Server serves the APIs on listeners.
type Server struct {
	cfg    Config
	health Health
	log    zerolog.Logger
	fiber  fiber.Config
	mux    mux
	bodies bodies
	// proxies are the trusted ones.
	proxies []netip.Prefix

	// base is the parent of every request's context.
	base     context.Context
	cancel   context.CancelFunc
	stopping atomic.Bool

	// mu guards listener and bounded, which Serve sets, and closed, which Shutdown does.
	mu       sync.Mutex
	listener net.Listener
	bounded  *listener
	closed   bool
}

// New returns a server of the APIs that is not listening yet. APIs that cannot
// be served beside each other are ErrAPI.
func New(cfg Config, health Health, log zerolog.Logger, apis ...API) (*Server, error) {
	if err := cfg.validate(); err != nil {
		return nil, err
	}
	proxies, err := parseNetworks(cfg.TrustedProxies)
	if err != nil {
		return nil, fmt.Errorf("check trusted proxies: %w: %w", ErrConfig, err)
	}
	base, cancel := context.WithCancel(context.Background())
	s := &Server{cfg: cfg, health: health, log: log, base: base, cancel: cancel, proxies: proxies}
	s.bodies = bodies{most: cfg.BodyMemory, by: map[store.TenantID]int{}}
	s.fiber = fiber.Config{
		// The listener bounds connections before fasthttp does.
		Concurrency:  2 * (cfg.Concurrency + spareConnections),
		ReadTimeout:  cfg.HeaderTimeout,
		WriteTimeout: cfg.WriteTimeout,
		IdleTimeout:  cfg.IdleTimeout,
		// The read buffer is what bounds the headers.
		ReadBufferSize: cfg.HeaderLimit,
		// Handlers read bodies, see Body. What fasthttp reads itself before
		// they run is bounded by BodyLimit, which bounds nothing else then.
		StreamRequestBody:            true,
		BodyLimit:                    1,
		DisablePreParseMultipartForm: true,
		// A worker may still read a photo after its request timed out, so
		// nothing handed on may live in a buffer that is used again.
		Immutable:             true,
		CaseSensitive:         true,
		StrictRouting:         true,
		DisableStartupMessage: true,
		ErrorHandler:          s.refuseUnrouted,
	}
	if err := s.mount(apis); err != nil {
		cancel()
		return nil, err
	}
	transport := s.app().Server()
	transport.Handler, transport.ExpectHandler = s.handle, s.expect
	transport.HeaderReceived = func(*fasthttp.RequestHeader) fasthttp.RequestConfig {
		return fasthttp.RequestConfig{ReadTimeout: cfg.ReadTimeout}
	}
	return s, nil
}

// app is the one of fiber's whose server serves.
func (s *Server) app() *fiber.App { return s.mux[len(s.mux)-1].router }

// Serve answers requests on a listener until Shutdown, and then returns nil. It
// closes the listener and returns at once when Shutdown came first.
func (s *Server) Serve(ln net.Listener) error {
	bounded := listen(ln, s.cfg, s.log)
	s.mu.Lock()
	s.listener, s.bounded = ln, bounded
	closed := s.closed
	s.mu.Unlock()
	if closed {
		return ln.Close()
	}
	if err := s.app().Listener(bounded); err != nil {
		return fmt.Errorf("serve on %s: %w", ln.Addr(), err)
	}
	return nil
}

// Shutdown stops gracefully: readiness fails first, for DrainDelay; then the
// listener closes and requests under way are answered. When ctx ends before
// they all are, their contexts are cancelled and the error is ctx's.
func (s *Server) Shutdown(ctx context.Context) error {
	s.stopping.Store(true)
	select {
	case <-time.After(s.cfg.DrainDelay):
	case <-ctx.Done():
	}
	s.stopListening()
	err := s.app().ShutdownWithContext(ctx)
	s.cancel()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("drain requests: %w", err)
	}
	return nil
}

// stopListening closes the listener, also one that fiber has not taken yet:
// fiber would forget that it was shut down before it served.
func (s *Server) stopListening() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.listener != nil {
		_ = s.listener.Close() // which fiber does again, and reports
	}
}
