// Package capture is the page on which somebody shows, before a camera, that they are
// whom a face session's photo shows, and the calls that the page makes. The page is of
// this server alone: it loads nothing from elsewhere, and never has a client's token.
package capture

import (
	"context"
	"fmt"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/facesession"
	"oneton/server"
	"oneton/server/assets"
)

// prefix leads all paths of the page.
const prefix = "/session/"

// What the page sends with each call.
const (
	// headerBinding is what the session is bound to its tab by, and unbound before it is.
	// A page of another origin cannot send it: nothing tells its browser that it may.
	headerBinding = "Capture-Binding"
	unbound       = "none"
	// headerStep is the token of the step that frames are of.
	headerStep = "Capture-Step"
)

// Sessions are what the page is for; *facesession.Service has them. Errors are those of
// facesession, of photos and of the pool.
type Sessions interface {
	// Embedding tells whose a session is, and where its page may stand.
	Embedding(ctx context.Context, id string) (facesession.Embedding, error)
	// Bind binds a session to a tab, and tells where it is; an empty binding asks for one.
	Bind(ctx context.Context, id, binding, nonce string) (facesession.Tab, error)
	// Begin starts an attempt, or goes on with the one under way.
	Begin(ctx context.Context, id, binding string) (facesession.Progress, error)
	// Guide tells what to do for a better picture.
	Guide(ctx context.Context, id, binding string, jpeg []byte) (facesession.Guidance, error)
	// Step judges the frames of the step that has the token.
	Step(ctx context.Context, id, binding, token string, frames []facesession.Frame) (facesession.Progress, error)
	// Cancel ends a session for good, for a reason of the person's or of their browser's.
	Cancel(ctx context.Context, id, binding string, code facesession.Code) (facesession.End, error)
}

// capture serves the page.
type capture struct {
	sessions Sessions
	assets   assets.Set
	pages    pages
}

// New returns the page and its calls.
func New(sessions Sessions) (server.API, error) {
	p := &capture{sessions: sessions}
	var err error
	if p.assets, err = assets.New(prefix, parts); err != nil {
		return server.API{}, err
	}
	if p.pages, err = render(p.assets.Path()); err != nil {
		return server.API{}, fmt.Errorf("render the capture page: %w", err)
	}
	return server.API{
		Name:     "capture",
		Prefixes: []string{prefix},
		Routes:   p.routes,
		Problem:  problemOf,
		Refuse:   p.refuse,
	}, nil
}

func (p *capture) routes(r fiber.Router) {
	p.assets.Routes(r)
	r.Get(prefix+":id", p.page)
	for path, call := range map[string]fiber.Handler{
		"/bind": p.bind, "/begin": p.begin, "/guide": p.guide, "/step": p.step, "/cancel": p.cancel,
	} {
		r.Post(prefix+":id"+path, p.known, call)
	}
}

// known lets the calls of this server's own page pass, for sessions that there are. What
// they send is read at the cost of the session's tenant.
func (p *capture) known(c *fiber.Ctx) error {
	site := c.Get("Sec-Fetch-Site")
	if c.Get(headerBinding) == "" || site != "" && site != "same-origin" {
		return foreign.Problem()
	}
	e, err := p.sessions.Embedding(c.UserContext(), c.Params("id"))
	if err != nil {
		return err
	}
	server.SetPrincipal(c, access.Principal{Tenant: e.Tenant, KeyID: e.Client})
	c.Locals(embeddingKey, e)
	return c.Next()
}

// bindingOf is what binds the session to the tab that calls, or empty.
func bindingOf(c *fiber.Ctx) string {
	return strings.TrimPrefix(c.Get(headerBinding), unbound)
}

type localKey int

const embeddingKey localKey = iota

func embeddingOf(c *fiber.Ctx) facesession.Embedding {
	e, _ := c.Locals(embeddingKey).(facesession.Embedding)
	return e
}
