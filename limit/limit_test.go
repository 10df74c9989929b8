package limit_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/limit"
	"oneton/store"
	"oneton/store/storetest"
)

const acme, other store.TenantID = "acme", "other"

// counters runs a test on every counter: open gives what each process has of one.
func counters(t *testing.T, run func(t *testing.T, open func() limit.Counter)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		m := limit.NewMemory()
		run(t, func() limit.Counter { return m })
	})
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		run(t, func() limit.Counter {
			db := open(t)
			require.NoError(t, limit.Migrate(t.Context(), db))
			return limit.NewTable(db)
		})
	})
}

func take(t *testing.T, l *limit.Limiter, tenant store.TenantID) limit.Verdict {
	t.Helper()
	v, err := l.Take(t.Context(), tenant)
	require.NoError(t, err)
	return v
}

// Of more requests than a window has, by 16 callers of one tenant with three tokens at
// once on two processes, exactly those of the window are answered.
func TestExactAtOnce(t *testing.T) {
	counters(t, func(t *testing.T, open func() limit.Counter) {
		const callers, requests, each = 16, 2500, 220
		cfg := limit.Config{Requests: requests, Window: time.Minute, Patience: time.Minute}
		replicas := []*limit.Limiter{limit.New(cfg, open()), limit.New(cfg, open())}
		var allowed [3]atomic.Int64
		var remaining sync.Map
		var wg sync.WaitGroup
		begun := time.Now()
		for c := range callers {
			wg.Go(func() {
				for i := range each {
					v, err := replicas[(c+i)%2].Take(context.Background(), acme)
					if err == nil && v.Allowed {
						allowed[c%3].Add(1)
						if _, twice := remaining.LoadOrStore(v.Remaining, c); twice {
							allowed[0].Add(requests) // two were told the same
						}
					}
				}
			})
		}
		wg.Wait()
		t.Logf("%d requests in %v", callers*each, time.Since(begun))
		require.Equal(t, int64(requests), allowed[0].Load()+allowed[1].Load()+allowed[2].Load())
		for _, l := range replicas {
			v := take(t, l, acme)
			require.False(t, v.Allowed)
			require.Zero(t, v.Remaining)
			require.Positive(t, v.RetryAfter)
			require.LessOrEqual(t, v.RetryAfter, time.Minute)
			require.True(t, take(t, l, other).Allowed, "another tenant has its own")
		}
	})
}

// A window ends for every process, and whoever waits as long as it is told is answered.
func TestNextWindow(t *testing.T) {
	counters(t, func(t *testing.T, open func() limit.Counter) {
		cfg := limit.Config{Requests: 3, Window: 6 * time.Second, Patience: time.Minute}
		a, b := limit.New(cfg, open()), limit.New(cfg, open())
		for round := range 2 {
			for i, l := range []*limit.Limiter{a, b, a} {
				v := take(t, l, acme)
				require.True(t, v.Allowed, "%d: %d", round, i)
				require.Equal(t, 2-i, v.Remaining)
				require.Equal(t, 3, v.Limit)
				require.Zero(t, v.RetryAfter)
				require.Positive(t, v.Reset)
			}
			var v limit.Verdict
			for _, l := range []*limit.Limiter{b, a, b, a} {
				v = take(t, l, acme)
				require.False(t, v.Allowed)
				require.Equal(t, v.Reset, v.RetryAfter)
				require.LessOrEqual(t, v.RetryAfter, cfg.Window)
			}
			time.Sleep(v.RetryAfter)
		}
	})
}

// However requests come, the limiter says what the definition of a window says, to the
// moment.
func TestWindows(t *testing.T) {
	type request struct {
		pause  time.Duration
		tenant store.TenantID
	}
	rapid.Check(t, func(rt *rapid.T) {
		cfg := limit.Config{Requests: rapid.IntRange(1, 5).Draw(rt, "requests"), Window: time.Duration(rapid.IntRange(1, 90).Draw(rt, "window")) * time.Second}
		requests := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) request {
			ms := rapid.SampledFrom([]int{0, 0, 1, 500, 1000, 7000, 30000, 91000}).Draw(rt, "pause")
			return request{time.Duration(ms) * time.Millisecond, rapid.SampledFrom([]store.TenantID{acme, other}).Draw(rt, "tenant")}
		}), 1, 60).Draw(rt, "requests")
		var want, got []limit.Verdict
		synctest.Test(t, func(t *testing.T) {
			l := limit.New(cfg, limit.NewMemory())
			used, ends := map[store.TenantID]int{}, map[store.TenantID]time.Time{}
			for _, r := range requests {
				time.Sleep(r.pause)
				if now := time.Now(); !now.Before(ends[r.tenant]) {
					used[r.tenant], ends[r.tenant] = 0, now.Add(cfg.Window)
				}
				used[r.tenant]++
				left := time.Until(ends[r.tenant])
				v := limit.Verdict{Allowed: true, Limit: cfg.Requests, Remaining: cfg.Requests - used[r.tenant], Window: cfg.Window, Reset: left}
				if used[r.tenant] > cfg.Requests {
					v.Allowed, v.Remaining, v.RetryAfter = false, 0, left
				}
				want, got = append(want, v), append(got, take(t, l, r.tenant))
			}
		})
		require.Equal(rt, want, got)
	})
}

// broken is a counter that cannot be asked while off.
type broken struct {
	limit.Counter
	off   bool
	asked int
}

func (b *broken) Add(ctx context.Context, window time.Duration, more func() map[store.TenantID]int64) (map[store.TenantID]limit.Count, error) {
	b.asked++
	if b.off {
		return nil, errors.New("away")
	}
	return b.Counter.Add(ctx, window, more)
}

// While the shared counter is away a process counts by itself; a window that is known
// to be used up costs the counter nothing.
func TestCounterAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &broken{Counter: limit.NewMemory(), off: true}
		l := limit.New(limit.Config{Requests: 2, Window: time.Minute}, b)
		for i := range 5 {
			require.Equal(t, i < 2, take(t, l, acme).Allowed)
		}
		require.Equal(t, 2, b.asked)
		b.off = false
		time.Sleep(time.Minute)
		for i := range 5 {
			require.Equal(t, i < 2, take(t, l, acme).Allowed)
		}
		require.Equal(t, 4, b.asked)
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		for range 20 {
			if _, err := l.Take(ended, other); err != nil {
				require.ErrorIs(t, err, context.Canceled)
			}
		}
		synctest.Wait()
		require.False(t, take(t, l, other).Allowed, "each was counted")
	})
}

// What is kept of tenants that came once goes with their windows.
func TestMemoryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := limit.NewMemory()
		l := limit.New(limit.Config{Requests: 1, Window: time.Minute}, m)
		for i := range 3000 {
			take(t, l, store.TenantID(fmt.Sprint(i)))
			time.Sleep(time.Second)
		}
		synctest.Wait()
		require.LessOrEqual(t, m.Len(), 2*60+2)
		require.LessOrEqual(t, l.Ended(), 2*60+2)
	})
}

func TestUnlimited(t *testing.T) {
	l := limit.New(limit.Config{Window: time.Minute}, &broken{off: true})
	v := take(t, l, acme)
	require.Equal(t, limit.Verdict{Allowed: true}, v)
	policy, field := v.Fields()
	require.Empty(t, policy+field)
}

// The fields are those of the draft's examples, with times rounded up.
func TestFields(t *testing.T) {
	v := limit.Verdict{Limit: 2500, Remaining: 2499, Window: time.Minute, Reset: 41*time.Second - time.Millisecond}
	policy, field := v.Fields()
	require.Equal(t, `"requests";q=2500;w=60`, policy)
	require.Equal(t, `"requests";r=2499;t=41`, field)
	for d, want := range map[time.Duration]int{time.Nanosecond: 1, time.Second: 1, time.Second + 1: 2, time.Minute: 60} {
		require.Equal(t, want, limit.Verdict{RetryAfter: d}.RetrySeconds())
	}
}

// Rows of windows that have ended are removed in the end.
func TestTableIsSwept(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := open(t)
		require.NoError(t, limit.Migrate(t.Context(), db))
		rows := func() int64 {
			n, err := store.One(t.Context(), db, "count", func(row store.Row) (n int64, err error) {
				err = row.Scan(&n)
				return n, err
			}, `SELECT count(*) FROM limit_windows`)
			require.NoError(t, err)
			return n
		}
		add := func(table *limit.Table, tenant store.TenantID) {
			_, err := table.Add(t.Context(), time.Millisecond, func() map[store.TenantID]int64 { return map[store.TenantID]int64{tenant: 1} })
			require.NoError(t, err)
		}
		table := limit.NewTable(db)
		for i := range 5 {
			add(table, store.TenantID(fmt.Sprint(i)))
		}
		require.Equal(t, int64(5), rows())
		time.Sleep(10 * time.Millisecond)
		add(limit.NewTable(db), "last") // another process, at its first
		require.Equal(t, int64(1), rows())
	})
}
