// Package limit bounds how often each tenant may ask, over all its keys, tokens and
// connections together: exactly so many times in a window, by however many callers at
// once and on however many processes.
//
// A window begins with a tenant's first request after the one before has ended. So at
// most twice as many requests come in any time as long as a window.
package limit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"sync"
	"time"

	"oneton/store"
)

// Config is what a limiter is told once.
type Config struct {
	// Requests is how many a tenant may make in each Window; 0 is any number.
	Requests int
	Window   time.Duration
	// Patience is how long the shared counter is waited for, before each process counts
	// by itself; 0 is the default's.
	Patience time.Duration
}

// Count is where a tenant stands in its window: how often was asked, what is counted
// now included, and how long the window lasts still.
type Count struct {
	Used int64
	Left time.Duration
}

// Counter counts for whoever shares it.
type Counter interface {
	// Add counts more requests of each of the tenants, in windows of that length, and
	// tells where each tenant stands after them. It asks which as late as it can, for
	// what has come until then to share the count; more always tells the same.
	Add(ctx context.Context, window time.Duration, more func() map[store.TenantID]int64) (map[store.TenantID]Count, error)
}

// Verdict says whether a request may be answered, and what its tenant has left.
type Verdict struct {
	Allowed bool
	// Limit is how many requests a window has, 0 for any number, and Remaining how many
	// are left of this one.
	Limit, Remaining int
	// Window is how long a window is, and Reset when this one ends.
	Window, Reset time.Duration
	// RetryAfter is when to ask again, 0 for a request that is allowed.
	RetryAfter time.Duration
}

// Limiter bounds. It is safe for concurrent use.
type Limiter struct {
	cfg    Config
	shared Counter
	// own counts while the shared counter cannot be asked.
	own *Memory

	mu sync.Mutex
	// waiting are those who ask while a count is under way: they share the next one.
	waiting  map[store.TenantID][]chan<- Verdict
	counting bool
	// ended says until when a tenant's window is used up, which need not be asked.
	ended map[store.TenantID]time.Time
	swept time.Time
}

// New is a limiter that counts in shared. While that cannot be asked it counts by
// itself: nobody is refused for it, and each process allows as many as one window has.
func New(cfg Config, shared Counter) *Limiter {
	cfg.Patience = cmp.Or(cfg.Patience, DefaultConfig().Patience)
	return &Limiter{
		cfg: cfg, shared: shared, own: NewMemory(),
		waiting: make(map[store.TenantID][]chan<- Verdict), ended: make(map[store.TenantID]time.Time),
	}
}

// Take counts a request of the tenant's and tells whether it may be answered. Its error
// is ctx's alone; the request is counted all the same.
func (l *Limiter) Take(ctx context.Context, tenant store.TenantID) (Verdict, error) {
	if l.cfg.Requests <= 0 {
		return Verdict{Allowed: true}, nil
	}
	told := make(chan Verdict, 1)
	if left := l.ask(tenant, told); left > 0 {
		return l.verdict(int64(l.cfg.Requests)+1, left), nil
	}
	select {
	case v := <-told:
		return v, nil
	case <-ctx.Done():
		return Verdict{}, ctx.Err()
	}
}

// ask has a request counted, unless the tenant's window is known to be used up: then it
// is how long it lasts still.
func (l *Limiter) ask(tenant store.TenantID, told chan<- Verdict) (left time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if left := time.Until(l.ended[tenant]); left > 0 {
		return left
	}
	l.waiting[tenant] = append(l.waiting[tenant], told)
	if !l.counting {
		l.counting = true
		go l.count()
	}
	return 0
}

// count counts for who waits, until nobody does.
func (l *Limiter) count() {
	for l.waited() {
		var asking map[store.TenantID][]chan<- Verdict
		more := sync.OnceValue(func() map[store.TenantID]int64 {
			asking = l.next()
			n := make(map[store.TenantID]int64, len(asking))
			for tenant, all := range asking {
				n[tenant] = int64(len(all))
			}
			return n
		})
		counts := l.add(more)
		for tenant, all := range asking {
			c := counts[tenant]
			if c.Used >= int64(l.cfg.Requests) {
				l.mu.Lock()
				l.ended[tenant] = time.Now().Add(c.Left) // no sooner than the counter's end
				l.mu.Unlock()
			}
			for i, told := range all {
				told <- l.verdict(c.Used-int64(len(all)-1-i), c.Left)
			}
		}
	}
}

// waited tells whether anybody waits, and else ends the counting. It forgets windows
// that have ended.
func (l *Limiter) waited() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if now := time.Now(); now.Sub(l.swept) > l.cfg.Window {
		l.swept = now
		maps.DeleteFunc(l.ended, func(_ store.TenantID, until time.Time) bool { return !now.Before(until) })
	}
	l.counting = len(l.waiting) > 0
	return l.counting
}

// next is who waits, who are counted now.
func (l *Limiter) next() map[store.TenantID][]chan<- Verdict {
	l.mu.Lock()
	defer l.mu.Unlock()
	asking := l.waiting
	l.waiting = make(map[store.TenantID][]chan<- Verdict)
	return asking
}

func (l *Limiter) add(more func() map[store.TenantID]int64) map[store.TenantID]Count {
	ctx, cancel := context.WithTimeout(context.Background(), l.cfg.Patience)
	defer cancel()
	counts, err := l.shared.Add(ctx, l.cfg.Window, more)
	if err != nil {
		counts, _ = l.own.Add(ctx, l.cfg.Window, more) // which always can
	}
	return counts
}

// verdict is that of the request which is the window's used-th.
func (l *Limiter) verdict(used int64, left time.Duration) Verdict {
	v := Verdict{
		Allowed: used <= int64(l.cfg.Requests), Limit: l.cfg.Requests, Window: l.cfg.Window, Reset: left,
		Remaining: int(max(int64(l.cfg.Requests)-used, 0)),
	}
	if !v.Allowed {
		v.RetryAfter = left
	}
	return v
}

// Fields are the values of RateLimit-Policy and RateLimit, as
// draft-ietf-httpapi-ratelimit-headers-10 has them (sections 3 and 4); empty where
// there is no limit.
func (v Verdict) Fields() (policy, limit string) {
	if v.Limit == 0 {
		return "", ""
	}
	return fmt.Sprintf(`"requests";q=%d;w=%d`, v.Limit, seconds(v.Window)), fmt.Sprintf(`"requests";r=%d;t=%d`, v.Remaining, seconds(v.Reset))
}

// RetrySeconds is RetryAfter in the whole seconds of the field of that name, rounded
// up, so that whoever waits so long finds a new window.
func (v Verdict) RetrySeconds() int { return seconds(v.RetryAfter) }

func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
