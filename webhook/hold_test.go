package webhook_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/webhook"
)

// A worker whose job is another's by the time the receiver has answered logs nothing,
// and disables nothing: what the other does counts.
func TestLostLeaseLogsNothing(t *testing.T) {
	for name, answer := range map[string]int{"gone": http.StatusGone, "failed": http.StatusInternalServerError, "taken": http.StatusOK} {
		t.Run(name, func(t *testing.T) {
			engines(t, func(t *testing.T, r *rig) {
				to, lost := receive(t, r.clock), make(chan error, 1)
				e, _ := r.add(t, ours, to.URL)
				to.says(func(w http.ResponseWriter, req *http.Request) {
					if len(to.messages()) > 1 {
						return
					}
					lost <- r.db.Update(req.Context(), "lose lease", func(tx store.Tx) error {
						_, err := tx.Exec(`UPDATE jobs SET status = 'queued', lease_until = NULL, claim = claim + 1`)
						return err
					})
					w.WriteHeader(answer)
				})
				r.emit(t, "ours", "user.created", 1)
				to.wait(t, 2)
				require.NoError(t, <-lost)
				d := r.settle(t, e.ID, 1)
				require.Equal(t, webhook.Delivered, d.State)
				require.Equal(t, 1, d.Attempts)
				require.Equal(t, 1, d.Last.Number)
				require.Equal(t, http.StatusOK, d.Last.Status)
				got, err := r.Endpoint(t.Context(), ours, e.ID)
				require.NoError(t, err)
				require.Empty(t, got.Disabled)
				require.Zero(t, r.count(t, `deeds WHERE verb = 'webhook.disabled'`))
				require.Len(t, to.messages(), 2)
			})
		})
	}
}

// What a receiver acknowledges while the server stops is not sent again.
func TestAcknowledgedWhileStopping(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to, stopped := receive(t, r.clock), make(chan struct{})
		e, _ := r.add(t, ours, to.URL)
		to.says(func(http.ResponseWriter, *http.Request) {
			go func() {
				defer close(stopped)
				r.stop()
			}()
			<-r.stopping.Done()
			time.Sleep(50 * time.Millisecond) // of the second that is waited
		})
		r.emit(t, "ours", "user.created", 1)
		<-stopped
		d := r.settle(t, e.ID, 1)
		require.Equal(t, webhook.Delivered, d.State)
		require.Equal(t, http.StatusOK, d.Last.Status)
		again := open(t, r.db, keys{1}, r.clock, config())
		require.Eventually(t, func() bool { return again.count(t, `jobs WHERE status IN ('queued', 'running')`) == 0 }, patience, 5*time.Millisecond)
		require.Len(t, to.messages(), 1)
	})
}

// A receiver that does not answer holds up no stop, and that is no fault of its own.
func TestStopWaitsForNoAnswerLong(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to, release := receive(t, r.clock), make(chan struct{})
		e, _ := r.add(t, ours, to.URL)
		to.says(func(http.ResponseWriter, *http.Request) { <-release })
		r.emit(t, "ours", "user.created", 1)
		to.wait(t, 1)
		r.stop()
		close(release)
		d := r.deliveries(t, ours, e.ID, "")[0]
		require.Equal(t, webhook.Pending, d.State)
		require.Zero(t, d.Attempts)
		to.says(nil)
		again := open(t, r.db, keys{1}, r.clock, config())
		require.Equal(t, webhook.Delivered, again.settle(t, e.ID, 1).State)
		require.Equal(t, to.messages()[0].id(), to.messages()[1].id())
	})
}
