package server

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
)

func TestPeers(t *testing.T) {
	for address, want := range map[string]string{
		"192.0.2.7":          "192.0.2.7/32",
		"::ffff:192.0.2.7":   "192.0.2.7/32",
		"2001:db8:1:2:3::4":  "2001:db8:1:2::/64",
		"2001:db8:1:2:ff::1": "2001:db8:1:2::/64",
		"::1":                "::/64",
	} {
		require.Equal(t, want, peerOf(&net.TCPAddr{IP: net.ParseIP(address), Port: 1}).String())
	}
	require.Equal(t, "fe80::/64", peerOf(&net.TCPAddr{IP: net.ParseIP("fe80::1"), Zone: "eth0"}).String())
	require.False(t, peerOf(&net.UnixAddr{Name: "x"}).IsValid())
}

// Whatever connections do, bounds hold, and none is counted when all are gone.
func TestConnectionsAreForgotten(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := listen(inner, Config{Concurrency: 7, PeerConcurrency: 3}, zerolog.Nop())
	var served sync.WaitGroup
	served.Go(func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			served.Go(func() {
				c := nc.(*conn) //nolint:forcetypeassert // all are
				defer c.Close()
				for range rand.IntN(4) {
					if _, err := io.ReadFull(c, make([]byte, 1)); err != nil || !c.serve() {
						return
					}
					c.rest()
				}
				if rand.IntN(2) == 0 && c.serve() {
					c.leaveUnread()
				}
			})
		}
	})
	stop, watched := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(watched)
		for {
			l.mu.Lock()
			if l.all > l.most || l.spares.open > spareConnections {
				t.Error("bounds are exceeded")
			}
			for _, p := range l.peers {
				if p.open > l.mostOfPeer || p.open == 0 || p.waiting.Len() > p.open {
					t.Error("a peer's bound is exceeded")
				}
			}
			l.mu.Unlock()
			select {
			case <-stop:
				return
			case <-time.After(time.Millisecond):
			}
		}
	}()
	var clients sync.WaitGroup
	for i := range 8 {
		clients.Go(func() {
			d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, byte(1+i%4))}}
			for range 100 {
				nc, err := d.DialContext(t.Context(), "tcp", inner.Addr().String())
				if err != nil {
					continue
				}
				_, _ = nc.Write(make([]byte, rand.IntN(5)))
				if rand.IntN(2) == 0 {
					_ = nc.SetReadDeadline(time.Now().Add(time.Millisecond))
					_, _ = io.Copy(io.Discard, nc)
				}
				_ = nc.Close()
			}
		})
	}
	clients.Wait()
	require.NoError(t, inner.Close())
	served.Wait()
	close(stop)
	<-watched
	require.Zero(t, l.all)
	require.Zero(t, l.spares.open)
	require.Empty(t, l.peers)
}

// scarce is a listener of a system that has no files left at first.
type scarce struct {
	net.Listener
	fails int
}

func (s *scarce) Accept() (net.Conn, error) {
	if s.fails > 0 {
		s.fails--
		return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return s.Listener.Accept()
}

// A system without files left ends no server: whoever waits longest makes room.
func TestWantOfFilesIsNoEnd(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer inner.Close()
	var log bytes.Buffer
	s := &scarce{Listener: inner}
	l := listen(s, Config{Concurrency: 7, PeerConcurrency: 3}, zerolog.New(&log))
	dial := func() net.Conn {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	first := dial()
	_, err = l.Accept()
	require.NoError(t, err)
	s.fails = 2
	dial()
	second, err := l.Accept()
	require.NoError(t, err)
	_, err = first.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.Equal(t, 1, l.all)
	require.Equal(t, 1, strings.Count(log.String(), "allow this process more files"))
	require.NoError(t, second.Close())
	require.NoError(t, inner.Close())
	_, err = l.Accept()
	require.ErrorIs(t, err, net.ErrClosed)
}

// Who is at work gives no place to a newcomer while others only wait, however
// few of them one peer has.
func TestWhoWaitsYieldsBeforeWhoWorks(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer inner.Close()
	l := listen(inner, Config{Concurrency: 6, PeerConcurrency: 6}, zerolog.Nop())
	accept := func(last byte) (client net.Conn, served *conn) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, last)}}
		client, err := d.DialContext(t.Context(), "tcp", inner.Addr().String())
		require.NoError(t, err)
		t.Cleanup(func() { _ = client.Close() })
		nc, err := l.Accept()
		require.NoError(t, err)
		return client, nc.(*conn) //nolint:forcetypeassert // all are
	}
	for range 3 {
		_, works := accept(2)
		require.True(t, works.serve())
	}
	_, pauses := accept(2)
	oldest, _ := accept(3)
	accept(3)
	_, fresh := accept(4)
	require.False(t, fresh.isSpare())
	require.True(t, pauses.serve(), "it is still open")
	_, err = oldest.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}
