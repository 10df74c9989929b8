package node_test

import (
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/servertest"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
	"oneton/store/sqlite"
)

// onEngines runs with a rig of each engine, whose database the node opens itself.
func onEngines(t *testing.T, run func(t *testing.T, r *servertest.Rig, engine, folder string)) {
	t.Helper()
	for _, engine := range []string{sqlite.Engine, postgres.Engine} {
		t.Run(engine, func(t *testing.T) {
			url := ""
			if engine == postgres.Engine {
				url = postgrestest.Start(t, "fsync=off").Database(t)
			}
			var folder string
			run(t, servertest.Start(t, servertest.Options{Database: true, Settings: func(c *config.Config) {
				c.Admin.Listen, c.Store = "127.0.0.1:0", config.Store{Driver: engine, URL: url}
				folder = c.Data
			}}), engine, folder)
		})
	}
}

// within holds that a scrape soon tells these values.
func within(t *testing.T, r *servertest.Rig, want map[string]float64) {
	t.Helper()
	told := map[string]float64{}
	for end := time.Now().Add(time.Minute); time.Now().Before(end) && !maps.Equal(want, told); time.Sleep(100 * time.Millisecond) {
		got := scrape(t, r)
		for sample := range want {
			if value, there := got[sample]; there {
				told[sample] = value
			}
		}
	}
	require.Equal(t, want, told)
}

// What jobs, imports and receivers come to is counted as what it was.
func TestJobsAndWebhooksAreCounted(t *testing.T) {
	onEngines(t, func(t *testing.T, r *servertest.Rig, _, _ string) {
		key := r.Key(t, "acme", "*")
		r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
		lines := `{"subject":"ada","photo":"` + encode(servertest.Of(t, "ada", 1)) + `"}` + "\n" +
			`{"subject":"bob","photo":"` + encode(servertest.Of(t, "bob", 1)) + `"}` + "\n{}\n"
		importing := func() {
			t.Helper()
			a := r.Do(t, key, http.MethodPost, "/v1/galleries/staff/imports", "application/x-ndjson", []byte(lines))
			require.Equal(t, http.StatusAccepted, a.Status, "%s", a.Body)
		}
		importing()
		within(t, r, map[string]float64{
			`oneton_import_items_total{outcome="added"}`:                            2,
			`oneton_import_items_total{outcome="present"}`:                          0,
			`oneton_import_items_total{outcome="refused"}`:                          1,
			`oneton_jobs_ended_total{kind="import",status="succeeded"}`:             1,
			`oneton_jobs_ended_total{kind="import",status="failed"}`:                0,
			`oneton_job_wait_seconds_count{kind="import"}`:                          1,
			`oneton_jobs{kind="import",status="queued"}`:                            0,
			`oneton_jobs{kind="import",status="running"}`:                           0,
			`oneton_job_oldest_due_seconds{kind="import"}`:                          0,
			`oneton_job_attempt_duration_seconds_count{kind="import",outcome="ok"}`: 1,
		})
		importing()
		within(t, r, map[string]float64{
			`oneton_import_items_total{outcome="added"}`:                2,
			`oneton_import_items_total{outcome="present"}`:              2,
			`oneton_import_items_total{outcome="refused"}`:              2,
			`oneton_jobs_ended_total{kind="import",status="succeeded"}`: 2,
		})

		for _, says := range []int{http.StatusOK, http.StatusForbidden, http.StatusInternalServerError} {
			receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(says) }))
			t.Cleanup(receiver.Close)
			var hook struct{ ID string }
			r.JSON(t, key, http.MethodPost, "/v1/webhooks", map[string]any{"url": receiver.URL, "types": []string{"import.finished"}}).Into(t, http.StatusCreated, &hook)
		}
		importing()
		within(t, r, map[string]float64{
			`oneton_webhook_post_duration_seconds_count{outcome="taken"}`:   1,
			`oneton_webhook_post_duration_seconds_count{outcome="refused"}`: 1,
			`oneton_webhook_post_duration_seconds_count{outcome="failed"}`:  1,
			`oneton_webhook_deliveries_total{state="delivered"}`:            1,
			`oneton_webhook_deliveries_total{state="failed"}`:               0,
			`oneton_jobs{kind="webhook",status="queued"}`:                   2, // they are tried again
			`oneton_job_oldest_due_seconds{kind="webhook"}`:                 0, // and not yet
			`oneton_jobs_ended_total{kind="webhook",status="succeeded"}`:    1,
		})
	})
}

// What the database does is counted by the node that opened it.
func TestDatabaseIsCounted(t *testing.T) {
	onEngines(t, func(t *testing.T, r *servertest.Rig, engine, folder string) {
		key := r.Key(t, "acme", "*")
		r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
		before := scrape(t, r)
		enrol := map[string]any{"id": "ada", "photo": servertest.Of(t, "ada", 1)}
		require.Equal(t, http.StatusCreated, r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/subjects", enrol).Status)
		after := scrape(t, r)
		for _, sample := range []string{"oneton_database_commit_seconds_count", "oneton_database_commit_seconds_sum", "oneton_database_commit_writes_sum"} {
			require.Greater(t, after[sample], before[sample], sample)
		}
		require.Equal(t, after["oneton_database_commit_seconds_count"], after["oneton_database_commit_writes_count"])
		require.GreaterOrEqual(t, after["oneton_database_commit_writes_sum"], after["oneton_database_commit_writes_count"])
		require.Equal(t, 1., after["oneton_database_up"])
		require.Equal(t, 0., after["oneton_database_full"])
		connections := 0.
		for sample, value := range after {
			if strings.HasPrefix(sample, "oneton_database_connections{") {
				connections += value
			}
		}
		require.Positive(t, connections)
		if engine == postgres.Engine {
			require.Greater(t, after[`oneton_database_bytes{of="file"}`], float64(1<<20))
			require.NotContains(t, after, `oneton_database_bytes{of="log"}`)
			return
		}
		for of, name := range map[string]string{"file": "oneton.db", "log": "oneton.db-wal"} {
			require.Eventually(t, func() bool {
				info, err := os.Stat(filepath.Join(folder, name))
				return err == nil && float64(info.Size()) == scrape(t, r)[`oneton_database_bytes{of="`+of+`"}`]
			}, time.Minute, 100*time.Millisecond, name)
		}
		require.Less(t, r.JSON(t, key, http.MethodDelete, "/v1/galleries/staff/subjects/ada", nil).Status, 300)
		require.Eventually(t, func() bool {
			got := scrape(t, r)
			return got[`oneton_database_checkpoints_total{outcome="ok"}`] > after[`oneton_database_checkpoints_total{outcome="ok"}`] &&
				got["oneton_database_unerased_seconds"] == 0
		}, time.Minute, 100*time.Millisecond)
	})
}
