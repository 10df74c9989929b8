package server

import (
	"errors"
	"io"
	"net"
	"strings"
	"sync"

	"github.com/gofiber/fiber/v2"

	"oneton/store"
)

const (
	// PlainBody is the largest body of a request that has no photo: what all
	// texts of the largest of them take when each letter is escaped.
	PlainBody = 128 << 10
	// StrangerBody is the largest body that says itself, in a field, who asks:
	// a photo or two. Whoever says so in a header may send more.
	StrangerBody = 8 << 20
	// firstBody is what is taken for a body before any of it has come.
	firstBody = 32 << 10
	// strangers is the part of the memory for bodies that those get together of
	// whom nobody knows yet who asks.
	strangers = 8
)

// Body reads the request's body, of at most largest bytes and never more than
// the server's limit. It is for handlers, which run once it is known who asks:
// nothing but a body's first byte is read before, and its memory grows with
// what has come, whatever was announced. Where only the body tells who asks, it
// is at most StrangerBody, and its memory is of the strangers' part until
// SetPrincipal. The bytes are the caller's. The time for the work on the request
// starts anew when the body is whole, and the work ends when the client leaves.
func Body(c *fiber.Ctx, largest int) ([]byte, error) {
	x, ok := c.Context().UserValue(exchangeKey).(*exchange)
	if !ok || x.whole {
		return nil, nil
	}
	p, known := PrincipalOf(c)
	largest = min(largest, x.server.cfg.BodyLimit)
	if !known {
		largest = min(largest, StrangerBody, x.server.cfg.BodyMemory/strangers-1)
	}
	announced := c.Request().Header.ContentLength()
	if announced > largest {
		return nil, &BodySizeError{largest}
	}
	if x.asks {
		x.wanted = true
		return nil, errAwaited
	}
	x.tenant = p.Tenant
	if !known {
		// A stranger that keeps its body back takes nobody's place.
		x.conn.rest()
	}
	body, err := x.read(c.Request().BodyStream(), announced, largest)
	if err != nil {
		return nil, err
	}
	if !known && !x.conn.serve() {
		return nil, fiber.ErrBadGateway
	}
	x.begin(c)
	x.watch(c)
	return body, nil
}

func (x *exchange) read(stream io.Reader, announced, largest int) ([]byte, error) {
	end := announced
	if announced < 0 {
		end = largest + 1 // in chunks, it is too large when this is filled
	}
	var body []byte
	for size := min(firstBody, end); ; size = min(2*size, end) {
		if !x.server.bodies.take(x.tenant, size-x.held) {
			return nil, ErrBodies
		}
		x.held = size
		body = append(make([]byte, 0, size), body...)
		for len(body) < size {
			n, err := stream.Read(body[len(body):size])
			body = body[:len(body)+n]
			x.received = len(body)
			switch {
			case errors.Is(err, io.EOF) && len(body) < announced:
				return nil, fiber.ErrBadGateway
			case errors.Is(err, io.EOF):
				x.whole = true
				return body, nil
			case err != nil:
				return nil, unread(err)
			}
		}
		switch len(body) {
		case announced:
			x.whole = true
			return body, nil
		case largest + 1:
			return nil, &BodySizeError{largest}
		}
	}
}

// unread is what a body that cannot be read comes to.
func unread(err error) error {
	var broken net.Error
	switch {
	// What breaks a chunk off is not wrapped, only written out.
	case strings.Contains(err.Error(), "i/o timeout"):
		return fiber.ErrRequestTimeout
	case errors.As(err, &broken), errors.Is(err, io.ErrUnexpectedEOF):
		return fiber.ErrBadGateway
	default:
		return fiber.ErrBadRequest
	}
}

// bodies is the memory for bodies, of which one tenant gets half at most, and
// strangers, who are of none, an eighth together.
type bodies struct {
	mu   sync.Mutex
	most int
	all  int
	by   map[store.TenantID]int
}

// take takes n bytes of a tenant's share, if there are so many.
func (b *bodies) take(tenant store.TenantID, n int) bool {
	share := b.most / 2
	if tenant == "" {
		share = b.most / strangers
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all+n > b.most || b.by[tenant]+n > share {
		return false
	}
	b.all += n
	b.by[tenant] += n
	return true
}

func (b *bodies) giveBack(tenant store.TenantID, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all -= n
	if b.by[tenant] -= n; b.by[tenant] == 0 {
		delete(b.by, tenant)
	}
}

// hand counts n bytes of one's share among another's, which they may pass: they
// have been read.
func (b *bodies) hand(from, to store.TenantID, n int) {
	if n == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.by[from] -= n; b.by[from] == 0 {
		delete(b.by, from)
	}
	b.by[to] += n
}
