package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

const (
	// killEnv names the database, with its engine before it, to a process that is
	// killed, and roundsEnv says how often that is done.
	killEnv, roundsEnv = "ONETON_TEST_JOB_DATABASE", "ONETON_TEST_FAULT_ROUNDS"
	killRounds         = 6
)

func TestMain(m *testing.M) {
	if to := os.Getenv(killEnv); to != "" {
		workUntilKilled(to)
	}
	os.Exit(m.Run())
}

// openDatabase opens what the text names.
func openDatabase(ctx context.Context, to string) (storetest.Store, error) {
	engine, at, _ := strings.Cut(to, " ")
	if engine == "sqlite" {
		return sqlite.Open(ctx, sqlite.Config{Path: at})
	}
	return postgres.Open(ctx, postgres.Config{URL: at})
}

func killConfig() job.Config {
	cfg := job.DefaultConfig()
	cfg.Workers, cfg.Lease, cfg.Poll = 4, time.Second, 100*time.Millisecond
	return cfg
}

// handleEffects handles jobs whose effect is made with their end, and such as are
// idempotent, each in two steps.
func handleEffects(q *job.Queue, db store.DB) {
	effect := func(ctx context.Context, also func(tx store.Tx) error, query string, args ...any) error {
		time.Sleep(rand.N(30 * time.Millisecond))
		return db.Update(ctx, "effect", func(tx store.Tx) error {
			_, err := tx.Exec(query, args...)
			return errors.Join(err, also(tx))
		})
	}
	const attempts = 1 << 20 // each kill costs one
	q.Handle("at once", job.Kind{Attempts: attempts, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		return nil, effect(ctx, func(tx store.Tx) error { return j.Finish(tx, j.Input, nil) }, `INSERT INTO effects (job) VALUES ($1)`, j.ID)
	}})
	q.Handle("idempotent", job.Kind{Attempts: attempts, Do: func(ctx context.Context, j *job.Job) ([]byte, error) {
		return j.Input, effect(ctx, j.Hold, `INSERT INTO effects_once (job) VALUES ($1) ON CONFLICT (job) DO NOTHING`, j.ID)
	}})
}

// workUntilKilled is a process that TestKilledWorkers kills.
func workUntilKilled(to string) {
	ctx := context.Background()
	for {
		db, err := openDatabase(ctx, to)
		if err != nil { // which is killed, too
			time.Sleep(10 * time.Millisecond)
			continue
		}
		q := job.NewQueue(killConfig(), db, zerolog.Nop())
		handleEffects(q, db)
		_, _ = os.Stdout.WriteString("ready\n")
		_ = q.Run(ctx)
	}
}

// Processes are killed while they work, and the database's with them: each job that was
// acknowledged is done, and none has its effect twice.
func TestKilledWorkers(t *testing.T) {
	rounds := killRounds
	if n, err := strconv.Atoi(os.Getenv(roundsEnv)); err == nil {
		rounds = n
	}
	t.Run("sqlite", func(t *testing.T) {
		killWorkers(t, rounds, "sqlite "+filepath.Join(t.TempDir(), "oneton.db"), func() {})
	})
	t.Run("postgres", func(t *testing.T) {
		server := postgrestest.Start(t)
		killWorkers(t, rounds, "postgres "+server.Database(t), func() {
			server.Kill(t)
			time.Sleep(rand.N(100 * time.Millisecond))
			server.Restart(t)
		})
	})
}

func killWorkers(t *testing.T, rounds int, to string, killDatabase func()) {
	db, err := openDatabase(t.Context(), to)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	tenants(t, db, acme, other)
	d := newDesk(t, db, killConfig())
	handleEffects(d.Queue, db)
	effects(t, db)
	require.NoError(t, db.Update(t.Context(), "make effects", func(tx store.Tx) error {
		_, err := tx.Exec(`CREATE TABLE effects_once (job TEXT PRIMARY KEY)`)
		return err
	}))
	type acknowledged struct {
		tenant store.TenantID
		input  string
	}
	jobs := make(map[job.ID]acknowledged)
	uncertain := 0
	add := func() {
		n := job.New{Tenant: []store.TenantID{acme, other}[rand.N(2)], Kind: []string{"at once", "idempotent"}[rand.N(2)], Input: fmt.Append(nil, len(jobs))}
		var id job.ID
		if db.Update(t.Context(), "add", func(tx store.Tx) (err error) { id, err = d.Add(tx, n); return err }) != nil {
			uncertain++
			return
		}
		jobs[id] = acknowledged{n.Tenant, string(n.Input)}
	}
	for round := range rounds {
		var workers []*exec.Cmd
		for range 2 {
			w := exec.CommandContext(t.Context(), os.Args[0])
			w.Env = append(os.Environ(), killEnv+"="+to)
			w.Stderr = os.Stderr
			out, err := w.StdoutPipe()
			require.NoError(t, err)
			require.NoError(t, w.Start())
			_, err = out.Read(make([]byte, 1))
			require.NoError(t, err, "it is ready")
			workers = append(workers, w)
		}
		for end := time.Now().Add(200*time.Millisecond + rand.N(400*time.Millisecond)); time.Now().Before(end); {
			add()
			time.Sleep(rand.N(20 * time.Millisecond))
		}
		if round%3 == 2 {
			killDatabase()
			add()
		}
		for _, w := range workers {
			require.NoError(t, w.Process.Kill())
			require.Error(t, w.Wait())
			status, ok := w.ProcessState.Sys().(syscall.WaitStatus)
			require.True(t, ok)
			require.Equal(t, syscall.SIGKILL, status.Signal(), "it did not end by itself")
		}
	}
	before := d.count(t, `SELECT count(*) FROM jobs WHERE status = 'succeeded'`)
	left := d.count(t, `SELECT count(*) FROM jobs WHERE status = 'running'`)
	d.run(t)
	// The more was added, the longer it takes to do what is left of it.
	require.Eventually(t, func() bool { return d.count(t, `SELECT count(*) FROM jobs WHERE ended_at IS NULL`) == 0 },
		time.Duration(rounds+1)*patience, 10*time.Millisecond)
	again := 0
	for id, a := range jobs {
		s := d.wait(t, a.tenant, id)
		require.Equal(t, job.Succeeded, s.Status, "%+v", s)
		require.Equal(t, a.input, string(s.Output))
		if s.Attempt > 1 {
			again++
		}
	}
	all := d.count(t, `SELECT count(*) FROM jobs WHERE status = 'succeeded'`)
	require.Equal(t, d.count(t, `SELECT count(*) FROM jobs`), all)
	require.LessOrEqual(t, all, int64(len(jobs)+uncertain))
	require.Equal(t, all, d.count(t, `SELECT count(*) FROM effects`)+d.count(t, `SELECT count(*) FROM effects_once`))
	require.Equal(t, d.count(t, `SELECT count(*) FROM jobs WHERE kind = 'at once'`), d.count(t, `SELECT count(DISTINCT job) FROM effects`))
	require.Zero(t, d.inputs(t))
	t.Logf("%d rounds: %d jobs acknowledged and done, %d uncertain; %d done by processes that were killed, %d at work then, %d done in more than one attempt",
		rounds, len(jobs), uncertain, before, left, again)
}
