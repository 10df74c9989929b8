package server

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// mux sends each request to the API that its path is of. Its places stand by
// their prefixes, longest first; the last has none.
type mux []*place

// place is where an API is. Each API has a router of its own, so that nothing
// of one sees what is another's.
type place struct {
	API
	prefix string
	router *fiber.App
	// handle answers what has a method that fiber knows.
	handle fasthttp.RequestHandler
	// accepted and exposed are headers that pages of other origins are told of.
	accepted, exposed string
}

// of is the place of a path, as it was sent.
func (m mux) of(path string) *place {
	i := slices.IndexFunc(m, func(p *place) bool { return strings.HasPrefix(path, p.prefix) })
	return m[i]
}

// mount puts the APIs in their places, and what is of none of them last.
func (s *Server) mount(apis []API) error {
	home := s.home(apis)
	for _, api := range apis {
		home.Headers.Accepted = append(home.Headers.Accepted, api.Headers.Accepted...)
		home.Headers.Exposed = append(home.Headers.Exposed, api.Headers.Exposed...)
	}
	taken := map[string]bool{}
	for _, api := range append(slices.Clip(apis), home) {
		router := fiber.New(s.fiber)
		router.Use(s.observe)
		api.Routes(router)
		for _, path := range append(slices.Clip(api.Prefixes), api.Description.Path) {
			if taken[path] {
				return fmt.Errorf("serve %q: it is another API's already: %w", path, ErrAPI)
			}
			taken[path] = true
		}
		for _, prefix := range api.Prefixes {
			p := &place{
				API: api, prefix: prefix, router: router,
				accepted: names(acceptedHeaders, api.Headers.Accepted), exposed: names(exposedHeaders, api.Headers.Exposed),
			}
			p.handle = router.Handler()
			s.mux = append(s.mux, p)
		}
	}
	slices.SortStableFunc(s.mux, func(a, b *place) int { return cmp.Compare(len(b.prefix), len(a.prefix)) })
	return s.mux.check()
}

// check refuses routes that no request would come to.
func (m mux) check() error {
	for _, p := range m {
		served := map[string]bool{}
		for _, r := range p.router.GetRoutes(true) {
			call := r.Method + " " + r.Path
			if m.of(r.Path).router != p.router || served[call] {
				return fmt.Errorf("serve %s: it is served already, or under no prefix of its API: %w", call, ErrAPI)
			}
			served[call] = true
		}
	}
	return nil
}

// names are those of headers, as a header lists them.
func names(all, more []string) string {
	list := slices.Concat(all, more)
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ", ")
}
