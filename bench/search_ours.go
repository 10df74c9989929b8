package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	core "oneton/search"
)

// decisionThreshold is a usual threshold of SFace at a low FPIR.
const decisionThreshold = 0.5

const (
	// coldTimes is how often a search with the vectors on the disk is measured.
	coldTimes = 100
	// compactionPause is how long nothing is compacted when nothing is left.
	compactionPause = 3 * time.Second
)

var plain = core.Options{K: hitsWanted, Threshold: -1}

// ourBench measures oneton's search on a gallery.
type ourBench struct {
	command          *searchCommand
	rows             [][]float32
	mated, strangers [][]float32
	// duration is of one measurement.
	duration time.Duration
}

func (b *ourBench) build(cfg core.Config) (*core.Set, error) {
	set, err := core.New(cfg)
	if err != nil {
		return nil, err
	}
	const batch = 1000
	var rows []core.Row
	for i, v := range b.rows {
		rows = append(rows, core.Row{ID: uint64(i), Vector: v})
		if len(rows) == batch || i == len(b.rows)-1 {
			if err := set.Update(rows, nil); err != nil {
				return nil, err
			}
			rows = rows[:0]
		}
	}
	return set, nil
}

func (b *ourBench) run(ctx context.Context) (r ourResult, err error) {
	folder, err := os.MkdirTemp("", "bench-search-")
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	cfg := core.Config{Dimension: len(b.rows[0]), Dir: filepath.Join(folder, "set")}
	set, err := b.stored(ctx, cfg, &r)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, set.Close()) }()
	if err := b.answers(ctx, set, &r); err != nil {
		return r, err
	}
	if err := b.cold(ctx, set, cfg, &r); err != nil {
		return r, err
	}
	decided := core.Options{K: hitsWanted, Threshold: decisionThreshold}
	times, err := b.inTurn(one(ctx, set, b.mated, plain), one(ctx, set, b.mated, decided), many(ctx, set, b.strangers, plain))
	if err != nil {
		return r, err
	}
	r.Mated, r.Decided, r.BatchMS = latencyOf(times[0]), latencyOf(times[1]), perProbe(times[2], b.strangers)
	if err := b.bandwidth(ctx, set, &r); err != nil {
		return r, err
	}
	for _, share := range []float64{0.01, 0.1, 0.5} {
		f, err := b.filtered(ctx, set, share)
		if err != nil {
			return r, err
		}
		r.Filtered = append(r.Filtered, f)
	}
	set, err = b.deleted(ctx, set, cfg, &r)
	return r, err
}

// stored builds the set, saves it and opens it again.
func (b *ourBench) stored(ctx context.Context, cfg core.Config, r *ourResult) (*core.Set, error) {
	before := resident()
	begin := time.Now()
	set, err := b.build(cfg)
	if err != nil {
		return nil, err
	}
	r.InsertsPerSecond = float64(len(b.rows)) / time.Since(begin).Seconds()
	begin = time.Now()
	if err := set.Save(nil); err != nil {
		return nil, err
	}
	r.SaveSeconds = time.Since(begin).Seconds()
	n := float64(len(b.rows))
	r.HotBytes = float64(set.Stats().Hot) / n
	r.ResidentBytes = float64(resident()-before) / n
	for _, seconds := range []*float64{&r.RestartColdSeconds, &r.RestartSeconds} {
		if err := set.Close(); err != nil {
			return nil, err
		}
		if seconds == &r.RestartColdSeconds {
			if err := forgetPages(cfg.Dir); err != nil {
				return nil, err
			}
		}
		begin := time.Now()
		if set, err = core.Open(cfg); err != nil {
			return nil, err
		}
		if _, err := set.Search(ctx, b.mated[0], plain); err != nil {
			return nil, err
		}
		*seconds = time.Since(begin).Seconds()
	}
	return set, nil
}

// resident is the process's memory, after what is free was given back.
func resident() int64 {
	debug.FreeOSMemory()
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	var size, pages int64
	if _, err := fmt.Sscan(string(b), &size, &pages); err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// answers checks the answers and counts what was rescored for them.
func (b *ourBench) answers(ctx context.Context, set *core.Set, r *ourResult) error {
	found := 0
	var rescored []float64
	results, err := set.SearchBatch(ctx, b.mated, plain)
	if err != nil {
		return err
	}
	for i, res := range results {
		if res.Hits[0].ID == uint64(i) {
			found++
		}
		rescored = append(rescored, float64(res.Rescored))
	}
	r.Rank1 = float64(found) / float64(len(b.mated))
	strangers, err := set.SearchBatch(ctx, b.strangers, plain)
	if err != nil {
		return err
	}
	for _, res := range strangers {
		rescored = append(rescored, float64(res.Rescored))
	}
	r.RescoredMedian, r.RescoredMax = median(rescored), quantile(rescored, 1)
	for i := range min(b.command.Checked, len(b.mated), len(b.strangers)) {
		probe, got := b.mated[i], results[i]
		if i%2 == 1 {
			probe, got = b.strangers[i], strangers[i]
		}
		if err := b.check(probe, got); err != nil {
			return fmt.Errorf("probe %d: %w", i, err)
		}
		r.Checked++
	}
	return nil
}

// cold measures searches of which every probe's vectors come from the disk,
// and leaves the vectors in the page cache.
func (b *ourBench) cold(ctx context.Context, set *core.Set, cfg core.Config, r *ourResult) error {
	var times []float64
	search := one(ctx, set, b.strangers, plain)
	for i := range coldTimes {
		if err := forgetPages(cfg.Dir); err != nil {
			return err
		}
		took, err := timed(search, i)
		if err != nil {
			return err
		}
		times = append(times, took)
	}
	r.Cold = latencyOf(times)
	return readPages(cfg.Dir)
}

// bandwidth measures strangers, in turn with the reading of as many bytes.
func (b *ourBench) bandwidth(ctx context.Context, set *core.Set, r *ourResult) (err error) {
	size := len(b.rows) * len(b.rows[0])
	gb := float64(size) / 1e9
	calls := []call{one(ctx, set, b.strangers, plain)}
	if size >= cached {
		plane, err := newMemory(size)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, plane.close()) }()
		calls = append(calls, func(int) error { plane.read(); return nil })
	}
	times, err := b.inTurn(calls...)
	if err != nil {
		return err
	}
	r.Strangers = latencyOf(times[0])
	r.GBPerSecond = gb / (r.Strangers.MedianMS / 1e3)
	if len(times) > 1 {
		r.Bandwidth = gb / (median(times[1]) / 1e3)
		r.ShareOfBandwidth = r.GBPerSecond / r.Bandwidth
	}
	return nil
}

func (b *ourBench) filtered(ctx context.Context, set *core.Set, share float64) (f filteredResult, err error) {
	r := rand.New(rand.NewPCG(1, 2))
	opt := plain
	opt.Filter = core.Mask{}
	for id := range b.rows {
		if r.Float64() < share {
			opt.Filter.Add(uint64(id))
		}
	}
	times, err := b.inTurn(one(ctx, set, b.strangers, opt), one(ctx, set, b.strangers, plain))
	if err != nil {
		return f, err
	}
	f.Share, f.Single = share, latencyOf(times[0])
	f.SingleRatio = f.Single.MedianMS / median(times[1])
	if times, err = b.inTurn(many(ctx, set, b.strangers, opt), many(ctx, set, b.strangers, plain)); err != nil {
		return f, err
	}
	f.BatchMS = perProbe(times[0], b.strangers)
	f.BatchRatio = f.BatchMS / perProbe(times[1], b.strangers)
	return f, nil
}

// deleted deletes rows of the set, opens it again as it was saved, and so on.
// It returns the set that is open in the end.
func (b *ourBench) deleted(ctx context.Context, set *core.Set, cfg core.Config, r *ourResult) (*core.Set, error) {
	random := rand.New(rand.NewPCG(3, 4))
	var gone []uint64
	for id := range b.rows {
		if random.Float64() < 0.3 {
			gone = append(gone, uint64(id))
		}
	}
	short := *b
	short.duration = b.duration / 3
	var before, after, compacted []float64
	measure := func(to *[]float64) error {
		times, err := short.inTurn(one(ctx, set, b.strangers, plain))
		if err == nil {
			*to = append(*to, times[0]...)
		}
		return err
	}
	for turn := range max(1, b.command.Deletions) {
		if turn > 0 {
			if err := set.Close(); err != nil {
				return set, err
			}
			opened, err := core.Open(cfg)
			if err != nil {
				return set, err
			}
			set = opened
		}
		if err := measure(&before); err != nil {
			return set, err
		}
		if err := set.Update(nil, gone); err != nil {
			return set, err
		}
		if err := measure(&after); err != nil {
			return set, err
		}
		for last := -1; set.Stats().Deleted != last; time.Sleep(compactionPause) {
			last = set.Stats().Deleted
		}
		if err := measure(&compacted); err != nil {
			return set, err
		}
	}
	r.Deleted = deletedResult{Before: latencyOf(before), JustAfter: latencyOf(after), Compacted: latencyOf(compacted)}
	return set, nil
}
