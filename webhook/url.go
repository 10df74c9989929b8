package webhook

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"oneton/argument"
)

// maxURL is a URL's longest, in bytes.
const maxURL = 2048

// parseURL reads a URL that events may be sent to: what it names is checked again as
// each connection is made.
func (g *guard) parseURL(text string) (*url.URL, error) {
	const name = "url"
	if len(text) > maxURL {
		return nil, invalid(name, "is longer than %d bytes", maxURL)
	}
	odd := func(r rune) bool { return r <= ' ' || r == '\\' || !unicode.IsPrint(r) }
	u, err := url.Parse(text)
	switch {
	case err != nil || strings.ContainsFunc(text, odd):
		return nil, invalid(name, "is no URL as https://example.org/hooks")
	case u.Scheme == "http" && !g.plain:
		return nil, invalid(name, "must begin with https://, since whoever is on the way would read and change what http sends")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, invalid(name, "must begin with https://")
	case u.Hostname() == "" || u.Opaque != "":
		return nil, invalid(name, "has no host")
	case numeric(u.Hostname()):
		return nil, invalid(name, "has a host that ends in a number and is no address as 192.0.2.1")
	case u.User != nil:
		return nil, invalid(name, "must not have a name or password in it: what is sent is signed")
	case u.Fragment != "" || strings.Contains(text, "#"):
		return nil, invalid(name, "must not have a fragment, which is never sent")
	}
	port := uint64(443)
	if u.Scheme == "http" {
		port = 80
	}
	if text := u.Port(); text != "" || strings.HasSuffix(u.Host, ":") {
		if port, err = strconv.ParseUint(text, 10, 16); err != nil || port == 0 {
			return nil, invalid(name, "has a port that is none")
		}
	}
	if err := g.port(uint16(port)); err != nil {
		return nil, argument.New(ErrAddress, name, "has a port that webhooks are not sent to: 443, and those from 1024 on, are")
	}
	if address, err := netip.ParseAddr(u.Hostname()); err == nil {
		if err := g.check(address); errors.Is(err, ErrAddress) {
			return nil, argument.New(ErrAddress, name, "leads to an address that is not public; the operator may allow it")
		} else if err != nil {
			return nil, err
		}
	}
	return u, nil
}

// numeric tells whether a host that is no address in the usual notation ends in a
// number, as 2130706433, 0x7f.1 and 127.0.0.1. do, which some resolvers and proxies take
// for addresses of IPv4 (https://url.spec.whatwg.org/#ends-in-a-number-checker).
func numeric(host string) bool {
	if _, err := netip.ParseAddr(host); err == nil {
		return false
	}
	host = strings.TrimSuffix(host, ".")
	last := strings.ToLower(host[strings.LastIndexByte(host, '.')+1:])
	if digits, ok := strings.CutPrefix(last, "0x"); ok {
		return strings.Trim(digits, "0123456789abcdef") == ""
	}
	return last != "" && strings.Trim(last, "0123456789") == ""
}
