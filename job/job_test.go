package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/pool"
	"oneton/store"
	"oneton/store/storetest"
)

// patience is how long a test waits for what comes soon.
const patience = 30 * time.Second

// desk is a queue of a database, and what tests do with it.
type desk struct {
	*job.Queue
	db store.DB
}

// config is quick to notice what ends.
func config() job.Config {
	cfg := job.DefaultConfig()
	cfg.Workers, cfg.Poll = 2, 100*time.Millisecond
	return cfg
}

func newDesk(t *testing.T, db store.DB, cfg job.Config) *desk {
	t.Helper()
	require.NoError(t, job.Migrate(t.Context(), db))
	return &desk{job.NewQueue(cfg, db, zerolog.New(zerolog.NewTestWriter(t))), db}
}

// run does jobs until the test's end, or until stop is called.
func (d *desk) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

func (d *desk) add(t *testing.T, n job.New) job.ID {
	t.Helper()
	var id job.ID
	require.NoError(t, d.db.Update(t.Context(), "add", func(tx store.Tx) (err error) {
		id, err = d.Add(tx, n)
		return err
	}))
	require.True(t, job.ValidID(string(id)), id)
	return id
}

func (d *desk) get(t *testing.T, tenant store.TenantID, id job.ID) job.State {
	t.Helper()
	s, err := d.Get(t.Context(), tenant, id)
	require.NoError(t, err)
	return s
}

func (d *desk) wait(t *testing.T, tenant store.TenantID, id job.ID) job.State {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, err := d.Wait(ctx, tenant, id)
	require.NoError(t, err, "%+v", s)
	return s
}

// count is what a query counts.
func (d *desk) count(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	n, err := store.One(t.Context(), d.db, "count", func(row store.Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	}, query, args...)
	require.NoError(t, err)
	return n
}

// inputs is how many inputs are kept.
func (d *desk) inputs(t *testing.T) int64 { return d.count(t, `SELECT count(*) FROM job_inputs`) }

func handle(do func(ctx context.Context, j *job.Job) ([]byte, error)) job.Kind {
	return job.Kind{Do: do}
}

const acme, other store.TenantID = "acme", "other"

func tenants(t *testing.T, s storetest.Store, ids ...store.TenantID) {
	t.Helper()
	for _, id := range ids {
		require.NoError(t, s.CreateTenant(t.Context(), store.Tenant{ID: id, Name: string(id)}))
	}
}

func TestJobs(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		tenants(t, open(t), acme, other)
		for _, test := range []struct {
			name string
			do   func(*testing.T, storetest.Open)
		}{
			{"life", testLife},
			{"refusals", testRefusals},
			{"one of a key", testKey},
			{"outcomes", testOutcomes},
			{"finished with its effects", testFinish},
			{"priority", testPriority},
			{"fairness", testFairness},
			{"places", testPlaces},
			{"groups", testGroups},
			{"cancelled", testCancel},
			{"lease lost", testLeaseLost},
			{"no attempt left", testWorkersDie},
			{"stopped", testStop},
			{"stopped, and deaf", testDeaf},
			{"expired", testExpired},
			{"kept for a while", testTrim},
			{"tenant deleted", testTenantDeleted},
			{"two processes", testTwoProcesses},
			{"many", testMany},
			{"scripts", testScripts},
		} {
			t.Run(test.name, func(t *testing.T) { test.do(t, open) })
		}
	})
}

// A job is added by a transaction, begins after it, and leaves its output.
func testLife(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	began := make(chan *job.Job, 2)
	goOn := make(chan struct{})
	d.Handle("life", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		err := j.Progress(ctx, 2, 3)
		<-goOn
		return fmt.Appendf(nil, "%q of %s", j.Input, pool.TenantOf(ctx)), err
	}))
	d.run(t)
	refused := errors.New("refused")
	require.ErrorIs(t, d.db.Update(t.Context(), "add", func(tx store.Tx) error {
		_, err := d.Add(tx, job.New{Tenant: acme, Kind: "life"})
		return errors.Join(err, refused)
	}), refused)
	require.Zero(t, d.count(t, `SELECT count(*) FROM jobs`))

	id := d.add(t, job.New{Tenant: acme, Kind: "life", Input: []byte{0, 255, 'x'}})
	j := <-began
	require.Equal(t, id, j.ID)
	require.Equal(t, acme, j.Tenant)
	require.Equal(t, 1, j.Attempt)
	require.False(t, j.Last)
	require.Eventually(t, func() bool { return d.get(t, acme, id).Of == 3 }, patience, time.Millisecond)
	s := d.get(t, acme, id)
	require.Equal(t, job.Running, s.Status)
	require.False(t, s.Status.Ended())
	require.Equal(t, int64(2), s.Done)
	require.Equal(t, int64(1), d.inputs(t))
	_, err := d.Get(t.Context(), other, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = d.Wait(t.Context(), other, id)
	require.ErrorIs(t, err, store.ErrNotFound)
	short, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	s, err = d.Wait(short, acme, id)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Equal(t, job.Running, s.Status)

	close(goOn)
	s = d.wait(t, acme, id)
	require.Equal(t, job.Succeeded, s.Status)
	require.True(t, s.Status.Ended())
	require.Equal(t, `"\x00\xffx" of acme`, string(s.Output))
	require.Empty(t, s.Error)
	require.Equal(t, 1, s.Attempt)
	require.False(t, s.EndedAt.Before(s.StartedAt))
	require.False(t, s.StartedAt.Before(s.AddedAt))
	require.Zero(t, d.inputs(t), "the input is erased")

	own := d.wait(t, "", d.add(t, job.New{Kind: "life"}))
	require.Equal(t, `"" of `, string(own.Output))
	require.Panics(t, func() { d.Handle("late", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil })) })
}

// What cannot be kept is refused, and nothing is added.
func testRefusals(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	d.Handle("fine", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil }))
	for name, refusal := range map[string]struct {
		job.New
		want error
	}{
		"kind":           {job.New{Tenant: acme, Kind: "unknown"}, job.ErrKind},
		"size":           {job.New{Tenant: acme, Kind: "fine", Input: make([]byte, job.MaxInput+1)}, job.ErrTooLarge},
		"tenant":         {job.New{Tenant: "nobody", Kind: "fine"}, store.ErrNotFound},
		"key":            {job.New{Tenant: acme, Kind: "fine", Key: "a\x00"}, store.ErrInvalid},
		"long key":       {job.New{Tenant: acme, Kind: "fine", Key: strings.Repeat("k", 129)}, store.ErrInvalid},
		"priority":       {job.New{Tenant: acme, Kind: "fine", Priority: job.MaxPriority + 1}, store.ErrInvalid},
		"low priority":   {job.New{Tenant: acme, Kind: "fine", Priority: -job.MaxPriority - 1}, store.ErrInvalid},
		"delay":          {job.New{Tenant: acme, Kind: "fine", Delay: -1}, store.ErrInvalid},
		"time to end in": {job.New{Tenant: acme, Kind: "fine", Within: -1}, store.ErrInvalid},
	} {
		require.ErrorIs(t, d.db.Update(t.Context(), "add", func(tx store.Tx) error {
			_, err := d.Add(tx, refusal.New)
			return err
		}), refusal.want, name)
	}
	require.Zero(t, d.count(t, `SELECT count(*) FROM jobs WHERE kind = 'fine'`))
	require.Panics(t, func() { d.Handle("fine", handle(func(context.Context, *job.Job) ([]byte, error) { return nil, nil })) })
	require.Panics(t, func() { d.Handle("nobody", job.Kind{}) })
	for _, id := range []string{"", "0123456789abcdef0123456", "0123456789abcdef012345678", "0123456789ABCDEF01234567", "0123456789abcdef0123456g"} {
		require.False(t, job.ValidID(id), id)
	}
}

// While a job with a key is kept, there is no other.
func testKey(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	for _, kind := range []string{"once", "again"} {
		d.Handle(kind, handle(func(_ context.Context, j *job.Job) ([]byte, error) { return j.Input, nil }))
	}
	id := d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k", Input: []byte("first")})
	require.Equal(t, id, d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k", Input: []byte("second")}))
	for _, n := range []job.New{{Tenant: other, Kind: "once", Key: "k"}, {Tenant: acme, Kind: "again", Key: "k"}, {Tenant: acme, Kind: "once", Key: "K"}, {Tenant: acme, Kind: "once"}, {Tenant: acme, Kind: "once"}} {
		require.NotEqual(t, id, d.add(t, n))
	}
	d.run(t)
	require.Equal(t, "first", string(d.wait(t, acme, id).Output))
	require.Equal(t, id, d.add(t, job.New{Tenant: acme, Kind: "once", Key: "k"}))

	// Many at once add one.
	var wg sync.WaitGroup
	ids := make([]job.ID, 16)
	for i := range ids {
		wg.Go(func() {
			_ = d.db.Update(context.Background(), "add", func(tx store.Tx) (err error) {
				ids[i], err = d.Add(tx, job.New{Tenant: acme, Kind: "once", Key: "at once"})
				return err
			})
		})
	}
	wg.Wait()
	require.Len(t, slices.Compact(ids), 1)
}

// What work returns decides how its job ends, or that it is tried again.
func testOutcomes(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 16
	d := newDesk(t, open(t), cfg)
	broken := errors.New("broken")
	var attempts sync.Map
	outcome := func(do func(j *job.Job) ([]byte, error)) job.Kind {
		return job.Kind{Attempts: 3, Backoff: func(int) time.Duration { return time.Millisecond }, Do: func(_ context.Context, j *job.Job) ([]byte, error) {
			n, _ := attempts.LoadOrStore(j.Kind, new(atomic.Int64))
			n.(*atomic.Int64).Add(1)
			return do(j)
		}}
	}
	var busy, times atomic.Int64
	cases := map[string]struct {
		do     func(j *job.Job) ([]byte, error)
		status job.Status
		output string
		err    string
		begun  int
	}{
		"succeeds": {func(*job.Job) ([]byte, error) { return []byte("{}"), nil }, job.Succeeded, "{}", "", 1},
		"fails":    {func(*job.Job) ([]byte, error) { return []byte("no"), fmt.Errorf("%w: no match", job.ErrFailed) }, job.Failed, "no", "job: failed: no match", 1},
		"invalid":  {func(*job.Job) ([]byte, error) { return []byte("what"), fmt.Errorf("no face: %w", job.ErrInvalid) }, job.Invalid, "what", "no face: job: invalid input", 1},
		"breaks":   {func(*job.Job) ([]byte, error) { return nil, broken }, job.Failed, "", "broken", 3},
		"panics":   {func(*job.Job) ([]byte, error) { panic("secret") }, job.Failed, "", "job: panicked", 3},
		"recovers": {func(j *job.Job) ([]byte, error) {
			if j.Last {
				return []byte("at last"), nil
			}
			return nil, broken
		}, job.Succeeded, "at last", "", 3},
		"asks": {func(j *job.Job) ([]byte, error) {
			if j.Attempt == 2 {
				return []byte("then"), nil
			}
			return nil, job.Retry(broken, 50*time.Millisecond)
		}, job.Succeeded, "then", "", 2},
		"asks in vain": {func(*job.Job) ([]byte, error) { return nil, job.Retry(broken, 0) }, job.Failed, "", "broken", 3},
		"busy": {func(*job.Job) ([]byte, error) {
			if busy.Add(1) < 3 {
				return nil, fmt.Errorf("embed: %w", pool.ErrBusy)
			}
			return nil, nil
		}, job.Succeeded, "", "", 3},
		"goes on": {func(*job.Job) ([]byte, error) {
			if times.Add(1) < 5 {
				return nil, job.Again(time.Now().Add(time.Millisecond))
			}
			return []byte("on"), nil
		}, job.Succeeded, "on", "", 5},
		"says much": {func(*job.Job) ([]byte, error) {
			return nil, fmt.Errorf("%w: \x00\xff%s", job.ErrFailed, strings.Repeat("é", 600))
		}, job.Failed, "", "job: failed: " + strings.Repeat("é", 493), 1},
		"brings much": {func(*job.Job) ([]byte, error) { return make([]byte, job.MaxOutput+1), nil }, job.Failed, "", "job: failed: its output has 4194305 bytes of at most 4194304", 1},
	}
	ids := make(map[string]job.ID)
	for name, c := range cases {
		d.Handle(name, outcome(c.do))
		ids[name] = d.add(t, job.New{Tenant: acme, Kind: name, Input: []byte("x")})
	}
	d.run(t)
	for name, c := range cases {
		s := d.wait(t, acme, ids[name])
		require.Equal(t, c.status, s.Status, name)
		require.Equal(t, c.output, string(s.Output), name)
		require.Equal(t, c.err, s.Error, name)
		n, _ := attempts.Load(name)
		require.Equal(t, int64(c.begun), n.(*atomic.Int64).Load(), name)
		if name == "busy" || name == "goes on" {
			c.begun = 1 // which the others do not count as
		}
		require.Equal(t, c.begun, s.Attempt, name)
	}
	require.Zero(t, d.inputs(t))
}

// Backoff doubles, with jitter, and has an end.
func TestBackoff(t *testing.T) {
	for attempt, mean := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 5: 16 * time.Second, 10: 512 * time.Second, 11: 10 * time.Minute, 1 << 40: 10 * time.Minute} {
		low, high := mean, mean
		for range 200 {
			d := job.Backoff(attempt)
			low, high = min(low, d), max(high, d)
		}
		require.GreaterOrEqual(t, low, mean/2)
		require.Less(t, high, mean*3/2)
		require.Greater(t, high-low, mean/2, "it is spread")
	}
}

// effects is a table of what jobs have done.
func effects(t *testing.T, db store.DB) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), "make effects", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS effects (job TEXT NOT NULL)`)
		return err
	}))
}

// What ends in a transaction with its effects has them once, and whoever has lost it
// has none.
func testFinish(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	effects(t, d.db)
	refused := errors.New("refused")
	d.Handle("effect", job.Kind{Attempts: 4, Backoff: func(int) time.Duration { return 0 }, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		return []byte("not kept"), d.db.Update(ctx, "effect", func(tx store.Tx) error {
			if err := j.Hold(tx); err != nil {
				return err
			}
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
				return err
			}
			var outcome error
			if string(j.Input) == "fail" {
				outcome = fmt.Errorf("%w: no match", job.ErrFailed)
			}
			if err := j.Finish(tx, []byte("kept"), outcome); err != nil {
				return err
			}
			require.ErrorIs(t, j.Hold(tx), job.ErrLost)
			if j.Attempt < 3 {
				return refused
			}
			return nil
		})
	}})
	d.run(t)
	for input, want := range map[string]job.Status{"": job.Succeeded, "fail": job.Failed} {
		id := d.add(t, job.New{Tenant: acme, Kind: "effect", Input: []byte(input)})
		s := d.wait(t, acme, id)
		require.Equal(t, want, s.Status)
		require.Equal(t, "kept", string(s.Output))
		require.Equal(t, 3, s.Attempt)
		require.Equal(t, int64(1), d.count(t, `SELECT count(*) FROM effects WHERE job = $1`, id))
	}
	require.Eventually(t, func() bool { return d.inputs(t) == 0 }, patience, time.Millisecond)
}

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

// A cancelled job never begins, or is told to stop and leaves nothing.
func testCancel(t *testing.T, open storetest.Open) {
	d := newDesk(t, open(t), config())
	effects(t, d.db)
	began, ended := make(chan *job.Job, 1), make(chan error, 1)
	d.Handle("cancelled", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		<-ctx.Done()
		ended <- errors.Join(context.Cause(ctx), d.db.Update(context.Background(), "effect", func(tx store.Tx) error {
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
				return err
			}
			return j.Finish(tx, []byte("too late"), nil)
		}), j.Progress(context.Background(), 1, 1))
		return []byte("too late"), nil
	}))
	queued := d.add(t, job.New{Tenant: acme, Kind: "cancelled", Input: []byte("photo")})
	_, err := d.Cancel(t.Context(), other, queued)
	require.ErrorIs(t, err, store.ErrNotFound)
	s, err := d.Cancel(t.Context(), acme, queued)
	require.NoError(t, err)
	require.Equal(t, job.Cancelled, s.Status)
	require.Zero(t, d.inputs(t))
	s, err = d.Cancel(t.Context(), acme, queued)
	require.ErrorIs(t, err, job.ErrEnded)
	require.Equal(t, job.Cancelled, s.Status)

	d.run(t)
	running := d.add(t, job.New{Tenant: acme, Kind: "cancelled", Input: []byte("photo")})
	require.Equal(t, running, (<-began).ID)
	_, err = d.Cancel(t.Context(), acme, running)
	require.NoError(t, err)
	err = <-ended
	require.ErrorIs(t, err, job.ErrCancelled)
	require.ErrorIs(t, err, job.ErrLost)
	s = d.wait(t, acme, running)
	require.Equal(t, job.Cancelled, s.Status)
	require.Empty(t, s.Output)
	require.Zero(t, s.Of)
	require.Zero(t, d.inputs(t))
	require.Zero(t, d.count(t, `SELECT count(*) FROM effects WHERE job = $1`, running))
}

// cut is a database that a process has no way to any more, while cut.
type cut struct {
	store.DB
	off atomic.Bool
}

func (c *cut) Read(ctx context.Context, doing string, do func(store.Reader) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Read(ctx, doing, do)
}

func (c *cut) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Update(ctx, doing, do)
}

func (c *cut) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	if c.off.Load() {
		return store.ErrUnavailable
	}
	return c.DB.Remove(ctx, doing, do)
}

// A worker that cannot renew its lease is told so, and changes nothing after another
// has the job.
func testLeaseLost(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Lease = time.Second
	way := &cut{DB: open(t)}
	a, b := newDesk(t, way, cfg), newDesk(t, open(t), cfg)
	effects(t, b.db)
	began, told := make(chan *job.Job, 1), make(chan error, 1)
	goOn, late := make(chan struct{}), make(chan error, 1)
	do := func(ctx context.Context, j *job.Job, as string) error {
		return a.db.Update(context.Background(), "effect", func(tx store.Tx) error {
			if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, string(j.ID)+as); err != nil {
				return err
			}
			return j.Finish(tx, []byte(as), nil)
		})
	}
	a.Handle("lost", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		began <- j
		<-ctx.Done()
		told <- context.Cause(ctx)
		<-goOn
		err := do(ctx, j, "a")
		late <- errors.Join(err, j.Progress(context.Background(), 1, 1))
		return []byte("a"), err
	}))
	seen := make(chan *job.Job, 1)
	b.Handle("lost", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
		seen <- j
		<-goOn
		return nil, do(ctx, j, "b")
	}))
	a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "lost", Input: []byte("photo")})
	<-began
	time.Sleep(3 * cfg.Lease / 2)
	require.Equal(t, job.Running, b.get(t, acme, id).Status)
	select {
	case err := <-told:
		t.Fatal("its lease was renewed", err)
	default:
	}
	way.off.Store(true)
	b.run(t)
	require.ErrorIs(t, <-told, job.ErrLost)
	j := <-seen
	require.Equal(t, id, j.ID)
	require.Equal(t, 2, j.Attempt)
	require.Equal(t, "photo", string(j.Input))
	way.off.Store(false)
	close(goOn)
	require.ErrorIs(t, <-late, job.ErrLost)
	s := b.wait(t, acme, id)
	require.Equal(t, job.Succeeded, s.Status)
	require.Equal(t, "b", string(s.Output))
	require.Equal(t, int64(1), b.count(t, `SELECT count(*) FROM effects WHERE job = $1`, string(id)+"b"))
	require.Zero(t, b.count(t, `SELECT count(*) FROM effects WHERE job = $1`, string(id)+"a"))
}

// A job whose workers all die has failed in the end.
func testWorkersDie(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Lease = 300 * time.Millisecond
	const attempts = 2
	var id job.ID
	block := make(chan struct{})
	defer close(block)
	for range attempts {
		way := &cut{DB: open(t)}
		d := newDesk(t, way, cfg)
		began := make(chan struct{})
		d.Handle("deadly", job.Kind{Attempts: attempts, Do: func(context.Context, *job.Job) ([]byte, error) {
			close(began)
			<-block
			return nil, nil
		}})
		if id == "" {
			id = d.add(t, job.New{Tenant: acme, Kind: "deadly", Input: []byte("photo")})
		}
		d.run(t)
		<-began
		way.off.Store(true)
	}
	d := newDesk(t, open(t), cfg)
	d.run(t)
	s := d.wait(t, acme, id)
	require.Equal(t, job.Failed, s.Status)
	require.Equal(t, attempts, s.Attempt)
	require.Contains(t, s.Error, "not heard of")
	require.Zero(t, d.inputs(t))
}

// A process that stops puts its jobs back, for another one to do at once, and the
// attempt does not count.
func testStop(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	began, told := make(chan struct{}, 2), make(chan error, 1)
	a.Handle("stopped", job.Kind{Attempts: 1, Do: func(ctx context.Context, _ *job.Job) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		told <- context.Cause(ctx)
		return nil, ctx.Err()
	}})
	a.Handle("done in time", job.Kind{Attempts: 1, Do: func(ctx context.Context, _ *job.Job) ([]byte, error) {
		began <- struct{}{}
		<-ctx.Done()
		return []byte("done"), nil
	}})
	for _, kind := range []string{"stopped", "done in time"} {
		b.Handle(kind, job.Kind{Attempts: 1, Do: func(_ context.Context, j *job.Job) ([]byte, error) {
			return fmt.Appendf(nil, "%s %d", j.Input, j.Attempt), nil
		}})
	}
	stop := a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "stopped", Input: []byte("photo")})
	done := a.add(t, job.New{Tenant: acme, Kind: "done in time"})
	<-began
	<-began
	stop()
	require.ErrorIs(t, <-told, job.ErrStopping)
	s := b.get(t, acme, id)
	require.Equal(t, job.Queued, s.Status)
	require.Zero(t, s.Attempt)
	b.run(t)
	require.Equal(t, "photo 1", string(b.wait(t, acme, id).Output))
	require.Equal(t, "done", string(b.wait(t, acme, done).Output))
}

// Work that does not end when it is told to is another's, and leaves nothing.
func testDeaf(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	began, block, late := make(chan struct{}), make(chan struct{}), make(chan error)
	a.Handle("deaf", job.Kind{Attempts: 1, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		close(began)
		<-block
		late <- j.Progress(context.Background(), 1, 1)
		return []byte("a"), nil
	}})
	b.Handle("deaf", job.Kind{Attempts: 1, Do: func(context.Context, *job.Job) ([]byte, error) { return []byte("b"), nil }})
	stop := a.run(t)
	id := a.add(t, job.New{Tenant: acme, Kind: "deaf"})
	<-began
	stop()
	require.Equal(t, job.Queued, b.get(t, acme, id).Status)
	b.run(t)
	require.Equal(t, "b", string(b.wait(t, acme, id).Output))
	close(block)
	require.ErrorIs(t, <-late, job.ErrLost)
	require.Equal(t, "b", string(b.get(t, acme, id).Output))
}

// A job that is not done within its time has failed, wherever it is, and its input is
// erased.
func testExpired(t *testing.T, open storetest.Open) {
	cfg := config()
	cfg.Workers = 1
	d := newDesk(t, open(t), cfg)
	causes := make(chan error, 1)
	d.Handle("slow", handle(func(ctx context.Context, _ *job.Job) ([]byte, error) {
		<-ctx.Done()
		causes <- context.Cause(ctx)
		return nil, ctx.Err()
	}))
	running := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Within: time.Second})
	d.run(t)
	waiting := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Within: time.Millisecond})
	delayed := d.add(t, job.New{Tenant: acme, Kind: "slow", Input: []byte("photo"), Delay: time.Hour, Within: time.Second})
	for _, id := range []job.ID{waiting, running, delayed} {
		s := d.wait(t, acme, id)
		require.Equal(t, job.Failed, s.Status)
		require.Equal(t, job.ErrExpired.Error(), s.Error)
	}
	require.ErrorIs(t, <-causes, job.ErrExpired)
	require.Zero(t, d.inputs(t))
}

// A state is kept as long as its kind says, and then it is gone, with its key.
func testTrim(t *testing.T, open storetest.Open) {
	cfg := config()
	var ahead atomic.Int64
	cfg.Keep = 2 * time.Hour
	cfg.Now = func(now time.Time) time.Time { return now.Add(time.Duration(ahead.Load())) }
	d := newDesk(t, open(t), cfg)
	do := func(context.Context, *job.Job) ([]byte, error) { return []byte("output"), nil }
	d.Handle("kept", job.Kind{Do: do})
	d.Handle("kept less", job.Kind{Do: do, Keep: time.Hour})
	_, err := d.Trim(t.Context())
	require.NoError(t, err)
	before := d.count(t, `SELECT count(*) FROM jobs`)
	kept := d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"})
	less := d.add(t, job.New{Tenant: acme, Kind: "kept less"})
	later := d.add(t, job.New{Tenant: acme, Kind: "kept less", Delay: 20 * time.Hour})
	stop := d.run(t)
	d.wait(t, acme, kept)
	d.wait(t, acme, less)
	stop()
	trim := func(pass time.Duration, removed int64, left ...job.ID) {
		t.Helper()
		ahead.Add(int64(pass))
		n, err := d.Trim(t.Context())
		require.NoError(t, err)
		require.Equal(t, removed, n)
		for _, id := range []job.ID{kept, less, later} {
			_, err := d.Get(t.Context(), acme, id)
			if slices.Contains(left, id) {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, store.ErrNotFound)
			}
		}
	}
	trim(59*time.Minute, 0, kept, less, later)
	trim(2*time.Minute, 1, kept, later)
	require.Equal(t, kept, d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"}))
	trim(time.Hour, 1, later)
	require.Equal(t, before+1, d.count(t, `SELECT count(*) FROM jobs`))
	require.NotEqual(t, kept, d.add(t, job.New{Tenant: acme, Kind: "kept", Key: "k"}))
	require.Positive(t, d.count(t, `SELECT count(*) FROM job_turns WHERE tenant = $1`, acme))
}

// With a tenant go its jobs, and its work ends.
func testTenantDeleted(t *testing.T, open storetest.Open) {
	s := open(t)
	cfg := config()
	cfg.Lease = 2 * time.Second
	d := newDesk(t, s, cfg)
	tenants(t, s, "gone")
	began, told := make(chan struct{}), make(chan error, 1)
	d.Handle("gone", handle(func(ctx context.Context, _ *job.Job) ([]byte, error) {
		close(began)
		<-ctx.Done()
		told <- context.Cause(ctx)
		return nil, nil
	}))
	d.run(t)
	running := d.add(t, job.New{Tenant: "gone", Kind: "gone", Input: []byte("photo")})
	<-began
	queued := d.add(t, job.New{Tenant: "gone", Kind: "gone", Input: []byte("photo"), Delay: time.Hour})
	_, err := s.DeleteTenant(t.Context(), "gone")
	require.NoError(t, err)
	for _, id := range []job.ID{running, queued} {
		_, err := d.Wait(t.Context(), "gone", id)
		require.ErrorIs(t, err, store.ErrNotFound)
	}
	require.Zero(t, d.inputs(t))
	require.ErrorIs(t, <-told, job.ErrLost)
	_, err = d.Trim(t.Context())
	require.NoError(t, err)
	require.Zero(t, d.count(t, `SELECT count(*) FROM job_turns WHERE tenant = 'gone'`))
}

// What one process adds, another does, and each hears of it; so with a cancellation.
func testTwoProcesses(t *testing.T, open storetest.Open) {
	a, b := newDesk(t, open(t), config()), newDesk(t, open(t), config())
	told, began := make(chan error, 1), make(chan struct{}, 1)
	for _, d := range []*desk{a, b} {
		d.Handle("here or there", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
			if string(j.Input) != "long" {
				return j.Input, nil
			}
			began <- struct{}{}
			<-ctx.Done()
			told <- context.Cause(ctx)
			return nil, ctx.Err()
		}))
	}
	b.run(t)
	for i := range 5 {
		id := a.add(t, job.New{Tenant: acme, Kind: "here or there", Input: fmt.Append(nil, i)})
		require.Equal(t, fmt.Sprint(i), string(a.wait(t, acme, id).Output))
	}
	id := a.add(t, job.New{Tenant: acme, Kind: "here or there", Input: []byte("long")})
	<-began
	_, err := a.Cancel(t.Context(), acme, id)
	require.NoError(t, err)
	require.ErrorIs(t, <-told, job.ErrCancelled)
	require.Equal(t, job.Cancelled, b.wait(t, acme, id).Status)
}

// Many jobs of many callers are each done once, by two processes that take all that
// there is at once.
func testMany(t *testing.T, open storetest.Open) {
	desks := []*desk{newDesk(t, open(t), config()), newDesk(t, open(t), config())}
	effects(t, desks[0].db)
	for _, d := range desks {
		d.Handle("many", handle(func(ctx context.Context, j *job.Job) ([]byte, error) {
			return nil, d.db.Update(ctx, "effect", func(tx store.Tx) error {
				if _, err := tx.Exec(`INSERT INTO effects (job) VALUES ($1)`, j.ID); err != nil {
					return err
				}
				return j.Finish(tx, nil, nil)
			})
		}))
		d.run(t)
	}
	const callers, each = 8, 12
	var wg sync.WaitGroup
	ids := make(chan job.ID, callers*each)
	for c := range callers {
		wg.Go(func() {
			for range each {
				_ = desks[c%2].db.Update(context.Background(), "add", func(tx store.Tx) error {
					id, err := desks[c%2].Add(tx, job.New{Tenant: []store.TenantID{acme, other}[c%2], Kind: "many"})
					ids <- id
					return err
				})
			}
		})
	}
	wg.Wait()
	close(ids)
	n := 0
	for id := range ids {
		n++
		require.Eventually(t, func() bool {
			return desks[0].count(t, `SELECT count(*) FROM jobs WHERE id = $1 AND status = 'succeeded'`, id) == 1
		}, patience, time.Millisecond)
		require.Equal(t, int64(1), desks[0].count(t, `SELECT count(*) FROM effects WHERE job = $1`, id))
	}
	require.Equal(t, callers*each, n)
}

// script is what comes of a job's attempts, one after the other.
type script []string

// expected is how a job of the script ends that may begin that often, and in which of
// its attempts.
func (s script) expected(attempts int) (status job.Status, attempt int) {
	for _, outcome := range s {
		attempt++
		switch outcome {
		case "succeeds":
			return job.Succeeded, attempt
		case "fails":
			return job.Failed, attempt
		case "invalid":
			return job.Invalid, attempt
		case "busy", "goes on":
			attempt--
		default:
			if attempt == attempts {
				return job.Failed, attempt
			}
		}
	}
	panic("a script ends with an end")
}

// Whatever comes of jobs, of whichever tenant, priority and delay, in two processes,
// each ends as its attempts say, after so many.
func testScripts(t *testing.T, open storetest.Open) {
	const jobs, attempts = 60, 3
	seed := rand.Uint64()
	t.Log("seed", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	pick := func(outcomes ...string) string { return outcomes[random.IntN(len(outcomes))] }
	scripts := make([]script, jobs)
	calls := make([]atomic.Int64, jobs)
	do := func(_ context.Context, j *job.Job) ([]byte, error) {
		n, err := strconv.Atoi(string(j.Input))
		if err != nil {
			return nil, err
		}
		switch outcome := scripts[n][calls[n].Add(1)-1]; outcome {
		case "succeeds":
			return j.Input, nil
		case "fails":
			return j.Input, job.ErrFailed
		case "invalid":
			return j.Input, job.ErrInvalid
		case "busy":
			return nil, pool.ErrBusy
		case "goes on":
			return nil, job.Again(time.Now())
		case "asks":
			return nil, job.Retry(errors.New(outcome), time.Millisecond)
		case "panics":
			panic(outcome)
		default:
			return nil, errors.New(outcome)
		}
	}
	desks := []*desk{newDesk(t, open(t), config()), newDesk(t, open(t), config())}
	for _, d := range desks {
		d.Handle("scripted", job.Kind{Attempts: attempts, Do: do, Backoff: func(int) time.Duration { return time.Millisecond }})
	}
	ids, owners := make([]job.ID, jobs), make([]store.TenantID, jobs)
	for i := range scripts {
		for range random.IntN(5) {
			scripts[i] = append(scripts[i], pick("breaks", "panics", "asks", "busy", "goes on", "goes on"))
		}
		scripts[i] = append(scripts[i], pick("succeeds", "fails", "invalid"))
		owners[i] = []store.TenantID{acme, other, ""}[random.IntN(3)]
		ids[i] = desks[i%2].add(t, job.New{
			Tenant: owners[i], Kind: "scripted", Input: fmt.Append(nil, i), Priority: random.IntN(21) - 10, Delay: time.Duration(random.IntN(300)) * time.Millisecond,
		})
	}
	for _, d := range desks {
		d.run(t)
	}
	for i, id := range ids {
		s := desks[i%2].wait(t, owners[i], id)
		status, attempt := scripts[i].expected(attempts)
		require.Equal(t, status, s.Status, "%v: %+v", scripts[i], s)
		require.Equal(t, attempt, s.Attempt, "%v: %+v", scripts[i], s)
	}
	require.Zero(t, desks[0].inputs(t))
}
