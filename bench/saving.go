package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"oneton/changelog"
	"oneton/index"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/sqlite"
)

type savingCommand struct {
	Rows      int           `help:"Faces of the large gallery." default:"1000000"`
	Galleries int           `help:"Galleries of one face." default:"3000"`
	Beside    int           `help:"Faces of the gallery that is searched beside those of one face." default:"10000"`
	Duration  time.Duration `help:"Time of each turn, with and without a save." default:"30s"`
	Turns     int           `help:"Turns of each kind." default:"4"`
	Settle    time.Duration `help:"Time a server has to come to rest." default:"15s"`
	Idle      time.Duration `help:"Time for which an idle server is watched." default:"10m"`
	Name      string        `help:"Name of the results." default:"saving"`
	Out       string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

type savingResult struct {
	// Large is a search of the large gallery, which the saves are of, and Small
	// one of the gallery beside many of one face, of which the saves are.
	Large savingTurns `json:"large"`
	Small savingTurns `json:"small"`
	// StopSeconds is how long a server takes to stop that has saved none of the
	// galleries of one face, and HurrySeconds what is of it to save them.
	StopSeconds  float64 `json:"stop_seconds"`
	HurrySeconds float64 `json:"hurried_save_seconds"`
	// IdleSaves is how often the server that was watched would have saved.
	IdleSaves int `json:"idle_saves"`
	// IdleBytes are those that it has written to the disk, and IdleFiles those
	// of its files that were written meanwhile.
	IdleBytes int64    `json:"idle_bytes"`
	IdleFiles []string `json:"idle_files"`
}

type savingTurns struct {
	// Without and With are of searches each of which comes after a change, of
	// somebody else's gallery or its own, and sees it. With saves run all the
	// time.
	Without latency `json:"without"`
	With    latency `json:"with"`
	// Ratio is of the highest percentiles: with over without.
	Ratio float64 `json:"p99_with_over_without"`
	Saves int     `json:"saves"`
	// SaveSeconds is the median of one that makes way for searches.
	SaveSeconds float64 `json:"save_seconds"`
}

func (c *savingCommand) Run(ctx context.Context) error {
	draw, err := newFaces(defaultDimension)
	if err != nil {
		return err
	}
	var r savingResult
	if r.Large, err = c.large(ctx, draw); err != nil {
		return fmt.Errorf("large gallery: %w", err)
	}
	if r.Small, r.HurrySeconds, err = c.small(ctx, draw); err != nil {
		return fmt.Errorf("small galleries: %w", err)
	}
	if r.StopSeconds, err = c.stop(ctx); err != nil {
		return fmt.Errorf("stop: %w", err)
	}
	if err := c.idle(ctx, &r); err != nil {
		return fmt.Errorf("idle server: %w", err)
	}
	return save(c.Out, c.Name, c, r)
}

// savingBench is an index that is changed, searched and saved.
type savingBench struct {
	index  *exact.Index
	next   uint64
	probes [][]float32
	scope  index.Scope
	// lock is held to apply and to draw.
	lock sync.Mutex
	rng  *rand.Rand
}

func openSaving(probes [][]float32) (*savingBench, func() error, error) {
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return nil, nil, err
	}
	x, err := exact.New(exact.Config{Dir: filepath.Join(folder, "index")})
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(folder))
	}
	b := &savingBench{
		index: x, probes: probes, rng: rand.New(rand.NewPCG(1, 1)),
		scope: index.Scope{Tenant: "bench", Gallery: store.GalleryID(uuid.NewString()), Pack: "default"},
	}
	return b, func() error { return errors.Join(x.Close(), os.RemoveAll(folder)) }, nil
}

// put is a face to come, of the gallery.
func (b *savingBench) put(gallery store.GalleryID, vector []float32) changelog.Change {
	return changelog.Change{
		Kind: changelog.PutFace, Tenant: b.scope.Tenant, Gallery: gallery, Pack: b.scope.Pack,
		Subject: store.SubjectID(uuid.NewString()), Face: store.FaceID(uuid.NewString()), Template: vector,
	}
}

func (b *savingBench) apply(ctx context.Context, changes ...changelog.Change) error {
	for i := range changes {
		b.next++
		changes[i].Seq = b.next
	}
	return b.index.Apply(ctx, changes, b.next)
}

// fill applies a gallery's faces and returns them.
func (b *savingBench) fill(ctx context.Context, rows [][]float32) (all []changelog.Change, err error) {
	for _, row := range rows {
		all = append(all, b.put(b.scope.Gallery, row))
	}
	for first := 0; first < len(all); first += 1000 {
		if err := b.apply(ctx, all[first:min(first+1000, len(all))]...); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// turns times searches with and without saves. Before each, change applies
// something, and before each save, dirty.
func (b *savingBench) turns(ctx context.Context, c *savingCommand, change, dirty func() error) (r savingTurns, err error) {
	if err := b.index.Save(ctx); err != nil {
		return r, err
	}
	var times [2][]float64
	var saves []float64
	for turn := range 2 * c.Turns {
		saving, stop := context.WithTimeout(ctx, c.Duration)
		ended := make(chan error, 1)
		go func() {
			var err error
			for turn%2 == 1 && err == nil && saving.Err() == nil {
				if err = dirty(); err == nil {
					begin := time.Now()
					// What is left when the turn ends, is hurried.
					if err = b.index.Save(saving); saving.Err() == nil {
						saves = append(saves, time.Since(begin).Seconds())
					}
				}
			}
			ended <- err
		}()
		for i := 0; saving.Err() == nil; i++ {
			took, err := timed(func(i int) error {
				if err := change(); err != nil {
					return err
				}
				_, err := b.index.Search(ctx, index.Query{Scope: b.scope, Probe: b.probes[i%len(b.probes)], K: 5, Threshold: 0.4})
				return err
			}, i)
			if err != nil {
				stop()
				return r, errors.Join(err, <-ended)
			}
			times[turn%2] = append(times[turn%2], took)
		}
		stop()
		if err := <-ended; err != nil {
			return r, err
		}
	}
	r = savingTurns{Without: latencyOf(times[0]), With: latencyOf(times[1]), Saves: len(saves)}
	r.Ratio = r.With.P99MS / r.Without.P99MS
	if len(saves) > 0 {
		r.SaveSeconds = median(saves)
	}
	return r, ctx.Err()
}

func (c *savingCommand) large(ctx context.Context, draw *faces) (r savingTurns, err error) {
	rows, probes := draw.gallery(c.Rows, 1000, 0)
	b, closeIndex, err := openSaving(probes)
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, closeIndex()) }()
	all, err := b.fill(ctx, rows)
	if err != nil {
		return r, err
	}
	// A save writes a face that is gone, and so one of the set's files anew,
	// and those that have come since.
	var deleted int
	change := func() error {
		b.lock.Lock()
		defer b.lock.Unlock()
		return b.apply(ctx, b.put(b.scope.Gallery, rows[b.rng.IntN(len(rows))]))
	}
	dirty := func() error {
		b.lock.Lock()
		defer b.lock.Unlock()
		gone := all[deleted*7919%len(all)]
		gone.Kind = changelog.DeleteFace
		deleted++
		return b.apply(ctx, gone)
	}
	return b.turns(ctx, c, change, dirty)
}

func (c *savingCommand) small(ctx context.Context, draw *faces) (r savingTurns, stop float64, err error) {
	rows, probes := draw.gallery(c.Beside, min(1000, c.Beside), 0)
	b, closeIndex, err := openSaving(probes)
	if err != nil {
		return r, 0, err
	}
	defer func() { err = errors.Join(err, closeIndex()) }()
	if _, err := b.fill(ctx, rows); err != nil {
		return r, 0, err
	}
	galleries := make([]string, c.Galleries)
	for i := range galleries {
		galleries[i] = uuid.NewString()
	}
	again := func(galleries []string) error {
		b.lock.Lock()
		defer b.lock.Unlock()
		for _, g := range galleries {
			if err := b.apply(ctx, b.put(store.GalleryID(g), rows[b.rng.IntN(len(rows))])); err != nil {
				return err
			}
		}
		return nil
	}
	if err := again(galleries); err != nil {
		return r, 0, err
	}
	someone := func() string {
		b.lock.Lock()
		defer b.lock.Unlock()
		return galleries[b.rng.IntN(len(galleries))]
	}
	change := func() error { return again([]string{someone()}) }
	r, err = b.turns(ctx, c, change, change)
	if err != nil {
		return r, 0, err
	}
	if err := again(galleries); err != nil {
		return r, 0, err
	}
	hurried, cancel := context.WithCancel(ctx)
	cancel()
	begin := time.Now()
	err = b.index.Save(hurried)
	return r, time.Since(begin).Seconds(), err
}

// stop returns how long a server takes to stop that has all of the galleries
// of one face to save.
func (c *savingCommand) stop(ctx context.Context) (seconds float64, err error) {
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	p, err := startProgram(ctx, folder, "index.save=1h")
	if err != nil {
		return 0, err
	}
	stop := sync.OnceValue(p.stop)
	defer func() { err = errors.Join(err, stop()) }()
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(folder, "oneton.db")})
	if err != nil {
		return 0, err
	}
	defer db.Close()
	tenants, err := db.Tenants(ctx, store.Page{Limit: 1})
	if err != nil {
		return 0, err
	}
	space, err := db.Space(ctx, "default")
	if err != nil {
		return 0, err
	}
	work, working := errgroup.WithContext(ctx)
	work.SetLimit(64)
	for i := range c.Galleries {
		work.Go(func() error {
			g := store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: tenants[0].ID, Name: fmt.Sprint("bench ", i), Pack: space.Pack}
			if err := db.CreateGallery(working, g); err != nil {
				return err
			}
			vector := make([]float32, defaultDimension)
			vector[i%len(vector)] = 1
			_, err := db.Enrol(working, store.Subject{Gallery: g.ID, ID: "someone"},
				[]store.Face{{ID: store.FaceID(uuid.NewString()), Pack: space.Name(), Template: vector}}, nil, true)
			return err
		})
	}
	if err := work.Wait(); err != nil {
		return 0, err
	}
	if err := p.ready(ctx); err != nil {
		return 0, err
	}
	begin := time.Now()
	err = stop()
	return time.Since(begin).Seconds(), err
}

// ready waits until the server's index has come to the end of the log.
func (p *program) ready(ctx context.Context) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("readyz: %s", resp.Status)
	}
	return nil
}

// idle watches a server that has something to save and nothing to do.
func (c *savingCommand) idle(ctx context.Context, r *savingResult) (err error) {
	const every = time.Second
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := startProgram(ctx, folder, "index.save="+every.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := p.post(ctx, "/v1/galleries", "application/json", []byte(`{"name":"bench"}`), nil); err != nil {
		return err
	}
	if err := fill(ctx, filepath.Join(folder, "oneton.db"), 1000); err != nil {
		return err
	}
	if err := sleep(ctx, c.Settle); err != nil {
		return err
	}
	since := time.Now()
	before, err := p.written()
	if err != nil {
		return err
	}
	if err := sleep(ctx, c.Idle); err != nil {
		return err
	}
	after, err := p.written()
	if err != nil {
		return err
	}
	r.IdleSaves, r.IdleBytes, r.IdleFiles = int(c.Idle/every), after-before, []string{}
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.ModTime().After(since) {
			r.IdleFiles = append(r.IdleFiles, strings.TrimPrefix(path, folder))
		}
		return err
	})
}

// written are the bytes that the process has caused to be written to a disk.
func (p *program) written() (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/io", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		var bytes int64
		if n, err := fmt.Sscanf(line, "write_bytes: %d", &bytes); err == nil && n == 1 {
			return bytes, nil
		}
	}
	return 0, errors.New("the system does not count what a process writes")
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
