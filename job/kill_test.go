package job_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

const (
	// killEnv names the database to a process that is killed.
	killEnv    = "ONETON_TEST_JOB_DATABASE"
	killRounds = 6
)

func TestMain(m *testing.M) {
	if to := os.Getenv(killEnv); to != "" {
		workUntilKilled(to)
	}
	os.Exit(m.Run())
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
		db, err := storetest.OpenNamed(ctx, to)
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
	storetest.Killed(t, func(t *testing.T, name string, kill func()) {
		killWorkers(t, storetest.KillRounds(killRounds), name, kill)
	})
}

func killWorkers(t *testing.T, rounds int, to string, killDatabase func()) {
	db, err := storetest.OpenNamed(t.Context(), to)
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
		var workers []storetest.Process
		for range 2 {
			workers = append(workers, storetest.Begin(t, killEnv+"="+to))
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
			w.Kill(t)
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
	// A job that ended by its own hand just before its process was killed left its input.
	_, err = d.Trim(t.Context())
	require.NoError(t, err)
	require.Zero(t, d.inputs(t))
	t.Logf("%d rounds: %d jobs acknowledged and done, %d uncertain; %d done by processes that were killed, %d at work then, %d done in more than one attempt",
		rounds, len(jobs), uncertain, before, left, again)
}
