package webhook_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/webhook"
)

// The beginning of what a receiver says is kept as text that can be kept and shown as
// text, whatever it says.
func TestAnswersAreKept(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to := receive(t, r.clock)
		e, _ := r.add(t, ours, to.URL)
		var d webhook.Delivery
		for i, c := range []struct{ says, kept string }{
			{"", ""},
			{"<script>alert(1)</script>\n\"ok\"", "<script>alert(1)</script>\n\"ok\""},
			{"a\x00b\xff\xfec", "a\uFFFDb\uFFFDc"},
			{strings.Repeat("x", 1<<10) + "y", strings.Repeat("x", 1<<10)},
			{strings.Repeat("x", 1<<10-2) + "\u20ac", strings.Repeat("x", 1<<10-2)}, // a letter cut in two
			{strings.Repeat("x", 1<<10-3) + "\u20ac", strings.Repeat("x", 1<<10-3) + "\u20ac"},
			{strings.Repeat("\x80", 2000), "\uFFFD"},
		} {
			to.says(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("X-Secret", "not kept")
				_, _ = w.Write([]byte(c.says))
			})
			if i == 0 {
				r.emit(t, "ours", "user.created", i)
			} else {
				_, err := r.Redeliver(t.Context(), ours, e.ID, d.ID)
				require.NoError(t, err)
			}
			d = r.settle(t, e.ID, i+1)
			_, attempts, _, err := r.Delivery(t.Context(), ours, e.ID, d.ID)
			require.NoError(t, err)
			require.Len(t, attempts, i+1)
			require.Equal(t, c.kept, attempts[i].Answer)
			require.Equal(t, http.StatusOK, attempts[i].Status)
		}
	})
}

// Nothing is kept of what a receiver says of a result, nor in a format with
// credentials, either of which it may send back; nor where an operator wants none.
func TestAnswersThatAreNotKept(t *testing.T) {
	engines(t, func(t *testing.T, r *rig) {
		to := receive(t, r.clock)
		to.says(func(w http.ResponseWriter, req *http.Request) {
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = w.Write([]byte(req.Header.Get("Authorization") + "x.y.z"))
		})
		silent := func(r *rig, e webhook.Endpoint) {
			t.Helper()
			d := r.settle(t, e.ID, 1)
			_, attempts, _, err := r.Delivery(t.Context(), ours, e.ID, d.ID)
			require.NoError(t, err)
			require.Equal(t, http.StatusInternalServerError, attempts[0].Status)
			require.Empty(t, attempts[0].Answer)
		}
		standard, _ := r.add(t, ours, to.URL, "session.completed")
		basic, _, err := r.Add(t.Context(), ours, webhook.NewEndpoint{
			Format: webhook.Uqudo, Settable: webhook.Settable{URL: to.URL, Credentials: &webhook.Credentials{User: "ada", Password: "hush"}},
		})
		require.NoError(t, err)
		r.emit(t, "ours", "session.completed", map[string]string{"jwsResult": "x.y.z"})
		silent(r, standard)
		silent(r, basic)
		tried, _, err := r.Add(t.Context(), ours, webhook.NewEndpoint{
			Format: webhook.Uqudo, Settable: webhook.Settable{URL: to.URL, Credentials: &webhook.Credentials{User: "ada", Password: "hush"}},
		})
		require.NoError(t, err)
		_, err = r.Test(t.Context(), ours, tried.ID)
		require.NoError(t, err)
		silent(r, tried)
		r.stop()

		cfg := config()
		cfg.Answers = 0
		r = open(t, r.db, keys{1}, r.clock, cfg)
		none, _ := r.add(t, ours, to.URL, "user.created")
		r.emit(t, "ours", "user.created", 1)
		silent(r, none)
	})
}
