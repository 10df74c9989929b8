package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"

	"oneton/calibration"
	"oneton/config"
	"oneton/face"
	"oneton/identify"
	"oneton/node"
	"oneton/photo"
	"oneton/store"
)

// insertTimeout is the server's default for a request.
const insertTimeout = 30 * time.Second

type insertsCommand struct {
	Rows       int           `help:"Faces in the gallery before." default:"10000"`
	Enrolments int           `help:"Enrolments a second beside the inserts, straight into the store." default:"1000"`
	Writers    int           `help:"Enrolments under way at once." default:"64"`
	Callers    int           `help:"Inserts under way at once." default:"4"`
	Duration   time.Duration `help:"Duration of each measurement." default:"20s"`
	Folder     string        `help:"Folder for the database, on the disk to measure; a temporary one when empty." json:"-"`
	Out        string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

// insertsResult is the latency of searches that insert whom they do not find.
type insertsResult struct {
	Quiet insertLatency `json:"alone"`
	Busy  insertLatency `json:"beside_enrolments"`
	// EnrolmentsASecond is what the disk let through of those wanted.
	EnrolmentsASecond float64 `json:"enrolments_per_second"`
}

type insertLatency struct {
	latency
	LongestMS float64 `json:"longest_ms"`
	// WaitMS is what the index takes to come as far as the database, SearchMS
	// the search and StoreMS the commit: the medians, of the last look.
	WaitMS   float64 `json:"median_wait_ms"`
	SearchMS float64 `json:"median_search_ms"`
	StoreMS  float64 `json:"median_store_ms"`
	Inserts  int     `json:"inserts"`
	// TimedOut are those without an answer within the server's time.
	TimedOut int `json:"timed_out"`
}

// Run inserts strangers into a gallery of a database, by the service as the
// server has it but for the models, without and with enrolments beside them.
func (c *insertsCommand) Run(ctx context.Context) (err error) {
	b, err := c.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	r := insertsResult{}
	if r.Quiet, err = b.inserts(ctx, c); err != nil {
		return fmt.Errorf("insert alone: %w", err)
	}
	enrolling, stop := context.WithCancel(ctx)
	defer stop()
	var done int
	ended := make(chan error, 1)
	begin := time.Now()
	go func() {
		var err error
		done, err = b.enrolSteadily(enrolling, c)
		ended <- err
	}()
	r.Busy, err = b.inserts(ctx, c)
	r.EnrolmentsASecond = float64(c.Enrolments)
	took := time.Since(begin)
	stop()
	if err = errors.Join(err, <-ended); err != nil {
		return fmt.Errorf("insert beside enrolments: %w", err)
	}
	r.EnrolmentsASecond = float64(done) / took.Seconds()
	return save(c.Out, "inserts", c, r)
}

type insertsBench struct {
	folder  string
	truth   *node.Truth
	service *identify.Service
	gallery store.Gallery
	// people are those of the gallery, then strangers of whom the next is at
	// turn.
	people [][]float32
	turn   atomic.Int64
	stop   func() error
}

const insertsTenant = "bench"

func (c *insertsCommand) open(ctx context.Context) (b *insertsBench, err error) {
	b = &insertsBench{stop: func() error { return nil }}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.close())
		}
	}()
	if b.folder, err = os.MkdirTemp(c.Folder, "bench-inserts-"); err != nil {
		return b, err
	}
	draw, err := newFaces(defaultDimension)
	if err != nil {
		return b, err
	}
	b.people, _ = draw.gallery(c.Rows+int(c.Duration.Seconds()+1)*(c.Enrolments+2*maxInserts), 0, 0)
	cfg := config.Default()
	cfg.Data, cfg.Index.Save = b.folder, 0
	n, err := node.OpenWith(ctx, cfg, zerolog.Nop(), node.Parts{Embedder: drawn{b.people}})
	if err != nil {
		return b, err
	}
	b.truth, b.service = n.Truth, n.Service
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return b, errors.Join(err, n.Close())
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan error, 1)
	go func() { ended <- n.Serve(serving, ln) }()
	b.stop = func() error {
		stop()
		return errors.Join(<-ended, n.Close())
	}
	if _, err := b.truth.Access.CreateTenant(ctx, insertsTenant, ""); err != nil {
		return b, err
	}
	if b.gallery, err = b.service.CreateGallery(ctx, store.Actor{Tenant: insertsTenant}, store.Gallery{Name: "bench"}); err != nil {
		return b, err
	}
	for first := 0; first < c.Rows; first += identify.MaxPhotos {
		if err := b.enrol(ctx, min(identify.MaxPhotos, c.Rows-first)); err != nil {
			return b, fmt.Errorf("fill gallery: %w", err)
		}
	}
	return b, nil
}

func (b *insertsBench) close() error {
	return errors.Join(b.stop(), os.RemoveAll(b.folder))
}

// next is the number of the next stranger.
func (b *insertsBench) next() int { return int(b.turn.Add(1)-1) % len(b.people) }

// enrol puts faces of a new subject straight into the store.
func (b *insertsBench) enrol(ctx context.Context, n int) error {
	faces := make([]store.Face, n)
	for i := range faces {
		id, err := uuid.NewV7()
		if err != nil {
			return err
		}
		faces[i] = store.Face{ID: store.FaceID(id.String()), Pack: b.gallery.Pack, Template: b.people[b.next()]}
	}
	_, err := b.truth.Store.Enrol(ctx, store.Subject{Gallery: b.gallery.ID, ID: store.SubjectID(uuid.NewString())}, faces, nil, true)
	return err
}

// enrolSteadily enrols until ctx is done, and returns how many it did.
func (b *insertsBench) enrolSteadily(ctx context.Context, c *insertsCommand) (int, error) {
	var done atomic.Int64
	errs := make([]error, c.Writers)
	begin := time.Now()
	var writers sync.WaitGroup
	for w := range c.Writers {
		writers.Go(func() {
			for n := w; ; n += c.Writers {
				due := begin.Add(time.Duration(float64(n) / float64(c.Enrolments) * float64(time.Second)))
				select {
				case <-ctx.Done():
					return
				case <-time.After(time.Until(due)):
				}
				if errs[w] = b.enrol(context.WithoutCancel(ctx), 1); errs[w] != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	writers.Wait()
	return int(done.Load()), errors.Join(errs...)
}

// maxInserts bounds the strangers that are drawn for inserts, per second.
const maxInserts = 2000

// inserts searches for strangers and inserts those that are not found.
func (b *insertsBench) inserts(ctx context.Context, c *insertsCommand) (l insertLatency, err error) {
	var mu sync.Mutex
	var times, waits, searches, stores []float64
	errs := make([]error, c.Callers)
	begin := time.Now()
	var callers sync.WaitGroup
	for w := range c.Callers {
		callers.Go(func() {
			for time.Since(begin) < c.Duration && errs[w] == nil {
				photo := binary.LittleEndian.AppendUint64(nil, uint64(b.next())) //nolint:gosec // not negative
				var a identify.Answer
				ms, err := timed(func(int) (err error) {
					bound, cancel := context.WithTimeout(ctx, insertTimeout)
					defer cancel()
					a, err = b.service.Search(bound, store.Actor{Tenant: insertsTenant}, identify.SearchRequest{
						Gallery: b.gallery.Name, Photos: [][]byte{photo}, Insert: true,
					})
					return err
				}, 0)
				mu.Lock()
				switch {
				case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
					l.TimedOut++
					times = append(times, ms)
				case err != nil:
					errs[w] = err
				case a.Inserted != nil:
					l.Inserts++
					times = append(times, ms)
					waits = append(waits, a.Timings.Wait.Seconds()*1e3)
					searches = append(searches, a.Timings.Search.Seconds()*1e3)
					stores = append(stores, a.Timings.Store.Seconds()*1e3)
				}
				mu.Unlock()
			}
		})
	}
	callers.Wait()
	if err := errors.Join(errs...); err != nil {
		return l, err
	}
	if l.Inserts == 0 {
		return l, errors.New("nobody was inserted")
	}
	l.latency, l.LongestMS = latencyOf(times), quantile(times, 1)
	l.WaitMS, l.SearchMS, l.StoreMS = median(waits), median(searches), median(stores)
	return l, nil
}

const benchPack = "default"

// drawn stands in for the models: a photo is the number of a drawn template.
type drawn struct{ people [][]float32 }

func (drawn) Close() error { return nil }

func (drawn) Packs() []string { return []string{benchPack} }

// Converter has no other version to convert.
func (drawn) Converter(string, string) func(face.Template, face.Quality) (face.Template, face.Quality, error) {
	return nil
}

func (d drawn) Embed(_ context.Context, _ string, content []byte, _ ...photo.Check) (photo.Result, error) {
	t := face.Template(d.people[binary.LittleEndian.Uint64(content)])
	return photo.Result{Width: 200, Height: 200, MediaType: "image/jpeg", Faces: []photo.Face{{
		Box: face.Box{X: 50, Y: 50, Width: 100, Height: 100}, Template: t, Probe: t, Quality: face.Quality{InterEye: 2 * photo.MinInterEye},
	}}}, nil
}

// Calibration lets no drawn stranger be taken for another.
func (d drawn) Calibration(string) (*calibration.Table, error) {
	return &calibration.Table{
		Knots:    []calibration.Knot{{Cosine: -1, FMR: 1}, {Cosine: 0.3, FMR: 1e-2}, {Cosine: 0.6, FMR: 1e-9}},
		Measured: 1e-9,
	}, nil
}

func (d drawn) JudgesLiveness(string) bool { return false }

func (drawn) Probe(_ string, kept face.Template) (face.Template, error) { return kept, nil }

func (drawn) Version(string) (string, error) { return "1", nil }
