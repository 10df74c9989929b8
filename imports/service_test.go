package imports_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/identify"
	"oneton/imports"
	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

const tenant = "acme"

var by = store.Actor{Tenant: tenant, Key: "key", Request: "r"}

// clinic is a service on a database, with jobs and people of its own.
type clinic struct {
	*imports.Service
	jobs *job.Queue
	db   storetest.Store
	// faces are whom it enrols: written in the transaction that enrols them.
	faces  *people
	events *events
}

// people stand for the service that enrols: a face is a row, once for a photo.
type people struct {
	db storetest.Store
	mu sync.Mutex
	// stop, where it is set, is told of each photo.
	stop func(n int) error
	n    int
}

func (p *people) Gallery(_ context.Context, _ store.Actor, name string) (store.Gallery, error) {
	if name != "staff" {
		return store.Gallery{}, store.ErrNotFound
	}
	return store.Gallery{Name: name}, nil
}

func (p *people) Enrol(ctx context.Context, _ store.Actor, req identify.EnrolRequest) (e identify.Enrolled, err error) {
	p.mu.Lock()
	p.n++
	n, stop := p.n, p.stop
	p.mu.Unlock()
	if stop != nil {
		if err := stop(n); err != nil {
			return e, err
		}
	}
	if strings.Contains(string(req.Photos[0]), "nobody") {
		return e, identify.ErrNoFace
	}
	id := store.FaceID(fmt.Sprintf("%s/%s", req.Subject, sumOf(string(req.Photos[0]))))
	err = p.db.Update(ctx, "enrol", func(tx store.Tx) error {
		e = identify.Enrolled{}
		n, err := tx.Exec(`INSERT INTO enrolled (id) VALUES ($1) ON CONFLICT (id) DO NOTHING`, id)
		if err != nil || n == 0 {
			return err
		}
		e.Faces = []store.Face{{ID: id}}
		return req.Also(tx, e.Faces)
	})
	return e, err
}

type events struct {
	mu  sync.Mutex
	all []string
}

func (e *events) Emit(_ store.Tx, _ store.TenantID, kind string, data any) error {
	text, err := json.Marshal(data)
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, kind+string(text))
	return err
}

func newClinic(t *testing.T, db storetest.Store, configure ...func(*imports.ServiceConfig)) *clinic {
	t.Helper()
	require.NoError(t, audit.Migrate(t.Context(), db))
	require.NoError(t, job.Migrate(t.Context(), db))
	require.NoError(t, imports.Migrate(t.Context(), db))
	_ = db.CreateTenant(t.Context(), store.Tenant{ID: tenant})
	_ = db.Update(t.Context(), "table", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE IF NOT EXISTS enrolled (id TEXT PRIMARY KEY)`)
		return err
	})
	cfg := job.DefaultConfig()
	cfg.Poll, cfg.Lease = 50*time.Millisecond, 2*time.Second
	c := &clinic{jobs: job.NewQueue(cfg, db, zerolog.Nop()), db: db, faces: &people{db: db}, events: &events{}}
	scfg := imports.DefaultServiceConfig()
	scfg.MostPhoto, scfg.Parallel = most, 4
	for _, do := range configure {
		do(&scfg)
	}
	c.Service = imports.NewService(scfg, db, imports.Rooms{Faces: c.faces, Jobs: c.jobs, Events: c.events, Log: zerolog.Nop()})
	return c
}

func (c *clinic) run(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.jobs.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
	})
	t.Cleanup(stop)
	return stop
}

// wait waits for the import's end.
func (c *clinic) wait(t *testing.T, id string) imports.Import {
	t.Helper()
	var i imports.Import
	require.Eventually(t, func() bool {
		var err error
		i, err = c.Import(t.Context(), by, id)
		require.NoError(t, err)
		return i.State.Status.Ended()
	}, time.Minute, 10*time.Millisecond)
	return i
}

func (c *clinic) count(t *testing.T, query string, args ...any) (n int64) {
	t.Helper()
	n, err := store.One(t.Context(), c.db, "count", func(row store.Row) (n int64, err error) {
		err = row.Scan(&n)
		return n, err
	}, query, args...)
	require.NoError(t, err)
	return n
}

// made puts what is to be imported in parts of so many bytes.
func (c *clinic) made(t *testing.T, format string, content []byte, size int) string {
	t.Helper()
	i, err := c.Create(t.Context(), by, imports.New{Gallery: "staff", Format: format})
	require.NoError(t, err)
	for part := int64(1); len(content) > 0; part++ {
		n := min(size, len(content))
		require.NoError(t, c.Put(t.Context(), by, i.ID, part, content[:n]))
		content = content[n:]
	}
	return i.ID
}

func manyLines(n int) []byte {
	var b strings.Builder
	for i := range n {
		text := fmt.Sprint("photo", i)
		if i%10 == 7 {
			text = fmt.Sprint("nobody", i)
		}
		fmt.Fprintf(&b, `{"subject":"s%d","photo":"%s"}`+"\n", i/3, encoded(text))
	}
	b.WriteString("not JSON\n")
	return []byte(b.String())
}

func TestDurableImports(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := newClinic(t, open(t))
		lines := manyLines(100)
		zip := archive(t, entry{name: "ada/1.jpg", content: string(jpeg("a"))}, entry{name: "ada/2.jpg", content: string(jpeg(strings.Repeat("b", most/2)))},
			entry{name: "x.txt", content: "x"}, entry{name: "bob/1.jpg", content: string(jpeg("nobody"))})
		first, second := c.made(t, imports.FormatLines, lines, 1000), c.made(t, imports.FormatZIP, zip, 400_000)
		for _, id := range []string{first, second} {
			i, err := c.Start(t.Context(), by, id)
			require.NoError(t, err)
			require.Equal(t, job.Queued, i.State.Status)
			again, err := c.Start(t.Context(), by, id)
			require.NoError(t, err)
			require.Equal(t, i.Job, again.Job, "it is started once")
			require.ErrorIs(t, c.Put(t.Context(), by, id, 1, []byte("x")), imports.ErrStarted)
		}
		c.run(t)
		i := c.wait(t, first)
		require.Equal(t, job.Succeeded, i.State.Status, i.State.Error)
		require.Equal(t, imports.Counts{Added: 90, Refused: 11}, i.Counts)
		require.EqualValues(t, 101, i.State.Done)
		require.EqualValues(t, 101, i.State.Of)
		of, err := c.OfJobs(t.Context(), by, []job.ID{i.Job, "none"})
		require.NoError(t, err)
		require.Equal(t, map[job.ID]string{i.Job: first}, of)
		of, err = c.OfJobs(t.Context(), store.Actor{Tenant: "other"}, []job.ID{i.Job})
		require.NoError(t, err)
		require.Empty(t, of, "another tenant's")
		i = c.wait(t, second)
		require.Equal(t, imports.Counts{Added: 2, Refused: 2}, i.Counts)
		require.Eventually(t, func() bool { return c.count(t, `SELECT count(*) FROM import_chunks`) == 0 }, time.Minute, time.Millisecond, "what they were made from is erased")

		var refused []imports.ItemResult
		for after := int64(-1); ; {
			page, err := c.Items(t.Context(), by, first, imports.Refused, after, 4)
			require.NoError(t, err)
			refused = append(refused, page...)
			if len(page) < 4 {
				break
			}
			after = page[3].N
		}
		require.Len(t, refused, 11)
		require.Equal(t, int64(7), refused[0].N)
		require.Equal(t, "no_face", refused[0].Code)
		require.NotEmpty(t, refused[0].Advice)
		require.Equal(t, imports.CodeRow, refused[10].Code)
		all, err := c.Items(t.Context(), by, first, "", -1, 1000)
		require.NoError(t, err)
		require.Len(t, all, 101)
		require.Contains(t, string(all[0].Face), "s0/")
		require.Contains(t, strings.Join(c.events.all, " "), `import.finished{"import":"`+first+`","gallery":"staff","outcome":"succeeded","added":90,"present":0,"skipped":0,"refused":11}`)

		again := c.made(t, imports.FormatLines, lines, 1<<20)
		_, err = c.Start(t.Context(), by, again)
		require.NoError(t, err)
		require.Equal(t, imports.Counts{Present: 90, Refused: 11}, c.wait(t, again).Counts)
		require.EqualValues(t, 92, c.count(t, `SELECT count(*) FROM enrolled`))
		list, err := c.Imports(t.Context(), by, store.Page{Limit: 2})
		require.NoError(t, err)
		require.Equal(t, []string{again, second}, []string{list[0].ID, list[1].ID})
	})
}

// TestBrokenProcesses: processes end in the middle again and again, and others go on;
// what is told of each photo is what came of it.
func TestBrokenProcesses(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		const items = 301
		var id string
		for round := range 6 {
			c := newClinic(t, open(t))
			if round == 0 {
				id = c.made(t, imports.FormatLines, manyLines(items-1), 5000)
				_, err := c.Start(t.Context(), by, id)
				require.NoError(t, err)
			}
			reached := make(chan struct{})
			once := sync.OnceFunc(func() { close(reached) })
			if round < 5 {
				c.faces.stop = func(n int) error {
					if n > 40 {
						once()
						time.Sleep(time.Millisecond)
					}
					return nil
				}
			} else {
				once()
			}
			stop := c.run(t)
			<-reached
			if round < 5 {
				stop()
				continue
			}
			i := c.wait(t, id)
			require.Equal(t, job.Succeeded, i.State.Status)
			require.Equal(t, imports.Counts{Added: 270, Refused: 31}, i.Counts, "a photo that was added before the process ended is told as added")
			require.EqualValues(t, 270, c.count(t, `SELECT count(*) FROM enrolled`))
		}
	})
}

func TestCancelledImports(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := newClinic(t, open(t))
		id := c.made(t, imports.FormatLines, manyLines(500), 5000)
		_, err := c.Start(t.Context(), by, id)
		require.NoError(t, err)
		begun := make(chan struct{})
		once := sync.OnceFunc(func() { close(begun) })
		c.faces.stop = func(int) error {
			once()
			time.Sleep(5 * time.Millisecond)
			return nil
		}
		stop := c.run(t)
		<-begun
		require.NoError(t, c.Cancel(t.Context(), by, id))
		_, err = c.Import(t.Context(), by, id)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.ErrorIs(t, c.Cancel(t.Context(), by, id), store.ErrNotFound)
		require.Zero(t, c.count(t, `SELECT count(*) FROM import_chunks`))
		require.Zero(t, c.count(t, `SELECT count(*) FROM import_items`))
		before := c.count(t, `SELECT count(*) FROM enrolled`)
		time.Sleep(100 * time.Millisecond)
		require.Equal(t, before, c.count(t, `SELECT count(*) FROM enrolled`), "nobody is enrolled after that")
		stop()
		// By the job alone: a sweep erases what nobody works at.
		waiting := newClinic(t, open(t))
		id = waiting.made(t, imports.FormatLines, manyLines(5), 5000)
		i, err := waiting.Start(t.Context(), by, id)
		require.NoError(t, err)
		_, err = waiting.jobs.Cancel(t.Context(), tenant, i.Job)
		require.NoError(t, err)
		require.NoError(t, waiting.Sweep(t.Context(), time.Now()))
		require.Zero(t, c.count(t, `SELECT count(*) FROM import_chunks`))
		require.NoError(t, waiting.Sweep(t.Context(), time.Now().Add(100*24*time.Hour)))
		require.Zero(t, c.count(t, `SELECT count(*) FROM imports`), "and forgets what is past its time")
	})
}

func TestImportsThatAreRefused(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := newClinic(t, open(t), func(cfg *imports.ServiceConfig) { cfg.MaxBytes, cfg.Open = 3<<20, 2 })
		for _, n := range []imports.New{
			{Gallery: "staff"},
			{Gallery: "staff", Format: "tar"},
			{Gallery: "staff", Format: "zip", SubjectFrom: "x"},
			{Gallery: "staff", Format: "zip", Existing: "x"},
			{Gallery: "staff", Format: "zip", Detail: "x"},
		} {
			_, err := c.Create(t.Context(), by, n)
			require.ErrorIs(t, err, imports.ErrInvalid)
		}
		_, err := c.Create(t.Context(), by, imports.New{Gallery: "none", Format: "zip"})
		require.ErrorIs(t, err, store.ErrNotFound)
		i, err := c.Create(t.Context(), by, imports.New{Gallery: "staff", Format: "zip"})
		require.NoError(t, err)
		_, err = c.Start(t.Context(), by, i.ID)
		require.ErrorIs(t, err, imports.ErrEmpty)
		require.NoError(t, c.Put(t.Context(), by, i.ID, 2, make([]byte, 2<<20)))
		_, err = c.Start(t.Context(), by, i.ID)
		require.ErrorIs(t, err, imports.ErrParts)
		require.ErrorIs(t, c.Put(t.Context(), by, i.ID, 1, make([]byte, 2<<20)), imports.ErrTooLarge)
		require.NoError(t, c.Put(t.Context(), by, i.ID, 2, make([]byte, 1<<20)), "it is replaced")
		require.NoError(t, c.Put(t.Context(), by, i.ID, 1, make([]byte, 2<<20)))
		for _, part := range []int64{0, -1, imports.MaxParts + 1} {
			require.ErrorIs(t, c.Put(t.Context(), by, i.ID, part, []byte("x")), imports.ErrInvalid)
		}
		require.ErrorIs(t, c.Put(t.Context(), by, "none", 1, []byte("x")), store.ErrNotFound)
		other := store.Actor{Tenant: "other"}
		for _, err := range []error{
			c.Put(t.Context(), other, i.ID, 1, []byte("x")), c.Cancel(t.Context(), other, i.ID),
			func() error { _, err := c.Import(t.Context(), other, i.ID); return err }(),
			func() error { _, err := c.Start(t.Context(), other, i.ID); return err }(),
			func() error { _, err := c.Items(t.Context(), other, i.ID, "", -1, 1); return err }(),
		} {
			require.ErrorIs(t, err, store.ErrNotFound, "another tenant's")
		}
		_, err = c.Create(t.Context(), by, imports.New{Gallery: "staff", Format: "zip"})
		require.NoError(t, err)
		_, err = c.Create(t.Context(), by, imports.New{Gallery: "staff", Format: "zip"})
		require.ErrorIs(t, err, imports.ErrTooMany)

		_, err = c.Start(t.Context(), by, i.ID)
		require.NoError(t, err)
		c.run(t)
		broken := c.wait(t, i.ID)
		require.Equal(t, job.Invalid, broken.State.Status)
		require.Contains(t, broken.State.Error, "no ZIP archive")
		require.Contains(t, c.events.all[0], `"outcome":"failed"`)
	})
}

// TestSmallItems: what is told of items is bounded by the bytes they were sent in.
func TestSmallItems(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := newClinic(t, open(t))
		lines := strings.Repeat("{}\n", 40_000)
		id := c.made(t, imports.FormatLines, []byte(lines), len(lines))
		_, err := c.Start(t.Context(), by, id)
		require.NoError(t, err)
		c.run(t)
		i := c.wait(t, id)
		require.Equal(t, job.Invalid, i.State.Status)
		require.Contains(t, i.State.Error, "more entries or lines")
		require.LessOrEqual(t, i.Refused, int64(10_000+len(lines)/100))
	})
}

// full is a database on a full disk, which makes removals alone.
type full struct {
	storetest.Store
	is atomic.Bool
}

func (f *full) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	if f.is.Load() {
		return store.ErrUnavailable
	}
	return f.Store.Update(ctx, doing, do)
}

func TestPartsLeaveTheRoomForRemovals(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		disk := &full{Store: open(t)}
		c := newClinic(t, disk)
		id := c.made(t, imports.FormatLines, []byte("ab"), 1)
		disk.is.Store(true)
		for part := range int64(3) {
			require.ErrorIs(t, c.Put(t.Context(), by, id, part+1, []byte("cd")), store.ErrUnavailable)
		}
		require.EqualValues(t, 2, c.count(t, `SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM import_chunks`))
		disk.is.Store(false)
		require.NoError(t, c.Put(t.Context(), by, id, 1, []byte("cd")))
		require.EqualValues(t, 3, c.count(t, `SELECT CAST(coalesce(sum(size), 0) AS BIGINT) FROM import_chunks`))
	})
}
