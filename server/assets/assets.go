// Package assets sends what pages are made of: scripts, styles and pictures that are in
// the binary, each set of them under the version of all together, so that a browser may
// keep each for ever, and each names the others as they are. The colours are of all pages.
package assets

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

//go:embed shared/*.css
var shared embed.FS

// folder is where a page's parts are below its prefix.
const folder = "assets/"

// forever lets browsers keep what never changes under its address.
const forever = "public, max-age=31536000, immutable"

// Set are the parts of a page.
type Set struct {
	prefix, version string
	by              map[string]Content
}

// New are the files, by their names without folders, and those that all pages share. The
// prefix is the page's and ends in a slash.
func New(prefix string, files fs.FS) (Set, error) {
	s := Set{prefix: prefix, by: map[string]Content{}}
	sum := sha256.New()
	for _, of := range []fs.FS{shared, files} {
		err := fs.WalkDir(of, ".", func(name string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			plain, err := fs.ReadFile(of, name)
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%s %d ", name, len(plain))
			sum.Write(plain)
			s.by[path.Base(name)] = NewContent(media(name), plain)
			return nil
		})
		if err != nil {
			return Set{}, fmt.Errorf("read what a page is made of: %w", err)
		}
	}
	s.version = hex.EncodeToString(sum.Sum(nil))[:16]
	return s, nil
}

// media is told by the name here, so that no machine's own list of types counts.
func media(name string) string {
	return map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	}[path.Ext(name)]
}

// Path is the folder of the parts.
func (s Set) Path() string { return s.prefix + folder + s.version }

// Modules are the names of the scripts.
func (s Set) Modules() []string {
	var names []string
	for name := range s.by {
		if strings.HasSuffix(name, ".js") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Routes adds the parts' addresses.
func (s Set) Routes(r fiber.Router) { r.Get(s.prefix+folder+":version/:name", s.send) }

// send answers with a part of the page. One of another version is asked for while
// servers are being replaced; it is answered with this one's, which is not kept.
func (s Set) send(c *fiber.Ctx) error {
	f, ok := s.by[c.Params("name")]
	if !ok {
		return fiber.ErrNotFound
	}
	if c.Params("version") == s.version {
		c.Set(fiber.HeaderCacheControl, forever)
	}
	c.Set("Cross-Origin-Resource-Policy", "same-origin")
	return f.Send(c)
}
