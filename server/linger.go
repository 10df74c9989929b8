package server

import (
	"io"
	"net"
	"sync/atomic"
	"time"
)

// lingerTime is how long a refused client may go on sending.
const lingerTime = time.Second

// lingering makes connections that can close without losing the last answer.
type lingering struct {
	net.Listener
}

// Accept wraps the next connection.
func (l lingering) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lingerConn{Conn: c}, nil
}

// lingerConn is a connection whose peer may be in the middle of a body that
// was refused. Closing it then would reset it, and the reset would overtake
// the answer that says why (RFC 9112, section 9.6).
type lingerConn struct {
	net.Conn
	unread atomic.Bool
}

// Close closes the connection; with a body left unread it first ends the
// answer and drains what the peer still sends, for at most lingerTime.
func (c *lingerConn) Close() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok && c.unread.Load() {
		if half.CloseWrite() == nil && c.SetReadDeadline(time.Now().Add(lingerTime)) == nil {
			_, _ = io.Copy(io.Discard, c.Conn)
		}
	}
	return c.Conn.Close()
}
