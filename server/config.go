package server

import (
	"fmt"
	"time"
)

// Config bounds what one client can make the server hold.
type Config struct {
	// BodyLimit is the largest request body in bytes.
	BodyLimit int
	// HeaderLimit is the largest request line with headers in bytes.
	HeaderLimit int
	// BodyMemory is the most bytes that all bodies being read or worked on
	// take. One tenant gets half of it, so it is at least twice BodyLimit.
	BodyMemory int
	// Concurrency is the most connections at once, and PeerConcurrency the
	// most of one address or, of IPv6, of one network of 64 bits.
	Concurrency     int
	PeerConcurrency int
	// HeaderTimeout bounds reading a request line with headers, and
	// ReadTimeout the body after them.
	HeaderTimeout time.Duration
	ReadTimeout   time.Duration
	// WriteTimeout bounds writing one answer.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request.
	IdleTimeout time.Duration
	// RequestTimeout bounds the work on one request: until its body is wanted,
	// and once that is read.
	RequestTimeout time.Duration
	// Origins are those whose pages may call, as browsers write them; none
	// unless said.
	Origins []string
	// TrustedProxies are addresses and networks whose X-Forwarded-For is believed.
	TrustedProxies []string
	// DrainDelay is how long readiness fails before a stopping server closes
	// its listener, so that load balancers turn away first.
	DrainDelay time.Duration
	// Observer is told of requests; nil is nobody.
	Observer Observer
}

// DefaultConfig holds sixteen large photos in a body, and as many bodies and
// connections as a small machine can serve.
func DefaultConfig() Config {
	return Config{
		BodyLimit:       32 << 20,
		HeaderLimit:     16 << 10,
		BodyMemory:      512 << 20,
		Concurrency:     1024,
		PeerConcurrency: 256,
		HeaderTimeout:   10 * time.Second,
		ReadTimeout:     30 * time.Second,
		WriteTimeout:    30 * time.Second,
		IdleTimeout:     2 * time.Minute,
		RequestTimeout:  30 * time.Second,
	}
}

// validate refuses values that would switch a limit off.
func (c Config) validate() error {
	for name, n := range map[string]int{
		"body limit": c.BodyLimit, "header limit": c.HeaderLimit, "body memory": c.BodyMemory / 2 / max(c.BodyLimit, 1),
		"concurrency": c.Concurrency, "concurrency of a peer": c.PeerConcurrency,
	} {
		if n <= 0 {
			return fmt.Errorf("check %s %d: %w", name, n, ErrConfig)
		}
	}
	for name, d := range map[string]time.Duration{
		"header timeout": c.HeaderTimeout, "read timeout": c.ReadTimeout, "write timeout": c.WriteTimeout,
		"idle timeout": c.IdleTimeout, "request timeout": c.RequestTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("check %s %v: %w", name, d, ErrConfig)
		}
	}
	return nil
}
