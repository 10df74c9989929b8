package webhook

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
)

// global holds the addresses of IPv6 that are given to networks of the internet. All
// else of IPv6 is refused: ::1, link-local, unique local (with fd00:ec2::254, where a
// cloud tells machines their secrets), multicast, and the forms that hold an address
// of IPv4, ::ffff:0:0/96 and 64:ff9b::/96.
var global = netip.MustParsePrefix("2000::/3")

// special are the addresses that are no host's on the internet, by the registries of
// special-purpose addresses (RFC 6890) of IPv4, and of IPv6 within global.
var special = prefixes(
	"0.0.0.0/8",         // this network
	"10.0.0.0/8",        // private
	"100.64.0.0/10",     // shared by carriers (CGNAT)
	"127.0.0.0/8",       // loopback
	"169.254.0.0/16",    // link-local, with 169.254.169.254
	"172.16.0.0/12",     // private
	"192.0.0.0/24",      // protocol assignments
	"192.0.2.0/24",      // documentation
	"192.88.99.0/24",    // relays of 6to4
	"192.168.0.0/16",    // private
	"198.18.0.0/15",     // benchmarks
	"198.51.100.0/24",   // documentation
	"203.0.113.0/24",    // documentation
	"224.0.0.0/4",       // multicast
	"240.0.0.0/4",       // reserved, and broadcast
	"168.63.129.16/32",  // a cloud's own services, at an address like any other
	"2001::/23",         // protocol assignments, with Teredo, which holds addresses of IPv4
	"2001:db8::/32",     // documentation
	"2002::/16",         // 6to4, which holds addresses of IPv4
	"2620:4f:8000::/48", // direct delegation AS112
	"3fff::/20",         // documentation
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, t := range texts {
		all[i] = netip.MustParsePrefix(t)
	}
	return all
}

// guard tells where requests may go. What an address is counts, not what its name
// was when somebody looked: it is asked as the connection is made.
type guard struct {
	// allowed are addresses that may be called though they are not public.
	allowed []netip.Prefix
	// plain lets connections be made to port 80.
	plain bool
	// own are the addresses of this machine.
	own func() ([]net.Addr, error)
}

// check is ErrAddress for an address that is not to be called.
func (g *guard) check(address netip.Addr) error {
	within := func(p netip.Prefix) bool { return p.Contains(address) }
	switch {
	case slices.ContainsFunc(g.allowed, within):
		return nil
	case !address.Is4() && !within(global) || slices.ContainsFunc(special, within):
		return fmt.Errorf("call %s: %w", address, ErrAddress)
	}
	own, err := g.own()
	if err != nil {
		return fmt.Errorf("list this machine's addresses: %w", err)
	}
	for _, a := range own {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == address {
			return fmt.Errorf("call %s, which is this machine's: %w", address, ErrAddress)
		}
	}
	return nil
}

// port is ErrAddress for a port below 1024 that is not the web's.
func (g *guard) port(port uint16) error {
	const unprivileged = 1024
	if port >= unprivileged || port == 443 || port == 80 && g.plain {
		return nil
	}
	return fmt.Errorf("call port %d: %w", port, ErrAddress)
}

// control refuses connections, by address and port, before they are made; a
// net.Dialer calls it for each address that a name has.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("call %s: %w", address, ErrAddress)
	}
	if err := g.port(to.Port()); err != nil {
		return err
	}
	return g.check(to.Addr())
}
