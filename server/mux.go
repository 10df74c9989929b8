package server

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// mux sends each request to the API that its host or its path is of. Its places
// stand by their prefixes, longest first, after those that have a host; the last
// has neither.
type mux []*place

// place is where an API is. Each API has a router of its own, so that nothing
// of one sees what is another's.
type place struct {
	API
	prefix string
	router *fiber.App
	// handle answers what has a method that fiber knows.
	handle fasthttp.RequestHandler
	// routes are the patterns of its routes.
	routes map[string]bool
	// accepted and exposed are headers that pages of other origins are told of.
	accepted, exposed string
}

// of is the place of a path, as it was sent, at a host.
func (m mux) of(host, path string) *place {
	i := slices.IndexFunc(m, func(p *place) bool {
		return (p.Host == "" || p.Host == host) && strings.HasPrefix(path, p.prefix)
	})
	return m[i]
}

// hostOf is the name of the host that a request asks, without its port.
func hostOf(rctx *fasthttp.RequestCtx) string {
	name := string(rctx.Host())
	if host, _, err := net.SplitHostPort(name); err == nil {
		name = host
	}
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

// mount puts the APIs in their places, and what is of none of them last.
func (s *Server) mount(apis []API) error {
	home := s.home(apis)
	for _, api := range apis {
		home.Headers.Accepted = append(home.Headers.Accepted, api.Headers.Accepted...)
		home.Headers.Exposed = append(home.Headers.Exposed, api.Headers.Exposed...)
	}
	taken := map[string]bool{}
	take := func(path string) error {
		if taken[path] {
			return fmt.Errorf("serve %q: it is another API's already: %w", path, ErrAPI)
		}
		taken[path] = true
		return nil
	}
	for _, api := range append(slices.Clip(apis), home) {
		router := fiber.New(s.fiber)
		router.Use(s.observe)
		api.Routes(router)
		prefixes := api.Prefixes
		if api.Host != "" {
			prefixes = []string{""}
		}
		for _, prefix := range prefixes {
			if err := take(api.Host + prefix); err != nil {
				return err
			}
		}
		if path := api.Description.Path; path != "" {
			if err := take(path); err != nil {
				return err
			}
		}
		routes := map[string]bool{}
		for _, r := range router.GetRoutes(true) {
			routes[r.Path] = true
		}
		for _, prefix := range prefixes {
			p := &place{
				API: api, prefix: prefix, router: router, routes: routes,
				accepted: names(acceptedHeaders, api.Headers.Accepted), exposed: names(exposedHeaders, api.Headers.Exposed),
			}
			p.handle = router.Handler()
			s.mux = append(s.mux, p)
		}
	}
	slices.SortStableFunc(s.mux, func(a, b *place) int {
		return cmp.Or(-cmp.Compare(min(len(a.Host), 1), min(len(b.Host), 1)), cmp.Compare(len(b.prefix), len(a.prefix)))
	})
	return s.mux.check()
}

// check refuses routes that no request would come to.
func (m mux) check() error {
	for _, p := range m {
		served := map[string]bool{}
		for _, r := range p.router.GetRoutes(true) {
			call := r.Method + " " + r.Path
			if m.of(p.Host, r.Path).router != p.router || served[call] {
				return fmt.Errorf("serve %s: it is served already, or under no prefix of its API: %w", call, ErrAPI)
			}
			served[call] = true
			for _, other := range m {
				if other.router != p.router && other.Host == p.Host && len(other.prefix) > len(p.prefix) && covers(other.prefix, r.Path) {
					return fmt.Errorf("serve %q: it hides %s of another API: %w", other.prefix, call, ErrAPI)
				}
			}
		}
	}
	return nil
}

// covers tells whether some path that a route takes begins with the prefix.
func covers(prefix, route string) bool {
	taken := strings.Split(route, "/")
	parts := strings.Split(prefix, "/")
	for i, part := range parts {
		switch {
		case i == len(taken):
			return false
		case strings.HasPrefix(taken[i], ":"):
		case i == len(parts)-1:
			return strings.HasPrefix(taken[i], part)
		case taken[i] != part:
			return false
		}
	}
	return true
}

// names are those of headers, as a header lists them.
func names(all, more []string) string {
	list := slices.Concat(all, more)
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}
