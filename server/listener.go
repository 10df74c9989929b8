package server

import (
	"cmp"
	"container/list"
	"errors"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/rs/zerolog"
)

const (
	// spareConnections are served beyond all bounds, for health alone.
	spareConnections = 64
	// crowdedEvery is how often the log tells of bounds that are reached.
	crowdedEvery = 10 * time.Second
	// exhaustedPause is how long no connection is accepted when the system has
	// nothing left to open one with.
	exhaustedPause = 50 * time.Millisecond
)

// listener bounds connections, in all and for each peer. A connection beyond
// takes the place of the one that has waited longest for its peer to ask
// something or to take the answer: of the same peer, or in all of the peer for
// which most wait. Where none waits, it is a spare one, which only learns of the
// server's health.
type listener struct {
	net.Listener
	most, mostOfPeer int
	log              zerolog.Logger

	mu     sync.Mutex
	peers  map[netip.Prefix]*peer
	spares peer
	// all are the open connections but spare ones.
	all int
	// told is when the log last told of bounds, and what is since then.
	told            time.Time
	closed, refused int
	// allClosed and allRefused are those since the beginning.
	allClosed, allRefused int
	// toldExhausted is when it last told that the system has nothing left.
	toldExhausted time.Time
}

// peer is whoever has one address or, of IPv6, one network of 64 bits.
type peer struct {
	from netip.Prefix
	open int
	// waiting are the *conn that wait for the peer to ask or to take an
	// answer, longest first.
	waiting list.List
}

func listen(ln net.Listener, cfg Config, log zerolog.Logger) *listener {
	return &listener{
		Listener: ln, most: cfg.Concurrency, mostOfPeer: cfg.PeerConcurrency, log: log,
		peers: map[netip.Prefix]*peer{},
	}
}

// Accept returns the next connection that may be served. A system that has no
// more files, which may be fewer than the bounds, is no end: it makes room and
// goes on.
func (l *listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if exhausted(err) {
			l.makeRoom(err)
			time.Sleep(exhaustedPause)
			continue
		}
		if err != nil {
			return nil, err
		}
		if admitted := l.admit(c); admitted != nil {
			return admitted, nil
		}
		_ = c.Close()
	}
}

// exhausted tells whether the system has nothing to open a connection with.
func exhausted(err error) bool {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// makeRoom closes the connection that has waited longest, of the peer for which
// most wait.
func (l *listener) makeRoom(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if p := l.laziest(); p != nil {
		l.closeOldest(p)
	}
	if time.Since(l.toldExhausted) >= crowdedEvery {
		l.log.Error().Err(err).Int("open", l.all).Msg("no connection can be opened: allow this process more files, or set server.connections lower")
		l.toldExhausted = time.Now()
	}
}

func (l *listener) admit(nc net.Conn) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	from := peerOf(nc.RemoteAddr())
	p := l.peers[from]
	if p == nil {
		p = &peer{from: from}
	}
	c := &conn{Conn: nc, listener: l, peer: p}
	if full := p.open >= l.mostOfPeer; full || l.all >= l.most {
		crowd := p
		if !full {
			crowd = l.laziest()
		}
		if !l.closeOldest(crowd) {
			c.peer, c.spare = &l.spares, true
			l.refused++
			l.allRefused++
		}
		l.tell(crowd)
	}
	switch {
	case !c.spare:
		l.peers[from] = p
		l.all++
	case l.spares.open >= spareConnections && !l.closeOldest(&l.spares):
		return nil
	}
	c.peer.open++
	c.wait(true)
	return c
}

// laziest is the peer for which most connections wait; where none waits, it has
// most.
func (l *listener) laziest() *peer {
	var laziest *peer
	for _, p := range l.peers {
		if laziest == nil || cmp.Or(cmp.Compare(p.waiting.Len(), laziest.waiting.Len()), cmp.Compare(p.open, laziest.open)) > 0 {
			laziest = p
		}
	}
	return laziest
}

// closeOldest closes the connection of the peer that has waited longest, if
// any waits.
func (l *listener) closeOldest(p *peer) bool {
	oldest := p.waiting.Front()
	if oldest == nil {
		return false
	}
	c := oldest.Value.(*conn) //nolint:forcetypeassert // nothing else is put there
	l.forget(c)
	l.closed++
	l.allClosed++
	_ = c.Conn.Close()
	return true
}

// forget takes a connection out of all counts. It may be called again.
func (l *listener) forget(c *conn) {
	if c.gone {
		return
	}
	c.gone = true
	c.wait(false)
	c.peer.open--
	if c.spare {
		return
	}
	l.all--
	if c.peer.open == 0 {
		delete(l.peers, c.peer.from)
	}
}

// tell logs that bounds are reached, now and then.
func (l *listener) tell(p *peer) {
	if time.Since(l.told) < crowdedEvery {
		return
	}
	l.log.Warn().Stringer("peer", p.from).Int("of_peer", p.open).Int("open", l.all).
		Int("closed_waiting", l.closed).Int("refused", l.refused).
		Msg("as many connections as may be")
	l.told, l.closed, l.refused = time.Now(), 0, 0
}

// peerOf is the network that stands for whoever has the address.
func peerOf(a net.Addr) netip.Prefix {
	return networkOf(addrOf(a))
}

// addrOf is the address itself, or none where it is no IP one.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return tcp.AddrPort().Addr()
	}
	return netip.Addr{}
}

func networkOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap()
	bits := addr.BitLen()
	if addr.Is6() {
		bits = 64
	}
	p, err := addr.WithZone("").Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
