package postgres_test

import (
	"bytes"
	"net"
	"net/url"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// proxy stands between a store and its server, and makes the network fail.
type proxy struct {
	listener net.Listener
	// network and address are the server's.
	network, address string
	wg               sync.WaitGroup

	mu sync.Mutex
	// open is closed while data may pass.
	open  chan struct{}
	conns map[net.Conn]bool
	// swallow, once set, is what the server says next that is not passed on:
	// both ends are cut off instead.
	swallow []byte
}

// newProxy returns a proxy and the URL that leads through it.
func newProxy(t *testing.T, to string) (*proxy, string) {
	t.Helper()
	u, err := url.Parse(to)
	require.NoError(t, err)
	cfg, err := pgconn.ParseConfig(to)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{listener: l, conns: make(map[net.Conn]bool), open: make(chan struct{})}
	p.network, p.address = pgconn.NetworkAddress(cfg.Host, cfg.Port)
	close(p.open)
	p.wg.Go(p.accept)
	t.Cleanup(func() {
		_ = l.Close()
		p.resume()
		p.cut()
		p.wg.Wait()
	})
	u.Host = l.Addr().String()
	q := u.Query() // may name a socket's folder
	q.Del("host")
	q.Del("port")
	u.RawQuery = q.Encode()
	return p, u.String()
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial(p.network, p.address)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns[client], p.conns[server] = true, true
		p.mu.Unlock()
		p.wg.Go(func() { p.pass(server, client, nil) })
		p.wg.Go(func() { p.pass(client, server, p.swallowed) })
	}
}

// pass copies from one end to the other, until one of them ends or cutting
// says so.
func (p *proxy) pass(to, from net.Conn, cutting func([]byte) bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		p.mu.Lock()
		open := p.open
		p.mu.Unlock()
		<-open
		if err != nil || cutting != nil && cutting(buf[:n]) {
			return
		}
		if _, err := to.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (p *proxy) swallowed(data []byte) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.swallow == nil || !bytes.Contains(data, p.swallow) {
		return false
	}
	p.swallow = nil
	return true
}

// swallowNext cuts the connection on which the server next says what.
func (p *proxy) swallowNext(what string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.swallow = []byte(what)
}

// cut ends every connection.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		_ = c.Close()
	}
	clear(p.conns)
}

// stall keeps back everything, as a network does that drops its packets.
func (p *proxy) stall() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = make(chan struct{})
}

// resume lets pass what was kept back, and what comes.
func (p *proxy) resume() {
	p.mu.Lock()
	defer p.mu.Unlock()
	select {
	case <-p.open:
	default:
		close(p.open)
	}
}
