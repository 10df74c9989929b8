package job_test

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

// order lets jobs of a kind be done one by one, and tells in which order.
type order struct {
	mu   sync.Mutex
	done []string
}

func (o *order) do(_ context.Context, j *job.Job) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.done = append(o.done, string(j.Input))
	return nil, nil
}

// Among a tenant's own jobs a step of priority is worth a minute.
func testPriority(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 1
	var ahead atomic.Int64
	cfg.Now = func(now time.Time) time.Time { return now.Add(time.Duration(ahead.Load())) }
	d := newDesk(t, open(t), cfg)
	var o order
	d.Handle("ordered", handle(o.do))
	var last job.ID
	add := func(name string, priority int, delay time.Duration) {
		last = d.add(t, job.New{Tenant: acme, Kind: "ordered", Input: []byte(name), Priority: priority, Delay: delay})
	}
	add("late", 10, time.Hour)
	add("a0", 0, 0)
	add("b0", 0, 0)
	add("low", -5, 0)
	add("high", 10, 0)
	ahead.Add(int64(3 * time.Minute))
	add("c0", 0, 0)
	add("d2", 2, 0)
	add("e4", 4, 0)
	add("low", -10, 0)
	d.run(t)
	d.wait(t, acme, last)
	require.Equal(t, []string{"high", "e4", "a0", "b0", "d2", "c0", "low", "low"}, o.done)
	ahead.Add(int64(time.Hour))
	d.Wake()
	require.Eventually(t, func() bool { o.mu.Lock(); defer o.mu.Unlock(); return len(o.done) == 9 }, patience, time.Millisecond)
}

// However many jobs a tenant has, and however urgent, each other one's comes soon.
func testFairness(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 1
	db := open(t)
	d := newDesk(t, db, cfg)
	tenants(t, db, "f1", "f2", "f3")
	var o order
	d.Handle("fair", handle(o.do))
	for range 20 {
		d.add(t, job.New{Tenant: "f1", Kind: "fair", Input: []byte("1"), Priority: 10})
	}
	for range 3 {
		d.add(t, job.New{Tenant: "f2", Kind: "fair", Input: []byte("2")})
	}
	d.add(t, job.New{Tenant: "f3", Kind: "fair", Input: []byte("3"), Priority: -10})
	last := d.add(t, job.New{Tenant: "f1", Kind: "fair", Input: []byte("1"), Priority: -10})
	d.run(t)
	d.wait(t, "f1", last)
	require.Equal(t, "1231212"+strings.Repeat("1", 18), strings.Join(o.done, ""))

	// Who has fewer at work comes first.
	block := make(chan struct{})
	began := make(chan store.TenantID, 8)
	e := newDesk(t, db, config()) // two places
	e.Handle("blocks", handle(func(_ context.Context, j *job.Job) ([]byte, error) {
		began <- j.Tenant
		<-block
		return nil, nil
	}))
	e.run(t)
	for range 2 {
		e.add(t, job.New{Tenant: "f1", Kind: "blocks"})
		require.Equal(t, store.TenantID("f1"), <-began)
	}
	for range 2 {
		last = e.add(t, job.New{Tenant: "f1", Kind: "blocks"})
	}
	e.add(t, job.New{Tenant: "f2", Kind: "blocks"})
	block <- struct{}{}
	require.Equal(t, store.TenantID("f2"), <-began)
	close(block)
	e.wait(t, "f1", last)
}

// Kinds that wait take no place of those that compute, nor of one another.
func testPlaces(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	block := make(chan struct{})
	var at, most atomic.Int64
	d.Handle("waits", job.Kind{Places: 3, Do: func(context.Context, *job.Job) ([]byte, error) {
		n := at.Add(1)
		defer at.Add(-1)
		for m := most.Load(); n > m; m = most.Load() {
			most.CompareAndSwap(m, n)
		}
		<-block
		return nil, nil
	}})
	d.Handle("computes", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil }))
	d.Handle("computes too", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil }))
	var all []job.ID
	for range 10 {
		all = append(all, d.add(t, job.New{Tenant: acme, Kind: "waits"}))
	}
	d.run(t)
	for _, kind := range []string{"computes", "computes too"} {
		require.Equal(t, job.Succeeded, d.wait(t, acme, d.add(t, job.New{Tenant: acme, Kind: kind})).Status)
	}
	require.Eventually(t, func() bool { return at.Load() == 3 }, patience, time.Millisecond)
	close(block)
	for _, id := range all {
		d.wait(t, acme, id)
	}
	require.Equal(t, int64(3), most.Load())
}

// A group that is full holds up no other, nor other kinds of its lane.
func testGroups(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	block := make(chan struct{})
	began := make(chan string, 100)
	d.Handle("grouped", job.Kind{Places: 8, PerGroup: 2, Do: func(_ context.Context, j *job.Job) ([]byte, error) {
		began <- string(j.Input)
		if string(j.Input) == "slow" {
			<-block
		}
		return nil, nil
	}})
	var slow []job.ID
	for range 6 {
		slow = append(slow, d.add(t, job.New{Tenant: acme, Kind: "grouped", Group: "slow", Input: []byte("slow")}))
	}
	d.run(t)
	for _, g := range []string{"quick", "", "quick", ""} {
		d.wait(t, acme, d.add(t, job.New{Tenant: acme, Kind: "grouped", Group: g, Input: []byte("quick")}))
	}
	n := map[string]int{}
	for range 6 {
		n[<-began]++
	}
	require.Equal(t, map[string]int{"slow": 2, "quick": 4}, n)
	select {
	case <-began:
		t.Fatal("more than two of a group")
	case <-time.After(200 * time.Millisecond):
	}
	close(block)
	for _, id := range slow {
		d.wait(t, acme, id)
	}
}
