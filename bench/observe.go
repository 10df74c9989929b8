package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/pprof/profile"
	"golang.org/x/sync/errgroup"
)

type observeCommand struct {
	Subjects int    `help:"Subjects in the gallery." default:"10000"`
	Starts   int    `help:"How often the servers are begun anew, so that where memory happened to lie does not count." default:"4"`
	Blocks   int    `help:"Blocks of each server between starts; the servers take turns by blocks." default:"15"`
	Searches int    `help:"Searches of a block, from as many clients as cores." default:"60"`
	Photo    string `help:"Photo to search, of the demo photos." default:"obama2.jpg"`
	Out      string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// observeResult is what counting and tracing take of the throughput of searches: servers
// that do beside one that does not, in turn, in the same run.
type observeResult struct {
	// PerSecond are searches a second without either, the median over blocks.
	PerSecond float64     `json:"searches_per_second_without"`
	Metrics   observeCost `json:"metrics"`
	Both      observeCost `json:"metrics_and_traces"`
	// Recording is the share of a profile's samples, of a server that does both, which lie
	// in what counts, times, scrapes and sends; and Samples is how many there are.
	Recording float64 `json:"share_of_processor_time_in_recording"`
	Samples   int64   `json:"samples_of_the_profile"`
	// Sent is how many batches of spans the collector took.
	Sent int64 `json:"batches_to_the_collector"`
}

// observeCost is relative to the blocks beside it without: the mean over blocks, and the
// interval of 95 % that resampling the blocks gives.
type observeCost struct {
	Clock     float64    `json:"throughput_ratio"`
	ClockFrom [2]float64 `json:"throughput_ratio_interval"`
	CPU       float64    `json:"processor_time_ratio"`
	CPUFrom   [2]float64 `json:"processor_time_ratio_interval"`
}

// observed is a server with its operator's address, if any.
type observed struct {
	*program

	admin string
}

const (
	observeWithout = iota
	observeMetrics
	observeBoth
	observeWays
)

// Run measures servers that differ in what they tell alone. All metrics are scraped once
// a block, and every request is traced to a collector that takes all.
func (c *observeCommand) Run(ctx context.Context) error {
	photo, err := demoPhoto(c.Photo)
	if err != nil {
		return err
	}
	var sent atomic.Int64
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/x-protobuf")
		sent.Add(1)
	}))
	defer collector.Close()
	var rates []float64
	var clock, cpu [observeWays][]float64
	var recording, samples int64
	for range c.Starts {
		if err := c.start(ctx, collector.URL+"/v1/traces", photo, func(took, used [observeWays]float64) {
			rates = append(rates, float64(c.Searches)/took[observeWithout])
			for way := range observeWays {
				clock[way] = append(clock[way], math.Log(took[observeWithout]/took[way]))
				cpu[way] = append(cpu[way], math.Log(used[way]/used[observeWithout]))
			}
		}, func(profile *profile.Profile) {
			in, all := recorded(profile)
			recording, samples = recording+in, samples+all
		}); err != nil {
			return err
		}
	}
	cost := func(way int) (o observeCost) {
		o.Clock, o.ClockFrom = resampled(clock[way])
		o.CPU, o.CPUFrom = resampled(cpu[way])
		return o
	}
	return save(c.Out, "observe", c, observeResult{
		PerSecond: median(rates), Metrics: cost(observeMetrics), Both: cost(observeBoth),
		Recording: float64(recording) / float64(samples), Samples: samples, Sent: sent.Load(),
	})
}

// start begins a server of each way, and tells the seconds of each block, by the clock
// and of processors, and then a profile of the server that does both, at work.
func (c *observeCommand) start(ctx context.Context, traces string, photo []byte,
	tell func(took, used [observeWays]float64), show func(*profile.Profile),
) (err error) {
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	var servers [observeWays]observed
	defer func() {
		for _, s := range servers {
			if s.program != nil {
				err = errors.Join(err, s.stop())
			}
		}
	}()
	for way := range observeWays {
		s := &servers[way]
		var settings []string
		if way != observeWithout {
			if s.admin, err = freeAddress(ctx); err != nil {
				return err
			}
			settings = append(settings, "admin.listen="+s.admin)
		}
		if way == observeBoth {
			settings = append(settings, "traces.url="+traces)
		}
		own := filepath.Join(folder, strconv.Itoa(way))
		if err := os.Mkdir(own, 0o700); err != nil {
			return err
		}
		if s.program, err = startProgram(ctx, own, append(settings, "limits.requests=0")...); err != nil {
			return err
		}
		if err := s.post(ctx, "/v1/galleries", "application/json", []byte(`{"name":"bench"}`), nil); err != nil {
			return err
		}
		if err := fill(ctx, filepath.Join(own, "oneton.db"), c.Subjects); err != nil {
			return err
		}
		if err := s.searches(ctx, photo, max(4, c.Searches/4)); err != nil { // warming up
			return err
		}
	}
	order := rand.Perm(observeWays)
	for range c.Blocks {
		var took, used [observeWays]float64
		for _, way := range order {
			s, begun := servers[way], time.Now()
			before, err := s.processorTime()
			if err != nil {
				return err
			}
			if err := s.searches(ctx, photo, c.Searches); err != nil {
				return err
			}
			after, err := s.processorTime()
			if err != nil {
				return err
			}
			took[way], used[way] = time.Since(begun).Seconds(), after-before
		}
		tell(took, used)
		slices.Reverse(order)
	}
	taken, err := servers[observeBoth].profiled(ctx, photo, c.Searches*c.Blocks)
	if err != nil {
		return err
	}
	show(taken)
	return nil
}

// profiled is a profile of the server while it is asked n times.
func (s observed) profiled(ctx context.Context, photo []byte, n int) (taken *profile.Profile, err error) {
	work, ctx := errgroup.WithContext(ctx)
	asked := make(chan struct{})
	work.Go(func() error {
		defer close(asked)
		return s.searches(ctx, photo, n)
	})
	work.Go(func() error {
		for {
			part, err := s.profile(ctx)
			if err != nil {
				return err
			}
			if taken == nil {
				taken = part
			} else if taken, err = profile.Merge([]*profile.Profile{taken, part}); err != nil {
				return err
			}
			select {
			case <-asked:
				return nil
			default:
			}
		}
	})
	return taken, work.Wait()
}

// profile is one of a second.
func (s observed) profile(ctx context.Context) (*profile.Profile, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+"/debug/pprof/profile?seconds=1", nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	return profile.Parse(res.Body)
}

// recorders are the packages that count, time, scrape and send.
var recorders = []string{"oneton/metrics.", "oneton/trace.", "oneton/admin.", "github.com/prometheus/", "go.opentelemetry.io/"}

// recorded is how many of a profile's samples have a recorder among their callers, and
// how many there are. The profile itself is left out.
func recorded(p *profile.Profile) (in, all int64) {
	is := func(s *profile.Sample, prefixes ...string) bool {
		return slices.ContainsFunc(s.Location, func(l *profile.Location) bool {
			return slices.ContainsFunc(l.Line, func(l profile.Line) bool {
				return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(l.Function.Name, prefix) })
			})
		})
	}
	for _, s := range p.Sample {
		if is(s, "runtime/pprof.") {
			continue
		}
		all += s.Value[0]
		if is(s, recorders...) {
			in += s.Value[0]
		}
	}
	return in, all
}

// searches asks n times, from as many clients as cores, and is scraped once.
func (s observed) searches(ctx context.Context, photo []byte, n int) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.GOMAXPROCS(0) + 1)
	if s.admin != "" {
		work.Go(func() error {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.admin+"/metrics", nil)
			if err != nil {
				return err
			}
			res, err := http.DefaultClient.Do(req)
			if err != nil {
				return err
			}
			defer res.Body.Close()
			_, err = io.Copy(io.Discard, res.Body)
			return err
		})
	}
	var left atomic.Int64
	left.Store(int64(n))
	for range runtime.GOMAXPROCS(0) {
		work.Go(func() error {
			for left.Add(-1) >= 0 {
				if err := s.post(ctx, search, "image/jpeg", photo, nil); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return work.Wait()
}

// processorTime is what the program has taken of the processors, in seconds.
func (p *program) processorTime() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	const user, ticks = 11, 100 // utime and stime, behind the name in brackets (proc(5))
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	var sum float64
	for _, f := range fields[user : user+2] {
		n, err := strconv.ParseFloat(f, 64)
		if err != nil {
			return 0, err
		}
		sum += n
	}
	return sum / ticks, nil
}

// freeAddress is one that nobody listens at.
func freeAddress(ctx context.Context) (string, error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return ln.Addr().String(), ln.Close()
}

// resampled is the mean ratio of logarithms of ratios, and the interval of 95 % of the
// means of as many, drawn from them with replacement.
func resampled(logs []float64) (ratio float64, interval [2]float64) {
	const draws = 10_000
	mean := func(v []float64) (m float64) {
		for _, x := range v {
			m += x / float64(len(v))
		}
		return m
	}
	rng := rand.New(rand.NewPCG(1, 1))
	means, drawn := make([]float64, draws), make([]float64, len(logs))
	for i := range means {
		for j := range drawn {
			drawn[j] = logs[rng.IntN(len(logs))]
		}
		means[i] = mean(drawn)
	}
	return math.Exp(mean(logs)), [2]float64{math.Exp(quantile(means, 0.025)), math.Exp(quantile(means, 0.975))}
}
