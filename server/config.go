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
	// Concurrency is the most connections served at once; more get 503.
	Concurrency int
	// ReadTimeout bounds reading one request, its body included.
	ReadTimeout time.Duration
	// WriteTimeout bounds writing one answer.
	WriteTimeout time.Duration
	// IdleTimeout is how long a connection may wait for its next request.
	IdleTimeout time.Duration
	// RequestTimeout bounds the work on one request once it is read.
	RequestTimeout time.Duration
	// DrainDelay is how long readiness fails before a stopping server closes
	// its listener, so that load balancers turn away first.
	DrainDelay time.Duration
}

// DefaultConfig holds sixteen large photos in a body, and as many connections
// as a small machine can serve.
func DefaultConfig() Config {
	return Config{
		BodyLimit:      32 << 20,
		HeaderLimit:    16 << 10,
		Concurrency:    1024,
		ReadTimeout:    30 * time.Second,
		WriteTimeout:   30 * time.Second,
		IdleTimeout:    2 * time.Minute,
		RequestTimeout: 30 * time.Second,
	}
}

// validate refuses values that would switch a limit off.
func (c Config) validate() error {
	for name, n := range map[string]int{
		"body limit": c.BodyLimit, "header limit": c.HeaderLimit, "concurrency": c.Concurrency,
	} {
		if n <= 0 {
			return fmt.Errorf("check %s %d: %w", name, n, ErrConfig)
		}
	}
	for name, d := range map[string]time.Duration{
		"read timeout": c.ReadTimeout, "write timeout": c.WriteTimeout,
		"idle timeout": c.IdleTimeout, "request timeout": c.RequestTimeout,
	} {
		if d <= 0 {
			return fmt.Errorf("check %s %v: %w", name, d, ErrConfig)
		}
	}
	return nil
}
