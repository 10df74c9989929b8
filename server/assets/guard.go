package assets

import (
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// Guard says what a browser may do with a page: run what this server sent, ask this
// server, and use the camera. Nothing that is written into the page can run.
type Guard struct {
	// Images are where pictures may come from beside this server.
	Images []string
	// Around are the origins of pages that the page may stand in, and Forms those that
	// its forms may be sent to; none is nobody.
	Around, Forms []string
}

// Set sets the headers.
func (g Guard) Set(c *fiber.Ctx) {
	for name, value := range map[string]string{
		fiber.HeaderContentSecurityPolicy: strings.Join([]string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", strings.Join(append([]string{"img-src 'self'"}, g.Images...), " "), "connect-src 'self'",
			"base-uri 'none'", "form-action " + sources(g.Forms), "frame-ancestors " + sources(g.Around),
			"require-trusted-types-for 'script'", "trusted-types 'none'",
		}, "; "),
		fiber.HeaderPermissionsPolicy:  "camera=(self), display-capture=(), geolocation=(), microphone=()",
		fiber.HeaderReferrerPolicy:     "no-referrer",
		"Cross-Origin-Opener-Policy":   "same-origin",
		"Cross-Origin-Embedder-Policy": "require-corp",
		"Cross-Origin-Resource-Policy": "same-origin",
	} {
		c.Set(name, value)
	}
	if len(g.Around) == 0 {
		c.Set(fiber.HeaderXFrameOptions, "DENY")
	} else {
		// A page that isolates itself takes no frame that does not say so.
		c.Set("Cross-Origin-Resource-Policy", "cross-origin")
	}
}

// sources are a policy's, each once; none is nobody.
func sources(origins []string) string {
	if len(origins) == 0 {
		return "'none'"
	}
	origins = slices.Sorted(slices.Values(origins))
	return strings.Join(slices.Compact(origins), " ")
}
