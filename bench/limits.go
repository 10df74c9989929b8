package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"oneton/limit"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

type limitsCommand struct {
	Postgres string        `help:"A PostgreSQL database, empty, by its URL; without one its rows are left out." env:"ONETON_BENCH_POSTGRES" json:"-"`
	Folder   string        `help:"Folder for the SQLite database, on the disk to measure; a temporary one when empty." json:"-"`
	Duration time.Duration `help:"Duration of each measurement." default:"3s"`
	Out      string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

// limitsResult is what counting a request adds to it.
type limitsResult struct {
	// Counter is memory, as a server with SQLite has it, or the table in a database, as
	// servers on PostgreSQL do.
	Counter string `json:"counter"`
	Callers int    `json:"callers"`
	latency
	RequestsASecond float64 `json:"requests_per_second"`
	// AloneMS is the median of a transaction of each request's own, without the limiter,
	// and Ratio what of it the limiter takes; as many callers ask.
	AloneMS float64 `json:"median_of_own_transactions_ms,omitempty"`
	Ratio   float64 `json:"of_own_transactions,omitempty"`
	// UsedUpMS is the median once the window is used up.
	UsedUpMS float64 `json:"median_used_up_ms"`
}

// Run takes requests of one tenant from each counter, by one caller and by 16.
func (c *limitsCommand) Run(ctx context.Context) (err error) {
	folder, err := os.MkdirTemp(c.Folder, "bench-limits-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	counters := []struct {
		name string
		db   func() (limitsDatabase, error)
	}{
		{"memory", nil},
		{"table in SQLite", func() (limitsDatabase, error) {
			return sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "oneton.db")})
		}},
		{"table in PostgreSQL", func() (limitsDatabase, error) { return postgres.Open(ctx, postgres.Config{URL: c.Postgres}) }},
	}
	if c.Postgres == "" {
		counters = counters[:2]
	}
	var all []limitsResult
	for _, counter := range counters {
		some, err := c.counter(ctx, counter.name, counter.db)
		if err != nil {
			return err
		}
		all = append(all, some...)
	}
	return save(c.Out, "limits", c, all)
}

// counter measures the counter in a database, or, where there is none, in memory.
func (c *limitsCommand) counter(ctx context.Context, name string, open func() (limitsDatabase, error)) (all []limitsResult, err error) {
	var shared limit.Counter = limit.NewMemory()
	if open != nil {
		db, failed := open()
		if failed != nil {
			return nil, fmt.Errorf("open database: %w", failed)
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		if err = limit.Migrate(ctx, db); err != nil {
			return nil, err
		}
		shared = limit.NewTable(db)
	}
	for _, callers := range []int{1, 16} {
		r, err := c.measure(ctx, shared, callers, open != nil)
		if err != nil {
			return nil, err
		}
		r.Counter = name
		all = append(all, r)
	}
	return all, nil
}

// turns is how often the limiter and its peer take turns in a measurement.
const turns = 10

type limitsDatabase interface {
	store.DB
	Close() error
}

func (c *limitsCommand) measure(ctx context.Context, shared limit.Counter, callers int, peer bool) (r limitsResult, err error) {
	const many = 1 << 40
	tenant := store.TenantID(fmt.Sprintf("bench-%d", callers))
	l := limit.New(limit.Config{Requests: many, Window: time.Hour}, shared)
	take := func(ctx context.Context) error {
		_, err := l.Take(ctx, tenant)
		return err
	}
	own := func(ctx context.Context) error {
		_, err := shared.Add(ctx, time.Hour, func() map[store.TenantID]int64 { return map[store.TenantID]int64{tenant: 1} })
		return err
	}
	var took, alone []float64
	for range turns { // so that what else the machine does is shared
		some, err := c.callers(ctx, callers, take)
		if err != nil {
			return r, err
		}
		took = append(took, some...)
		if !peer {
			continue
		}
		if some, err = c.callers(ctx, callers, own); err != nil {
			return r, err
		}
		alone = append(alone, some...)
	}
	r = limitsResult{Callers: callers, latency: latencyOf(took), RequestsASecond: float64(len(took)) / c.Duration.Seconds()}
	if peer {
		r.AloneMS = latencyOf(alone).MedianMS
		r.Ratio = r.MedianMS / r.AloneMS
	}
	l = limit.New(limit.Config{Requests: 1, Window: time.Hour}, shared)
	if took, err = c.callers(ctx, callers, take); err == nil {
		r.UsedUpMS = latencyOf(took).MedianMS
	}
	return r, err
}

// callers has that many ask again and again, and tells how long each took.
func (c *limitsCommand) callers(ctx context.Context, n int, ask func(context.Context) error) ([]float64, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*c.Duration)
	defer cancel()
	var mu sync.Mutex
	var all []float64
	var errs []error
	var wg sync.WaitGroup
	end := time.Now().Add(c.Duration / turns)
	for range n {
		wg.Go(func() {
			var own []float64
			var err error
			for begun := time.Now(); begun.Before(end) && err == nil; begun = time.Now() {
				err = ask(ctx)
				own = append(own, float64(time.Since(begun))/float64(time.Millisecond))
			}
			mu.Lock()
			defer mu.Unlock()
			all, errs = append(all, own...), append(errs, err)
		})
	}
	wg.Wait()
	return all, errors.Join(errs...)
}
