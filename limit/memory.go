package limit

import (
	"context"
	"maps"
	"sync"
	"time"

	"oneton/store"
)

// Memory counts for one process. It forgets with it.
type Memory struct {
	mu      sync.Mutex
	windows map[store.TenantID]window
	// swept is when windows that have ended were forgotten last.
	swept time.Time
}

type window struct {
	used int64
	ends time.Time
}

// NewMemory has counted nothing.
func NewMemory() *Memory { return &Memory{windows: make(map[store.TenantID]window)} }

// Add implements Counter.
func (m *Memory) Add(_ context.Context, length time.Duration, more func() map[store.TenantID]int64) (map[store.TenantID]Count, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	now := time.Now()
	if now.Sub(m.swept) > length {
		m.swept = now
		maps.DeleteFunc(m.windows, func(_ store.TenantID, w window) bool { return !now.Before(w.ends) })
	}
	counts := make(map[store.TenantID]Count)
	for tenant, n := range more() {
		w := m.windows[tenant]
		if !now.Before(w.ends) {
			w = window{ends: now.Add(length)}
		}
		w.used += n
		m.windows[tenant] = w
		counts[tenant] = Count{w.used, w.ends.Sub(now)}
	}
	return counts, nil
}
