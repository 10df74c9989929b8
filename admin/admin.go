// Package admin serves what an operator looks at: metrics for Prometheus and the Go
// runtime's profiles, on an address of their own, without a key. It is not the API's:
// whoever reaches it sees how the process is, and can make it work for a profile.
package admin

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"slices"
	"strings"
	"time"
)

const (
	readTimeout = 10 * time.Second
	// writeTimeout is longer than the longest profile.
	writeTimeout = 2 * time.Minute
	// mostProfile is how long a profile may be taken at most.
	mostProfile = 60 * time.Second
	maxHeaders  = 16 << 10
	// closing is how long a stop waits for an answer under way.
	closing = time.Second
)

// Server serves the operator.
type Server struct {
	ln   net.Listener
	http *http.Server
}

// Listen begins to listen where the configuration says, which must be On. It is
// ErrPublic where that is open to others.
func Listen(cfg Config, metrics http.Handler) (*Server, error) {
	if err := cfg.Check(); err != nil {
		return nil, err
	}
	ln, err := net.Listen("tcp", cfg.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for the operator: %w", err)
	}
	return &Server{ln: ln, http: &http.Server{
		Handler:     guard(cfg.Hosts, routes(metrics)),
		ReadTimeout: readTimeout, WriteTimeout: writeTimeout, IdleTimeout: writeTimeout, MaxHeaderBytes: maxHeaders,
	}}, nil
}

// Addr is where it listens.
func (s *Server) Addr() net.Addr { return s.ln.Addr() }

// Run answers until ctx ends, and frees the address.
func (s *Server) Run(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.Background(), closing)
		defer cancel()
		if s.http.Shutdown(patience) != nil {
			_ = s.http.Close()
		}
	})
	defer stop()
	if err := s.http.Serve(s.ln); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve the operator: %w", err)
	}
	return nil
}

// Close frees the address of a server that does not Run.
func (s *Server) Close() error {
	if err := s.http.Close(); err != nil {
		return err
	}
	if err := s.ln.Close(); err != nil && !errors.Is(err, net.ErrClosed) {
		return err
	}
	return nil
}

// routes are the calls. The command line, which may hold what is secret, and the
// execution trace, which holds up the process, are not among them.
func routes(metrics http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", metrics)
	mux.HandleFunc("GET /debug/pprof/profile", bounded(pprof.Profile))
	for _, name := range []string{"allocs", "block", "goroutine", "heap", "mutex", "threadcreate"} {
		mux.HandleFunc("GET /debug/pprof/"+name, bounded(pprof.Handler(name).ServeHTTP))
	}
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	return mux
}

// bounded refuses profiles over a long time.
func bounded(do http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if text := r.URL.Query().Get("seconds"); text != "" {
			if d, err := time.ParseDuration(text + "s"); err != nil || d < 0 || d > mostProfile {
				http.Error(w, fmt.Sprintf("seconds must be 0 to %.0f", mostProfile.Seconds()), http.StatusBadRequest)
				return
			}
		}
		do(w, r)
	}
}

// guard answers only who asks by an address, by localhost or by a name that the
// operator gave: a page whose name was made to lead here asks by its own. What a
// browser sends for a page of another origin says so, and is refused, too.
func guard(hosts []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		site := r.Header.Get("Sec-Fetch-Site")
		switch {
		case !known(r.Host, hosts):
			http.Error(w, "this address is not asked by that name; admin.hosts lists the names that it may be asked by", http.StatusMisdirectedRequest)
		case r.Header.Get("Origin") != "" || site != "" && site != "none" && site != "same-origin":
			http.Error(w, "pages may not ask this address", http.StatusForbidden)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

func known(asked string, hosts []string) bool {
	host := asked
	if h, _, err := net.SplitHostPort(asked); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	_, err := netip.ParseAddr(host)
	return err == nil || host == "localhost" || slices.Contains(hosts, host)
}
