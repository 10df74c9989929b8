// Package guides hands out the documents of the version that serves: /llms.txt, which
// lists them for programs that read, and each below /docs/.
package guides

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/gofiber/fiber/v2"

	"oneton/server"
)

const (
	index  = "llms.txt"
	prefix = "/docs/"
)

// New returns the documents, whose index is llms.txt, as an API that needs no key.
func New(files fs.FS) server.API {
	return server.API{
		Name:     "docs",
		Prefixes: []string{"/" + index, prefix},
		Routes: func(r fiber.Router) {
			r.Get("/"+index, func(c *fiber.Ctx) error { return send(c, files, index, fiber.MIMETextPlainCharsetUTF8) })
			r.Get(prefix+"*", func(c *fiber.Ctx) error {
				name := strings.TrimPrefix(c.Path(), prefix)
				if path.Ext(name) != ".md" {
					return fiber.ErrNotFound
				}
				return send(c, files, name, "text/markdown; charset=utf-8")
			})
		},
		Problem: func(error) (server.Problem, bool) { return server.Problem{}, false },
	}
}

func send(c *fiber.Ctx, files fs.FS, name, mediaType string) error {
	text, err := fs.ReadFile(files, name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrInvalid) {
		return fiber.ErrNotFound
	}
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, mediaType)
	c.Set(fiber.HeaderCacheControl, "public, max-age=3600")
	return c.Send(text)
}
