package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"oneton/picture"
	"oneton/picture/picturetest"
)

type hostileCommand struct {
	Searches int           `help:"Searches timed one after the other, before and during the flood." default:"200"`
	Clients  int           `help:"Clients of the flood." default:"16"`
	Warm     time.Duration `help:"How long the flood runs before searches are timed." default:"5s"`
	Kinds    string        `help:"Only kinds of photos with this in their name."`
	Photo    string        `help:"Photo to search, of the demo photos." default:"obama2.jpg"`
	Out      string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

type hostileResult struct {
	// Kinds are what decoding each kind takes.
	Kinds []hostileKind `json:"kinds"`
	// Worst is the longest of the processor's seconds.
	Worst float64 `json:"worst_cpu_seconds"`
	// Idle and Flooded are a tenant's searches without and beside the flood of
	// another.
	Idle    hostileSearches `json:"idle"`
	Flooded hostileSearches `json:"flooded"`
	// Ratio is that of the two 99th percentiles.
	Ratio float64 `json:"p99_flooded_over_idle"`
	// Flood counts the flood's answers by status.
	Flood map[string]int64 `json:"flood_answers"`
}

type hostileKind struct {
	Kind  string `json:"kind"`
	Bytes int    `json:"bytes"`
	// CPU is what the thread took, Wall what passed, in seconds.
	CPU    float64 `json:"cpu_seconds"`
	Wall   float64 `json:"seconds"`
	Answer string  `json:"answer"`
}

type hostileSearches struct {
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
	Failed int     `json:"failed"`
}

// Run measures what crafted photos cost a worker, and another tenant.
func (c *hostileCommand) Run(ctx context.Context) (err error) {
	photo, err := demoPhoto(c.Photo)
	if err != nil {
		return err
	}
	var res hostileResult
	var photos [][]byte
	for _, p := range picturetest.Hostile() {
		if !strings.Contains(p.Kind, c.Kinds) {
			continue
		}
		data := p.Make()
		k, err := hostileDecode(ctx, p, data)
		if err != nil {
			return err
		}
		res.Kinds = append(res.Kinds, k)
		res.Worst = max(res.Worst, k.CPU)
		photos = append(photos, data)
	}
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	victim, err := startProgram(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, victim.stop()) }()
	if err := victim.post(ctx, "/v1/galleries", "application/json", []byte(`{"name":"bench"}`), nil); err != nil {
		return err
	}
	if err := victim.post(ctx, "/v1/galleries/bench/subjects?id=one", "image/jpeg", photo, nil); err != nil {
		return err
	}
	flooder, err := hostileTenant(ctx, folder)
	if err != nil {
		return err
	}
	res.Idle = c.searches(ctx, victim, photo)
	flood, stop := context.WithCancel(ctx)
	counts := hostileFlood(flood, victim.base, flooder, photos, c.Clients)
	time.Sleep(c.Warm)
	res.Flooded = c.searches(ctx, victim, photo)
	stop()
	res.Flood = counts()
	res.Ratio = res.Flooded.P99 / res.Idle.P99
	return save(c.Out, "hostile", c, res)
}

// hostileDecode decodes as a worker does, with the limits of a server.
func hostileDecode(ctx context.Context, p picturetest.Photo, data []byte) (hostileKind, error) {
	limits := picture.DefaultLimits()
	limits.Time = 0
	start, cpu := time.Now(), processTime()
	_, err := picture.Decode(ctx, data, limits)
	k := hostileKind{Kind: p.Kind, Bytes: len(data), CPU: (processTime() - cpu).Seconds(), Wall: time.Since(start).Seconds(), Answer: "taken"}
	if !errors.Is(err, p.Refused) {
		return k, fmt.Errorf("decode %s, to be answered %q: %w", p.Kind, fmt.Sprint(p.Refused), cmp.Or(err, errors.New("taken")))
	}
	if err != nil {
		k.Answer = err.Error()
	}
	return k, nil
}

// processTime is what this process took of the processors so far.
func processTime() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t) // a clock that every Linux has
	return time.Duration(t.Nano())
}

// hostileTenant makes a tenant with a key that can only detect.
func hostileTenant(ctx context.Context, folder string) (key string, err error) {
	binary := filepath.Join(folder, "oneton")
	if out, err := exec.CommandContext(ctx, binary, "tenant", "create", "flood", "--data", folder).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make a tenant: %w: %s", err, out)
	}
	out, err := exec.CommandContext(ctx, binary, "key", "create", "flood", "--scope", "detect", "--data", folder).Output()
	if err != nil {
		return "", fmt.Errorf("make a key: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// hostileFlood sends the photos in turn from so many clients until ctx ends. The
// function it returns waits for that, and tells the answers.
func hostileFlood(ctx context.Context, base, key string, photos [][]byte, clients int) func() map[string]int64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	counts := map[string]int64{}
	var mu sync.Mutex
	var next atomic.Int64
	var work sync.WaitGroup
	for range clients {
		work.Go(func() {
			for ctx.Err() == nil {
				status := "no answer"
				req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+"/v1/detect", bytes.NewReader(photos[int(next.Add(1))%len(photos)]))
				if err != nil {
					panic(err) // the address is one that was reached
				}
				req.Header.Set("Content-Type", "image/jpeg")
				req.Header.Set("Authorization", "Bearer "+key)
				if resp, err := client.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, resp.Body) // whatever it says
					_ = resp.Body.Close()
					status = resp.Status
				}
				mu.Lock()
				counts[status]++
				mu.Unlock()
			}
		})
	}
	return func() map[string]int64 {
		work.Wait()
		client.CloseIdleConnections()
		return counts
	}
}

// searches are timed one after the other.
func (c *hostileCommand) searches(ctx context.Context, p *program, photo []byte) hostileSearches {
	var s hostileSearches
	times := make([]float64, 0, c.Searches)
	for i := range c.Searches + 5 {
		start := time.Now()
		if err := p.post(ctx, "/v1/galleries/bench/search", "image/jpeg", photo, nil); err != nil {
			s.Failed++
		}
		if i >= 5 {
			times = append(times, float64(time.Since(start))/float64(time.Millisecond))
		}
	}
	s.Median, s.P99 = median(times), quantile(times, 0.99)
	return s
}
