package main

import (
	"context"
	"time"

	core "oneton/search"
)

// leastTimes is of how many times a median is, at least.
const leastTimes = 20

type latency struct {
	MedianMS float64 `json:"median_ms"`
	P99MS    float64 `json:"p99_ms"`
}

func latencyOf(times []float64) latency {
	return latency{MedianMS: median(times), P99MS: quantile(times, 0.99)}
}

// call is something to be timed, for the i-th time.
type call func(i int) error

// timed returns the milliseconds of a call.
func timed(do call, i int) (float64, error) {
	begin := time.Now()
	err := do(i)
	return time.Since(begin).Seconds() * 1e3, err
}

// inTurn times one call after the other, of each as many, so that a machine's
// worse moments fall on all of them. It returns the milliseconds of each.
func (b *ourBench) inTurn(calls ...call) ([][]float64, error) {
	times := make([][]float64, len(calls))
	duration := b.duration * time.Duration(len(calls))
	for begin, i := time.Now(), 0; i < leastTimes || time.Since(begin) < duration; i++ {
		for k := range calls {
			at := (i + k) % len(calls)
			took, err := timed(calls[at], i)
			if err != nil {
				return nil, err
			}
			times[at] = append(times[at], took)
		}
	}
	return times, nil
}

// one searches for one probe.
func one(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options) call {
	return func(i int) error {
		_, err := set.Search(ctx, probes[i%len(probes)], opt)
		return err
	}
}

// many searches for as many probes at once as a batch has.
func many(ctx context.Context, set *core.Set, probes [][]float32, opt core.Options) call {
	return func(i int) error {
		first := i * together % max(1, len(probes)-together+1)
		_, err := set.SearchBatch(ctx, probes[first:min(first+together, len(probes))], opt)
		return err
	}
}

// perProbe is a probe's share of the median of many of the probes.
func perProbe(times []float64, probes [][]float32) float64 {
	return median(times) / float64(min(together, len(probes)))
}
