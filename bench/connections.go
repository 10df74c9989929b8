package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"
)

type connectionsCommand struct {
	Connections int    `help:"Connections of each attack." default:"1000"`
	Probes      int    `help:"Questions for /livez during each, on connections of their own." default:"100"`
	Out         string `help:"Folder of the results." default:"bench/results" json:"-"`
}

type connectionsResult struct {
	// Idle are the questions for /livez that nothing disturbs.
	Idle    probes                  `json:"undisturbed"`
	Attacks map[string]attackResult `json:"attacks"`
}

type attackResult struct {
	// More is how much the server's resident memory grew, in MiB.
	More float64 `json:"more_mib"`
	// Open is how many of the connections the server had not closed.
	Open  int    `json:"still_open"`
	Livez probes `json:"livez"`
}

type probes struct {
	Median  float64 `json:"median_ms"`
	Longest float64 `json:"longest_ms"`
	Failed  int     `json:"failed"`
}

// attack is what each of many connections sends; addresses are how many they
// come from.
type attack struct {
	text      string
	addresses int
}

func attacks() map[string]attack {
	const announce = "POST /v1/detect HTTP/1.1\r\nHost: bench\r\nContent-Type: image/jpeg\r\nContent-Length: 33554432\r\n"
	wrong := "Authorization: Bearer ot_0123456789abcdef_" + strings.Repeat("0", 52) + "\r\n"
	return map[string]attack{
		"announced_without_a_key":     {announce + "\r\n", 8},
		"announced_and_begun":         {announce + "\r\nx", 8},
		"announced_with_a_wrong_key":  {announce + wrong + "\r\nx", 8},
		"announced_to_the_token_call": {strings.Replace(announce, "/v1/detect", "/api/oauth/token", 1) + "\r\nx", 8},
		"silent":                      {"", 8},
		"silent_of_one_address":       {"", 1},
		"within_a_header":             {announce, 8},
	}
}

// Run starts the real program and holds connections open to it, each of which
// has no valid key.
func (c *connectionsCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := startProgram(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	p.client.Transport = &http.Transport{DisableKeepAlives: true}
	res := connectionsResult{Attacks: map[string]attackResult{}}
	if res.Idle, err = c.probe(ctx, p); err != nil {
		return err
	}
	all := attacks()
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if res.Attacks[name], err = c.attack(ctx, p, all[name]); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return save(c.Out, "connections", c, res)
}

func (c *connectionsCommand) attack(ctx context.Context, p *program, a attack) (res attackResult, err error) {
	before, err := p.resident()
	if err != nil {
		return res, err
	}
	held := make([]net.Conn, 0, c.Connections)
	defer func() {
		for _, conn := range held {
			_ = conn.Close()
		}
	}()
	for i := range c.Connections {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%a.addresses))}}
		conn, err := d.DialContext(ctx, "tcp", strings.TrimPrefix(p.base, "http://"))
		if err != nil {
			return res, err
		}
		held = append(held, conn)
		// The server may have closed it already, which is its right.
		_, _ = io.WriteString(conn, a.text)
	}
	if res.Livez, err = c.probe(ctx, p); err != nil {
		return res, err
	}
	after, err := p.resident()
	if err != nil {
		return res, err
	}
	res.More = after - before
	for _, conn := range held {
		if err := conn.SetReadDeadline(time.Now().Add(time.Millisecond)); err != nil {
			return res, err
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			res.Open++
		}
	}
	return res, nil
}

// probe asks for /livez, again and again.
func (c *connectionsCommand) probe(ctx context.Context, p *program) (probes, error) {
	var res probes
	took := make([]float64, 0, c.Probes)
	for range c.Probes {
		begin := time.Now()
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/livez", nil)
		if err != nil {
			return res, err
		}
		answer, err := p.client.Do(req)
		if err == nil {
			err = answer.Body.Close()
		}
		if err != nil || answer.StatusCode != http.StatusOK {
			res.Failed++
		}
		took = append(took, float64(time.Since(begin))/float64(time.Millisecond))
	}
	res.Median, res.Longest = median(took), quantile(took, 1)
	return res, nil
}
