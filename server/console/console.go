// Package console is the house's page for operators: galleries, people, searches and
// what the server does, in a browser that is signed in with an API key. The page is of
// this server alone and loads nothing from elsewhere; what it shows and changes it asks
// of the native API, as a client would.
package console

import (
	"bytes"
	"context"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"slices"

	"github.com/gofiber/fiber/v2"

	"oneton/access"
	"oneton/server"
	"oneton/server/assets"
	"oneton/server/problem"
	"oneton/store"
)

// prefix leads all paths of the page.
const prefix = "/console/"

//go:embed page/*.js page/*.css page/*.svg
var parts embed.FS

//go:embed page/console.html
var source string

// Sessions are browsers that signed in with a key; *access.Sessions are. A key, a link or
// a token that is not valid is access.ErrUnauthorized.
type Sessions interface {
	// Open signs in with a key, and Follow by a link.
	Open(ctx context.Context, key string) (token string, s access.Session, err error)
	Follow(ctx context.Context, link string) (token string, s access.Session, err error)
	// Session tells whose a token is. Present says that somebody is at the browser.
	Session(ctx context.Context, token string, present bool) (access.Session, error)
	// Close ends a session, and CloseAll all of a key.
	Close(ctx context.Context, token string) error
	CloseAll(ctx context.Context, key store.KeyID) error
}

// console serves the page.
type console struct {
	sessions Sessions
	version  string
	demo     func() fs.FS
	assets   assets.Set
	page     assets.Content
}

// Link is the address by which a browser signs in with a link of Sessions, on a server at
// that host. The link stands in the fragment, which browsers keep to themselves.
func Link(host, link string) string { return "http://" + host + prefix + "#/enter/" + link }

// New returns the page and its sessions, on a server of that version. The demo is where
// photos of people are for the tour, as far as there are any.
func New(sessions Sessions, version string, demo func() fs.FS) (server.API, error) {
	p := &console{sessions: sessions, version: version, demo: demo}
	var err error
	if p.assets, err = assets.New(prefix, parts); err != nil {
		return server.API{}, err
	}
	form, err := template.New("page").Parse(source)
	if err != nil {
		return server.API{}, fmt.Errorf("read the console's page: %w", err)
	}
	var b bytes.Buffer
	if err := form.Execute(&b, map[string]any{"Assets": p.assets.Path(), "Modules": p.assets.Modules()}); err != nil {
		return server.API{}, fmt.Errorf("draw the console's page: %w", err)
	}
	p.page = assets.NewContent(fiber.MIMETextHTMLCharsetUTF8, b.Bytes())
	return server.API{
		Name:     "console",
		Prefixes: []string{"/console"},
		Routes:   p.routes,
		Problem:  slices.Concat(problem.Request, problem.Stored).Problem,
	}, nil
}

func (p *console) routes(r fiber.Router) {
	r.Get("/console", func(c *fiber.Ctx) error { return c.Redirect(prefix, fiber.StatusPermanentRedirect) })
	r.Get(prefix, p.document)
	p.assets.Routes(r)
	r.Post(prefix+"session", p.own, p.signIn)
	r.Get(prefix+"session", p.own, p.signedIn(p.tell))
	r.Delete(prefix+"session", p.own, p.signOut)
	r.Get(prefix+"demo", p.own, p.signedIn(p.listDemo))
	r.Get(prefix+"demo/:name", p.own, p.signedIn(p.sendDemo))
	r.Delete(prefix+"sessions", p.own, p.signedIn(p.signOutEverywhere))
}

func (p *console) document(c *fiber.Ctx) error {
	assets.Guard{Images: []string{"blob:"}}.Set(c)
	return p.page.Send(c)
}
