package server

import (
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
)

// HeaderConsole comes with each call of the console's pages: here while somebody is at
// the browser, and away while the page asks by itself. No page of another origin can
// send it: it is not among the headers that those are told they may send.
const HeaderConsole = "Oneton-Console"

const (
	here = "1"
	away = "0"
	// overTLS follows either where the page itself came over TLS, which a server behind a
	// proxy does not know.
	overTLS = "s"
)

// The names of the session's cookie. A browser takes one with the prefix only over TLS
// and for this very host (RFC 6265bis, section 4.1.3.2).
const (
	cookieSecure = "__Host-oneton-console"
	cookiePlain  = "oneton-console"
)

// Ticket is what a browser shows that is signed in.
type Ticket struct {
	Token string
	// Present says that somebody is at the browser.
	Present bool
}

// TicketOf is the ticket of a request that a page of this server's own has sent. The
// cookie that it is in, which browsers send by themselves, counts for nothing without.
func TicketOf(c *fiber.Ctx) (Ticket, bool) {
	if !OwnPage(c) {
		return Ticket{}, false
	}
	value, secure := said(c)
	token := c.Cookies(cookieSecure)
	// Over TLS another host of the domain could have set the other cookie.
	if token == "" && !secure {
		token = c.Cookies(cookiePlain)
	}
	return Ticket{Token: token, Present: value == here}, token != ""
}

// said is what the page says in its header: whether somebody is there, and whether it
// came over TLS.
func said(c *fiber.Ctx) (value string, secure bool) {
	return strings.CutSuffix(c.Get(HeaderConsole), overTLS)
}

// OwnPage tells whether a request was sent by a page of this server's own, as far as
// browsers tell of it: by its own header, by Sec-Fetch-Site, and by Origin, of which
// all that are there must say so.
func OwnPage(c *fiber.Ctx) bool {
	if value, _ := said(c); value != here && value != away {
		return false
	}
	switch site := c.Get("Sec-Fetch-Site"); site {
	case "same-origin":
		// A proxy may ask by another name than the browser does.
		return true
	case "":
	default:
		return false
	}
	origin := c.Get(fiber.HeaderOrigin)
	if origin == "" {
		return c.Method() == fiber.MethodGet || c.Method() == fiber.MethodHead
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, string(c.Context().Host()))
}

// SetTicket has the browser show a token from now on, until it is closed. That its page
// came over TLS, also by way of a proxy, the browser itself says.
func SetTicket(c *fiber.Ctx, token string) {
	DropTicket(c)
	_, secure := said(c)
	secure = secure || strings.HasPrefix(c.Get(fiber.HeaderOrigin), "https://")
	name := cookiePlain
	if secure {
		name = cookieSecure
	}
	c.Cookie(&fiber.Cookie{
		Name: name, Value: token, Path: "/", HTTPOnly: true, Secure: secure,
		SameSite: fiber.CookieSameSiteStrictMode, SessionOnly: true,
	})
}

// DropTicket has the browser forget what it shows.
func DropTicket(c *fiber.Ctx) {
	for _, name := range []string{cookieSecure, cookiePlain} {
		if c.Cookies(name) == "" {
			continue
		}
		c.Cookie(&fiber.Cookie{
			Name: name, Path: "/", HTTPOnly: true, Secure: name == cookieSecure, MaxAge: -1, Expires: fasthttp.CookieExpireDelete,
			SameSite: fiber.CookieSameSiteStrictMode,
		})
	}
}
