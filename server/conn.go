package server

import (
	"container/list"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"time"
)

// lingerTime is how long a refused client may go on sending.
const lingerTime = time.Second

// conn is a connection of a listener. Its methods but those of net.Conn do
// nothing where it is nil, which is a connection of another listener.
type conn struct {
	net.Conn
	listener *listener
	spare    bool
	// unread is until when, in Unix nanoseconds, what is left of a refused body
	// is drained when the connection closes; 0 where there is none.
	unread atomic.Int64

	// head begins what was read of the request that is under way, of which length
	// bytes count; settled is that it is over.
	head    [256]byte
	length  int
	settled atomic.Bool

	// The listener guards the rest. place is in the peer's list, while the
	// connection waits for a request.
	peer  *peer
	place *list.Element
	gone  bool
}

// Read reads from the connection, and keeps how a request begins.
func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.settled.Swap(false) {
		c.length = 0
	}
	c.length += copy(c.head[c.length:], b[:n])
	return n, err
}

// asked is the path that a request asks for, as far as it was kept, where its head
// is no HTTP. It is for the goroutine that reads.
func (c *conn) asked() string {
	if c == nil || c.settled.Load() {
		return ""
	}
	line, _, _ := strings.Cut(string(c.head[:c.length]), "\n")
	_, target, _ := strings.Cut(line, " ")
	target, _, _ = strings.Cut(target, " ")
	if _, behind, absolute := strings.Cut(target, "://"); absolute {
		_, path, _ := strings.Cut(behind, "/")
		target = "/" + path
	}
	path, _, _ := strings.Cut(target, "?")
	return path
}

// isSpare tells whether the connection may learn of the server's health only.
func (c *conn) isSpare() bool { return c != nil && c.spare }

// serve says that a request has come, or false when the connection was closed
// before.
func (c *conn) serve() bool {
	if c == nil {
		return true
	}
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.unread.Store(0)
	c.wait(false)
	return !c.gone
}

// rest says that the request is settled: what is left is up to the peer, which
// has to take the answer and ask again.
func (c *conn) rest() {
	if c == nil {
		return
	}
	c.settled.Store(true)
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.wait(!c.gone)
}

func (c *conn) wait(waits bool) {
	switch {
	case waits && c.place == nil:
		c.place = c.peer.waiting.PushBack(c)
	case !waits && c.place != nil:
		c.peer.waiting.Remove(c.place)
		c.place = nil
	}
}

// watch calls left when the peer closes its side or resets the connection, or
// not at all; it can be told on Unix only. Nothing may be read from the
// connection before it is stopped, which leaves no time for reading.
func (c *conn) watch(left func()) (stop func()) {
	if c == nil || c.SetReadDeadline(time.Time{}) != nil {
		return func() {}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		if hungUp(c.Conn) {
			left()
		}
	}()
	return func() {
		_ = c.SetReadDeadline(time.Unix(1, 0))
		<-done
	}
}

// leaveUnread says that what is left of a body will not be read: it has
// lingerTime to pass by, or else the connection ends with this answer.
func (c *conn) leaveUnread() {
	if c == nil {
		return
	}
	now := time.Now()
	c.unread.Store(now.Add(2 * lingerTime).UnixNano())
	_ = c.SetReadDeadline(now.Add(lingerTime))
}

// Close closes the connection. Doing so at once while the peer is still
// sending would reset it, and the reset would overtake the answer that says
// why (RFC 9112, section 9.6): so with a body left unread it first ends the
// answer and drains what comes, for at most as long again. Nobody waits for a
// connection that has been idle since: a stop closes one after the other.
func (c *conn) Close() error {
	c.rest()
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		until := time.Unix(0, c.unread.Load())
		if time.Now().Before(until) && half.CloseWrite() == nil && c.SetReadDeadline(until) == nil {
			_, _ = io.Copy(io.Discard, c.Conn)
		}
	}
	err := c.Conn.Close()
	c.listener.mu.Lock()
	defer c.listener.mu.Unlock()
	c.listener.forget(c)
	return err
}
