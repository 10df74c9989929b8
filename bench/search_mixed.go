package main

import (
	"context"
	"errors"
	"sync"
	"time"

	core "oneton/search"
)

// insertsASecond are inserted beside searches, a millisecond's or what is due
// together, as a follower of the log does.
const insertsASecond = 1000

// mixedTurns is how often searches are measured alone and beside inserts.
const mixedTurns = 8

// mixedResult is the latency of searches, one after the other, without and
// with inserts beside them.
type mixedResult struct {
	Rows           int     `json:"rows"`
	Quiet          latency `json:"searches_alone"`
	Busy           latency `json:"searches_beside_inserts"`
	InsertsASecond float64 `json:"inserts_per_second"`
	P99Ratio       float64 `json:"p99_ratio"`
}

func (b *ourBench) mixed(ctx context.Context) (m *mixedResult, err error) {
	set, err := b.build(core.Config{Dimension: len(b.rows[0])})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	m = &mixedResult{Rows: len(b.rows)}
	// In turn, since a machine's worst moments come and go.
	var quiet, busy []float64
	inserted, took := 0, time.Duration(0)
	for range mixedTurns {
		times, err := b.inTurn(one(ctx, set, b.strangers, plain))
		if err != nil {
			return nil, err
		}
		quiet = append(quiet, times[0]...)
		ctx, stop := context.WithCancel(ctx)
		var failed error
		var writer sync.WaitGroup
		begin := time.Now()
		writer.Go(func() {
			var n int
			n, failed = b.insertSteadily(ctx, set)
			inserted += n
		})
		times, err = b.inTurn(one(ctx, set, b.strangers, plain))
		stop()
		writer.Wait()
		took += time.Since(begin)
		if err = errors.Join(err, failed); err != nil {
			return nil, err
		}
		busy = append(busy, times[0]...)
	}
	m.Quiet, m.Busy = latencyOf(quiet), latencyOf(busy)
	m.InsertsASecond = float64(inserted) / took.Seconds()
	m.P99Ratio = m.Busy.P99MS / m.Quiet.P99MS
	return m, nil
}

// insertSteadily inserts until ctx is done and returns how many rows.
func (b *ourBench) insertSteadily(ctx context.Context, set *core.Set) (inserted int, err error) {
	begin := time.Now()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for ctx.Err() == nil && err == nil {
		<-tick.C
		var due []core.Row
		for first := set.NextID(); float64(inserted) < insertsASecond*time.Since(begin).Seconds(); inserted++ {
			due = append(due, core.Row{ID: first + uint64(len(due)), Vector: b.rows[inserted%len(b.rows)]})
		}
		err = set.Update(due, nil)
	}
	return inserted, err
}
