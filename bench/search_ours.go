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

	"golang.org/x/sys/unix"

	core "oneton/search"
)

// decisionThreshold is a usual threshold of SFace at a low FPIR.
const decisionThreshold = 0.5

// leastTimes is of how many times a median is, at least.
const leastTimes = 20

var plain = core.Options{K: hitsWanted, Threshold: -1}

// ourResult is what oneton's search does on one gallery. Times are of all
// cores, in milliseconds; of a batch, a probe's share.
type ourResult struct {
	Mated     latency `json:"one_mated_probe"`
	Strangers latency `json:"one_stranger"`
	// Decided is of mated probes, with the threshold of a decision.
	Decided latency `json:"one_mated_probe_with_threshold"`
	BatchMS float64 `json:"batch_ms_per_probe"`
	// GBPerSecond is the int8 codes compared a second, one stranger at a
	// time. Bandwidth is that of reading as many bytes and no more, measured
	// between these searches, and ShareOfBandwidth the ratio of the two; both
	// only of galleries that caches do not hold.
	GBPerSecond      float64 `json:"int8_gb_per_second"`
	Bandwidth        float64 `json:"read_bandwidth_gb_per_second,omitempty"`
	ShareOfBandwidth float64 `json:"share_of_read_bandwidth,omitempty"`
	// Rank1 is the share of mated probes whose mate is the first hit.
	Rank1 float64 `json:"rank1"`
	// Rescored are rows compared in float64 for a probe.
	RescoredMedian float64 `json:"rescored_median"`
	RescoredMax    float64 `json:"rescored_max"`
	// Checked is how many probes' answers were the same as brute force's, in
	// ids, order and scores: all, or the run fails.
	Checked  int              `json:"probes_checked_against_brute_force"`
	Filtered []filteredResult `json:"filtered"`
	// Compacting is a stranger's latency from when 30 % of the rows were
	// deleted, and Deleted when they are compacted away.
	Compacting latency `json:"one_stranger_30_percent_just_deleted"`
	Deleted    latency `json:"one_stranger_30_percent_deleted"`

	InsertsPerSecond float64 `json:"inserts_per_second"`
	// HotBytes is what the set says, a row, and ResidentBytes what the
	// process grew by, both with vectors in files.
	HotBytes      float64 `json:"hot_bytes_per_row"`
	ResidentBytes float64 `json:"resident_bytes_per_row"`
	SaveSeconds   float64 `json:"save_seconds"`
	// RestartSeconds is from opening to the first answer, with the files in
	// the page cache, and RestartColdSeconds without.
	RestartSeconds     float64 `json:"restart_seconds"`
	RestartColdSeconds float64 `json:"restart_cold_seconds"`
}

type latency struct {
	MedianMS float64 `json:"median_ms"`
	P99MS    float64 `json:"p99_ms"`
}

type filteredResult struct {
	Share   float64 `json:"share_of_rows"`
	Single  latency `json:"one_stranger"`
	BatchMS float64 `json:"batch_ms_per_probe"`
}

// ourBench measures oneton's search on a gallery.
type ourBench struct {
	command          *searchCommand
	rows             [][]float32
	mated, strangers [][]float32
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
	if r.Mated, err = b.single(ctx, set, b.mated, plain); err != nil {
		return r, err
	}
	if err := b.bandwidth(ctx, set, &r); err != nil {
		return r, err
	}
	if r.Decided, err = b.single(ctx, set, b.mated, core.Options{K: hitsWanted, Threshold: decisionThreshold}); err != nil {
		return r, err
	}
	if r.BatchMS, err = b.batch(ctx, set, b.strangers, plain); err != nil {
		return r, err
	}
	for _, share := range []float64{0.01, 0.1, 0.5} {
		f, err := b.filtered(ctx, set, share)
		if err != nil {
			return r, err
		}
		r.Filtered = append(r.Filtered, f)
	}
	return r, b.deleted(ctx, set, &r)
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

// forgetPages drops a folder's files from the page cache.
func forgetPages(folder string) error {
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return err
	}
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		err = unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("drop %s from the page cache: %w", path, err)
		}
	}
	return nil
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

// single searches for one probe after the other.
func (b *ourBench) single(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options) (latency, error) {
	return b.singleBeside(ctx, set, probes, opt, func() {})
}

// singleBeside calls between before every search.
func (b *ourBench) singleBeside(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options, between func()) (latency, error) {
	times, err := b.times(ctx, set, probes, opt, between)
	return latencyOf(times), err
}

func latencyOf(times []float64) latency {
	if len(times) == 0 {
		return latency{}
	}
	return latency{MedianMS: median(times), P99MS: quantile(times, 0.99)}
}

// times are the milliseconds of searches, one after the other.
func (b *ourBench) times(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options, between func()) ([]float64, error) {
	var times []float64
	for begin := time.Now(); time.Since(begin) < b.command.Duration || len(times) < leastTimes; {
		between()
		start := time.Now()
		if _, err := set.Search(ctx, probes[len(times)%len(probes)], opt); err != nil {
			return nil, err
		}
		times = append(times, time.Since(start).Seconds()*1e3)
	}
	return times, nil
}

// bandwidth measures strangers, and between their searches the reading of as
// many bytes.
func (b *ourBench) bandwidth(ctx context.Context, set *core.Set, r *ourResult) (err error) {
	size := len(b.rows) * len(b.rows[0])
	gb := float64(size) / 1e9
	if size < cached {
		r.Strangers, err = b.single(ctx, set, b.strangers, plain)
		r.GBPerSecond = gb / (r.Strangers.MedianMS / 1e3)
		return err
	}
	plane, err := newMemory(size)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, plane.close()) }()
	var reads []float64
	r.Strangers, err = b.singleBeside(ctx, set, b.strangers, plain, func() {
		reads = append(reads, plane.read().Seconds())
	})
	if err != nil {
		return err
	}
	r.GBPerSecond = gb / (r.Strangers.MedianMS / 1e3)
	r.Bandwidth = gb / median(reads)
	r.ShareOfBandwidth = r.GBPerSecond / r.Bandwidth
	return nil
}

// batch searches for many probes at once and returns a probe's share.
func (b *ourBench) batch(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options) (float64, error) {
	var times []float64
	for begin, at := time.Now(), 0; time.Since(begin) < b.command.Duration || len(times) < 5; at++ {
		first := at * together % max(1, len(probes)-together+1)
		some := probes[first:min(first+together, len(probes))]
		start := time.Now()
		if _, err := set.SearchBatch(ctx, some, opt); err != nil {
			return 0, err
		}
		times = append(times, time.Since(start).Seconds()*1e3/float64(len(some)))
	}
	return median(times), nil
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
	f.Share = share
	if f.Single, err = b.single(ctx, set, b.strangers, opt); err != nil {
		return f, err
	}
	f.BatchMS, err = b.batch(ctx, set, b.strangers, opt)
	return f, err
}

func (b *ourBench) deleted(ctx context.Context, set *core.Set, r *ourResult) (err error) {
	random := rand.New(rand.NewPCG(3, 4))
	var gone []uint64
	for id := range b.rows {
		if random.Float64() < 0.3 {
			gone = append(gone, uint64(id))
		}
	}
	if err := set.Update(nil, gone); err != nil {
		return err
	}
	if r.Compacting, err = b.single(ctx, set, b.strangers, plain); err != nil {
		return err
	}
	for deadline := time.Now().Add(time.Minute); 20*set.Stats().Deleted > len(b.rows) && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	r.Deleted, err = b.single(ctx, set, b.strangers, plain)
	return err
}
