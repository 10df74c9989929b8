package admin

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"oneton/setting"
)

// Config says where the operator's address is.
type Config struct {
	// Listen is the address, host:port; empty is none.
	Listen string
	// Public allows an address that other machines reach.
	Public bool
	// Hosts are names by which it may be asked, beside IP addresses and localhost.
	Hosts []string
}

// On tells whether there is an address.
func (c Config) On() bool { return c.Listen != "" }

// Settings are what an operator may set of it.
func (c *Config) Settings() []setting.Setting {
	_, _, err := net.SplitHostPort(c.Listen)
	return []setting.Setting{
		{
			Key: "admin.listen", Value: &c.Listen,
			Means: "address of `/metrics` and profiles, without a key, as in `127.0.0.1:9464`; empty is none",
			Want:  "host:port of this machine alone, as 127.0.0.1:9464, unless admin.public is true",
			OK:    c.Listen == "" || err == nil && c.Check() == nil,
		},
		{Key: "admin.public", Value: &c.Public, Means: "lets `admin.listen` be an address that other machines reach"},
		{
			Key: "admin.hosts", Value: &c.Hosts,
			Means: "names by which `admin.listen` may be asked, beside IP addresses and `localhost`, separated by commas: others are refused, as those of pages that a browser was lured to",
			Want:  "hosts' names in small letters without a port", OK: !slices.ContainsFunc(c.Hosts, func(h string) bool { return h == "" || strings.ToLower(h) != h || strings.ContainsAny(h, ":/ *") }),
		},
	}
}

// loopback tells whether an address is reached from this machine alone.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// Check is ErrPublic for an address that the operator has not allowed.
func (c Config) Check() error {
	if c.On() && !c.Public && !loopback(c.Listen) {
		return fmt.Errorf("listen on %s: %w", c.Listen, ErrPublic)
	}
	return nil
}
