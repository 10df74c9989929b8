package job_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/job"
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
