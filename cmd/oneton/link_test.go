package main

import (
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// link is a network connection between a server and what it depends on, which
// a test can cut, stop and slow down.
type link struct {
	listener net.Listener
	target   string
	wg       sync.WaitGroup

	mu    sync.Mutex
	conns map[net.Conn]bool
	// open is closed while data may pass.
	open  chan struct{}
	delay time.Duration
	// answers, when set, makes what is passed on of a connection's answers.
	answers func() func([]byte) []byte
}

// newLink returns a link to the address that nothing is wrong with.
func newLink(t *testing.T, target string) *link {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &link{listener: ln, target: target, conns: make(map[net.Conn]bool), open: make(chan struct{})}
	close(l.open)
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		_ = ln.Close()
		l.mend()
		l.cut()
		l.wg.Wait()
	})
	return l
}

func (l *link) address() string { return l.listener.Addr().String() }

func (l *link) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		l.mu.Lock()
		l.conns[client], l.conns[server] = true, true
		pass := func(b []byte) []byte { return b }
		if l.answers != nil {
			pass = l.answers()
		}
		l.mu.Unlock()
		l.wg.Go(func() { l.pass(server, client, func(b []byte) []byte { return b }) })
		l.wg.Go(func() { l.pass(client, server, pass) })
	}
}

// pass copies from one end to the other until one of them ends.
func (l *link) pass(to, from net.Conn, filter func([]byte) []byte) {
	defer func() {
		_, _ = to.Close(), from.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.conns, to)
		delete(l.conns, from)
	}()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		l.mu.Lock()
		open, delay := l.open, l.delay
		l.mu.Unlock()
		<-open
		time.Sleep(delay)
		if err != nil {
			return
		}
		if _, err := to.Write(filter(buf[:n])); err != nil {
			return
		}
	}
}

// cut ends every connection.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		_ = c.Close()
	}
}

// stop keeps back everything, as a network does that loses its packets.
func (l *link) stop() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open = make(chan struct{})
}

// slow makes everything late.
func (l *link) slow(by time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = by
}

// mend ends stop and slow.
func (l *link) mend() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.delay = 0
	select {
	case <-l.open:
	default:
		close(l.open)
	}
}
