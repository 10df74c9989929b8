package native

import (
	"sync"
	"time"

	"oneton/identify"
	"oneton/store"
)

// counts are what was answered.
type counts struct {
	One       int `json:"one"`
	Several   int `json:"several"`
	Nobody    int `json:"nobody"`
	Enrolment int `json:"enrolments"`
}

// spans is into how many parts the last hour is taken, and most how many tenants are
// counted: those of whom nothing was asked for an hour make room.
const (
	spans = 60
	most  = 10_000
)

// tally counts what each tenant was answered in the last hour, by this process.
type tally struct {
	mu sync.Mutex
	by map[store.TenantID]*hour
}

// hour are the counts of each minute, by the minute's number.
type hour struct {
	last   int64
	counts [spans]counts
}

func newTally() *tally { return &tally{by: map[store.TenantID]*hour{}} }

func minute() int64 { return time.Now().Unix() / 60 }

// add counts in this minute.
func (t *tally) add(tenant store.TenantID, count func(*counts)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := minute()
	h := t.by[tenant]
	if h == nil {
		if len(t.by) >= most {
			t.forget(now)
		}
		h = &hour{last: now}
		t.by[tenant] = h
	}
	h.advance(now)
	count(&h.counts[now%spans])
}

// forget removes those who asked nothing for an hour, or else anybody.
func (t *tally) forget(now int64) {
	for tenant, h := range t.by {
		if now-h.last >= spans {
			delete(t.by, tenant)
		}
	}
	for tenant := range t.by {
		if len(t.by) < most {
			return
		}
		delete(t.by, tenant)
	}
}

// advance empties the minutes since the last.
func (h *hour) advance(now int64) {
	for m := max(h.last+1, now-spans+1); m <= now; m++ {
		h.counts[m%spans] = counts{}
	}
	h.last = max(h.last, now)
}

// of are the tenant's.
func (t *tally) of(tenant store.TenantID) (sum counts) {
	t.mu.Lock()
	defer t.mu.Unlock()
	h := t.by[tenant]
	if h == nil {
		return sum
	}
	h.advance(minute())
	for _, c := range h.counts {
		sum.One += c.One
		sum.Several += c.Several
		sum.Nobody += c.Nobody
		sum.Enrolment += c.Enrolment
	}
	return sum
}

// searched counts the answers of a search.
func (t *tally) searched(tenant store.TenantID, a identify.Answer) {
	t.add(tenant, func(c *counts) {
		for _, p := range a.Probes {
			switch p.Outcome {
			case identify.One:
				c.One++
			case identify.Several:
				c.Several++
			default:
				c.Nobody++
			}
		}
	})
}
