package webhook

import (
	"context"
	"net"
	"net/netip"
	"time"
)

var (
	Next       = next
	RetryAfter = retryAfter
	Delays     = delays
)

// Guard is one without addresses of this machine, but for own.
func Guard(cfg Config, own ...string) (check func(netip.Addr) error, url func(string) error, control func(string) error) {
	g, err := newGuard(cfg)
	if err != nil {
		panic(err)
	}
	g.own = func() (all []net.Addr, err error) {
		for _, o := range own {
			all = append(all, &net.IPNet{IP: net.ParseIP(o), Mask: net.CIDRMask(24, 32)})
		}
		return all, nil
	}
	url = func(text string) error { _, err := g.parseURL(text); return err }
	control = func(address string) error { return g.control("tcp", address, nil) }
	return g.check, url, control
}

// Sign is what keys of 64 random bytes sign.
func Sign(keys [][]byte, id string, at time.Time, body []byte) string {
	var all []key
	for _, b := range keys {
		k, _ := keyOf(b)
		all = append(all, k)
	}
	return sign(all, id, at, body)
}

// Texts are a key's secret and public key.
func Texts(b []byte) (secret, public string) {
	k, _ := keyOf(b)
	return k.secretText(), k.publicText()
}

// SweepTo is Sweep with another bound than Most.
func (s *Service) SweepTo(ctx context.Context, now time.Time, most int64) (int64, error) {
	return s.sweep(ctx, now, most)
}
