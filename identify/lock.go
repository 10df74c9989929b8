package identify

import (
	"context"
	"sync"
)

// keyedLock is one mutex for each key in use; waiting ends with the context.
type keyedLock struct {
	mu   sync.Mutex
	held map[string]*keyHold
}

type keyHold struct {
	token   chan struct{}
	waiters int
}

// acquire locks key and returns the function that unlocks it.
func (l *keyedLock) acquire(ctx context.Context, key string) (release func(), err error) {
	l.mu.Lock()
	if l.held == nil {
		l.held = make(map[string]*keyHold)
	}
	h := l.held[key]
	if h == nil {
		h = &keyHold{token: make(chan struct{}, 1)}
		l.held[key] = h
	}
	h.waiters++
	l.mu.Unlock()

	leave := func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if h.waiters--; h.waiters == 0 {
			delete(l.held, key)
		}
	}
	select {
	case h.token <- struct{}{}:
		return func() { <-h.token; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, ctx.Err()
	}
}
