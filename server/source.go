package server

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
)

// forwarding are headers by which proxies say that a request is another's.
var forwarding = []string{fiber.HeaderXForwardedFor, "X-Real-Ip", "Forwarded", fiber.HeaderVia}

// SourceOf is the network that a request comes from: an IPv4 address, or 64 bits of
// an IPv6 one. Who is connected is asked, and where that is one of the trusted
// proxies the X-Forwarded-For of it, from its end up to the first that is not
// trusted: what stands before that, anyone may have written. It is not certain where
// the request seems to have passed a proxy that does not say, or that is not
// trusted: then others may have the same source.
func SourceOf(c *fiber.Ctx) (network string, certain bool) {
	peer := addrOf(c.Context().RemoteAddr())
	source := networkOf(peer)
	var proxies []netip.Prefix
	if x, ok := c.Context().UserValue(exchangeKey).(*exchange); ok {
		proxies = x.server.proxies
	}
	if !within(peer, proxies) {
		forwarded := slices.ContainsFunc(forwarding, func(name string) bool { return c.Get(name) != "" })
		return source.String(), peer.IsValid() && !forwarded
	}
	var hops []string
	for _, line := range c.Request().Header.PeekAll(fiber.HeaderXForwardedFor) {
		hops = append(hops, strings.Split(string(line), ",")...)
	}
	for _, hop := range slices.Backward(hops) {
		addr, ok := parseHop(hop)
		if !ok {
			break
		}
		source = networkOf(addr)
		if !within(addr, proxies) {
			return source.String(), true
		}
	}
	return source.String(), false
}

// parseHop is the address of an element of X-Forwarded-For, where some put a port.
func parseHop(text string) (netip.Addr, bool) {
	text = strings.TrimSpace(text)
	if withPort, err := netip.ParseAddrPort(text); err == nil {
		return withPort.Addr(), true
	}
	addr, err := netip.ParseAddr(strings.Trim(text, "[]"))
	return addr, err == nil
}

func within(addr netip.Addr, networks []netip.Prefix) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(n netip.Prefix) bool { return n.Contains(addr) })
}

// parseNetworks are the networks of addresses and of prefixes such as 10.0.0.0/8.
func parseNetworks(texts []string) ([]netip.Prefix, error) {
	var networks []netip.Prefix
	for _, text := range texts {
		addr, err := netip.ParseAddr(text)
		network := netip.PrefixFrom(addr, addr.BitLen())
		if err != nil {
			if network, err = netip.ParsePrefix(text); err != nil {
				return nil, err
			}
		}
		networks = append(networks, network.Masked())
	}
	return networks, nil
}
