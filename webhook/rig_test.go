package webhook_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

// patience is how long a test waits for what comes soon.
const patience = 30 * time.Second

var (
	ours   = store.Actor{Tenant: "ours", Key: "key", Request: "request"}
	theirs = store.Actor{Tenant: "theirs"}
)

// keys are those of an installation with versions.
type keys []byte

func (k keys) Keys(purpose string) ([][]byte, error) {
	var all [][]byte
	for _, version := range k {
		key := make([]byte, 32)
		copy(key, purpose)
		key[31] = version
		all = append(all, key)
	}
	return all, nil
}

// ahead is how far a simulated clock is ahead of the real one.
type ahead struct{ by atomic.Int64 }

func (a *ahead) of(at time.Time) time.Time { return at.Add(time.Duration(a.by.Load())) }

func (a *ahead) now() time.Time { return a.of(time.Now()) }

// rig is a service with a queue, on a database of two tenants.
type rig struct {
	*webhook.Service
	db    storetest.Store
	jobs  *job.Queue
	clock *ahead
	stop  func()
	// stopping ends when stop begins.
	stopping context.Context
}

func config() webhook.Config {
	cfg := webhook.DefaultConfig()
	cfg.Plain, cfg.Allow, cfg.Timeout = true, []string{"127.0.0.1"}, 10*time.Second
	return cfg
}

var types = []webhook.Type{{Name: "attempt.closed", Means: "An attempt was closed"}, {Name: "user.created", Means: "A user was made"}, {Name: "session.completed", Means: "A session has a result", Result: true}}

// open opens a service; its queue runs until the test's end, or until stop is called.
func open(t *testing.T, db storetest.Store, k keys, clock *ahead, cfg webhook.Config) *rig {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, audit.Migrate(ctx, db))
	require.NoError(t, job.Migrate(ctx, db))
	require.NoError(t, webhook.Migrate(ctx, db))
	queue := job.DefaultConfig()
	queue.Now, queue.Poll = clock.of, 50*time.Millisecond
	r := &rig{db: db, clock: clock, jobs: job.NewQueue(queue, db, zerolog.New(zerolog.NewTestWriter(t)))}
	cfg.Now = clock.now
	var err error
	r.Service, err = webhook.New(cfg, k, db, r.jobs, types...)
	require.NoError(t, err)
	running, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.jobs.Run(running) }()
	r.stopping = running
	r.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-ended)
		r.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// engines runs a test on each engine.
func engines(t *testing.T, run func(t *testing.T, r *rig)) {
	t.Helper()
	storetest.Engines(t, func(t *testing.T, handle storetest.Open) {
		db := handle(t)
		for _, tenant := range []store.TenantID{"ours", "theirs"} {
			require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: tenant}))
		}
		run(t, open(t, db, keys{1}, &ahead{}, config()))
	})
}

// advance lets time pass.
func (r *rig) advance(d time.Duration) {
	r.clock.by.Add(int64(d))
	r.jobs.Wake()
}

func (r *rig) emit(t *testing.T, tenant store.TenantID, kind string, data any) {
	t.Helper()
	require.NoError(t, r.db.Update(t.Context(), "cause", func(tx store.Tx) error { return r.Emit(tx, tenant, kind, data) }))
}

func (r *rig) add(t *testing.T, by store.Actor, url string, types ...string) (webhook.Endpoint, string) {
	t.Helper()
	e, secret, err := r.Add(t.Context(), by, webhook.NewEndpoint{Settable: webhook.Settable{URL: url, Types: types, Description: "test"}})
	require.NoError(t, err)
	return e, secret
}

func (r *rig) deliveries(t *testing.T, by store.Actor, endpoint string, state webhook.State) []webhook.Delivery {
	t.Helper()
	all, err := r.Deliveries(t.Context(), by, webhook.Query{Endpoint: endpoint, State: state, Limit: 1000})
	require.NoError(t, err)
	return all
}

// settle waits until the endpoint's only delivery has had so many attempts and nobody
// is at work, and is it.
func (r *rig) settle(t *testing.T, endpoint string, attempts int) (d webhook.Delivery) {
	t.Helper()
	require.Eventually(t, func() bool {
		all := r.deliveries(t, ours, endpoint, "")
		require.Len(t, all, 1)
		d = all[0]
		return d.Attempts >= attempts && r.count(t, `jobs WHERE status = 'running'`) == 0
	}, patience, 5*time.Millisecond)
	return d
}

// message is what a receiver got.
type message struct {
	header http.Header
	body   []byte
	at     time.Time
}

func (m message) id() string { return m.header.Get("webhook-id") }

// receiver is a real server, whose answers a test writes.
type receiver struct {
	*httptest.Server
	clock  *ahead
	mu     sync.Mutex
	got    []message
	answer http.HandlerFunc
}

func receive(t *testing.T, clock *ahead) *receiver {
	t.Helper()
	r := &receiver{clock: clock}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.got = append(r.got, message{req.Header.Clone(), body, clock.now()})
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

// says is what it answers from now on.
func (r *receiver) says(answer http.HandlerFunc) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = answer
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) }
}

func (r *receiver) messages() []message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]message(nil), r.got...)
}

// wait waits for so many messages.
func (r *receiver) wait(t *testing.T, n int) []message {
	t.Helper()
	require.Eventually(t, func() bool { return len(r.messages()) >= n }, patience, 2*time.Millisecond)
	return r.messages()
}

// genuine tells whether a message is signed by the secret, as the library of Standard
// Webhooks finds, and by the public key.
func (m message) genuine(t *testing.T, secret string, public ...string) bool {
	t.Helper()
	w, err := standardwebhooks.NewWebhook(secret)
	require.NoError(t, err)
	symmetric := w.VerifyIgnoringTimestamp(m.body, m.header) == nil
	for _, p := range public {
		require.Equal(t, symmetric, verifyAsymmetric(p, m.header, m.body))
	}
	return symmetric
}

func (m message) content(t *testing.T) (c struct {
	Type      string         `json:"type"`
	Timestamp time.Time      `json:"timestamp"`
	Data      map[string]any `json:"data"`
},
) {
	t.Helper()
	require.NoError(t, json.Unmarshal(m.body, &c))
	return c
}
