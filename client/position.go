package client

import (
	"net/http"
	"strconv"
	"sync"
)

const headerPosition = "X-Oneton-Position"

// position is the highest in the change log that answers told of, 0 where none did
// or a write's is not known.
type position struct {
	mu sync.Mutex
	at uint64
}

func (p *position) raise(h http.Header) {
	told, err := strconv.ParseUint(h.Get(headerPosition), 10, 64)
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = max(p.at, told)
}

func (p *position) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at = 0
}

func (p *position) get() uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.at
}

// Position is the highest position in the server's change log that this client was
// told of; 0 is none. Another client that sends it sees this one's writes.
func (c *Client) Position() uint64 { return c.position.get() }

// Reached tells the client of a position that another was told.
func (c *Client) Reached(position uint64) {
	c.position.raise(http.Header{headerPosition: {strconv.FormatUint(position, 10)}})
}
