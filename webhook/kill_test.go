package webhook_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/job"
	"oneton/porttest"
	"oneton/store"
	"oneton/store/storetest"
	"oneton/webhook"
)

const (
	// workerEnv tells a process that is killed that it delivers, from which database
	// and since when time is simulated; receiverEnv tells one that it receives, at
	// which address and in which folder it keeps what it knows.
	workerEnv, receiverEnv = "ONETON_TEST_WEBHOOK_WORKER", "ONETON_TEST_WEBHOOK_RECEIVER"
	killRounds             = 3
	// haste is how much faster simulated time goes: an hour in a second.
	haste = 3600
)

func TestMain(m *testing.M) {
	if text := os.Getenv(workerEnv); text != "" {
		since, name, _ := strings.Cut(text, " ")
		deliverUntilKilled(since, name)
	}
	if text := os.Getenv(receiverEnv); text != "" {
		address, folder, _ := strings.Cut(text, " ")
		receiveUntilKilled(address, folder)
	}
	os.Exit(m.Run())
}

// hasty is simulated time, alike in all processes.
type hasty struct{ since time.Time }

func (h hasty) of(t time.Time) time.Time { return h.since.Add(haste * t.Sub(h.since)) }

func (h hasty) now() time.Time { return h.of(time.Now()) }

func (h hasty) service(db store.DB, log zerolog.Logger) (*webhook.Service, *job.Queue, error) {
	queue, cfg := job.DefaultConfig(), config()
	queue.Now, queue.Lease, queue.Poll = h.of, 2*time.Second, 50*time.Millisecond
	cfg.Now, cfg.Places, cfg.PerEndpoint = h.now, 64, 8
	q := job.NewQueue(queue, db, log)
	s, err := webhook.New(cfg, keys{1}, db, q, types...)
	return s, q, err
}

// deliverUntilKilled is a process that TestKilled kills.
func deliverUntilKilled(since, name string) {
	ctx := context.Background()
	for {
		db, err := storetest.OpenNamed(ctx, name)
		if err != nil { // which is killed, too
			time.Sleep(10 * time.Millisecond)
			continue
		}
		nanoseconds, _ := strconv.ParseInt(since, 10, 64)
		_, q, err := hasty{time.Unix(0, nanoseconds)}.service(db, zerolog.Nop())
		if err != nil {
			panic(err)
		}
		_, _ = os.Stdout.WriteString("ready\n")
		_ = q.Run(ctx)
	}
}

// receipt is what a receiver writes down of a request, a line of JSON for each: the
// endpoint, which is its path, what it got, and whether it has acknowledged it.
type receipt struct {
	Endpoint, ID, Body string
	Genuine, Taken     bool
}

// readReceipts reads what a receiver has written down.
func readReceipts(folder string) (all []receipt, err error) {
	f, err := os.Open(filepath.Join(folder, "receipts"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for d := json.NewDecoder(bufio.NewReader(f)); d.More(); {
		var r receipt
		if err := d.Decode(&r); err != nil {
			return all, err
		}
		all = append(all, r)
	}
	return all, nil
}

// receiveUntilKilled is a process that TestKilled kills: a receiver that keeps the ids
// of what it has taken. It fails now and then, before it has taken a message or after.
func receiveUntilKilled(address, folder string) {
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	appendTo := func(name string) *os.File {
		f, err := os.OpenFile(filepath.Join(folder, name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
		check(err)
		return f
	}
	text, err := os.ReadFile(filepath.Join(folder, "secrets"))
	check(err)
	var secrets map[string]string
	check(json.Unmarshal(text, &secrets))
	effects := appendTo("effects")
	receipts := json.NewEncoder(appendTo("receipts")) // one write a line
	known := make(map[string]bool)
	text, err = os.ReadFile(filepath.Join(folder, "effects"))
	check(err)
	for line := range strings.Lines(string(text)) {
		known[strings.TrimSpace(line)] = true
	}
	var mu sync.Mutex
	handler := http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			return
		}
		time.Sleep(rand.N(20 * time.Millisecond))
		r := receipt{Endpoint: strings.TrimPrefix(req.URL.Path, "/"), ID: req.Header.Get("webhook-id"), Body: string(body)}
		verifier, err := standardwebhooks.NewWebhook(secrets[r.Endpoint])
		check(err)
		r.Genuine = verifier.VerifyIgnoringTimestamp(body, req.Header) == nil
		mood := rand.N(10)
		mu.Lock()
		defer mu.Unlock()
		if effect := r.Endpoint + " " + r.ID; mood != 0 && !known[effect] {
			known[effect] = true
			_, err := effects.WriteString(effect + "\n")
			check(err)
		}
		r.Taken = mood > 1
		check(receipts.Encode(r))
		if !r.Taken {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	listener, err := net.Listen("tcp", address)
	check(err)
	_, _ = os.Stdout.WriteString("ready\n")
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	panic(server.Serve(listener))
}

// span is a part of time.
type span struct{ from, to time.Time }

func (s span) meets(other span) bool { return !s.to.Before(other.from) && !other.to.Before(s.from) }

// Processes that deliver, the database's and the receiver's are killed: no event is
// lost, and none comes twice to a receiver that keeps ids.
func TestKilled(t *testing.T) {
	storetest.Killed(t, func(t *testing.T, name string, kill func()) {
		killAll(t, storetest.KillRounds(killRounds), name, kill)
	})
}

func killAll(t *testing.T, rounds int, name string, killDatabase func()) {
	ctx, folder, clock := t.Context(), t.TempDir(), hasty{time.Now()}
	db, err := storetest.OpenNamed(ctx, name)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, audit.Migrate(ctx, db))
	require.NoError(t, job.Migrate(ctx, db))
	require.NoError(t, webhook.Migrate(ctx, db))
	service, queue, err := clock.service(db, zerolog.Nop())
	require.NoError(t, err)
	t.Cleanup(service.Close)
	port, err := porttest.Free(1)
	require.NoError(t, err)
	address := fmt.Sprintf("127.0.0.1:%d", port)

	// Two endpoints of one tenant and one of another's, each with the path of its name.
	secrets, endpoints := make(map[string]string), make(map[string]string)
	owners := map[string]store.Actor{"a": ours, "b": ours, "c": theirs}
	for _, by := range []store.Actor{ours, theirs} {
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: by.Tenant}))
	}
	for path, by := range owners {
		e, secret, err := service.Add(ctx, by, webhook.NewEndpoint{Settable: webhook.Settable{URL: "http://" + address + "/" + path}})
		require.NoError(t, err)
		secrets[path], endpoints[path] = secret, e.ID
	}
	text, err := json.Marshal(secrets)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secrets"), text, 0o600))

	// What was emitted, by whether it was committed; of what the database's death left
	// in doubt nobody knows.
	type outcome int
	const (
		committed outcome = iota
		rolledBack
		doubtful
	)
	var outcomes []outcome
	var tenants []store.TenantID
	errRolledBack := errors.New("rolled back")
	emit := func() {
		by, o := []store.Actor{ours, theirs}[rand.N(2)], committed
		if rand.N(8) == 0 {
			o = rolledBack
		}
		err := db.Update(ctx, "cause", func(tx store.Tx) error {
			err := service.Emit(tx, by.Tenant, "user.created", map[string]int{"number": len(outcomes)})
			if err == nil && o == rolledBack {
				err = errRolledBack
			}
			return err
		})
		if o == committed && err != nil {
			o = doubtful
		}
		outcomes, tenants = append(outcomes, o), append(tenants, by.Tenant)
	}
	receiver := storetest.Begin(t, receiverEnv+"="+address+" "+folder)
	var down []span // in which the receiver was
	for round := range rounds {
		var workers []storetest.Process
		for range 2 {
			workers = append(workers, storetest.Begin(t, fmt.Sprintf("%s=%d %s", workerEnv, clock.since.UnixNano(), name)))
		}
		emitFor := func(most time.Duration) {
			for end := time.Now().Add(rand.N(most)); time.Now().Before(end); {
				emit()
				time.Sleep(rand.N(15 * time.Millisecond))
			}
		}
		emitFor(400 * time.Millisecond)
		killed := clock.now()
		receiver.Kill(t)
		emitFor(100 * time.Millisecond)
		receiver = storetest.Begin(t, receiverEnv+"="+address+" "+folder)
		down = append(down, span{killed, clock.now()})
		emitFor(300 * time.Millisecond)
		if round%3 == 2 {
			var beside sync.WaitGroup
			beside.Go(func() { emitFor(400 * time.Millisecond) })
			killDatabase()
			beside.Wait()
		}
		for _, w := range workers {
			w.Kill(t)
		}
	}

	// What is left is delivered by a process that lives.
	running, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- queue.Run(running) }()
	count := func(of string) int64 { return countOf(t, db, of) }
	left := count(`webhook_deliveries WHERE state = 'pending'`)
	// A receiver that was down at each of its tries has the message as a dead letter,
	// which is sent anew by hand.
	dead := 0
	for again := true; again; {
		require.Eventually(t, func() bool { return count(`webhook_deliveries WHERE state = 'pending'`) == 0 },
			time.Duration(rounds+2)*patience, 20*time.Millisecond)
		again = false
		for path, by := range owners {
			failed, err := service.Deliveries(ctx, by, webhook.Query{Endpoint: endpoints[path], State: webhook.Failed, Limit: 1000})
			require.NoError(t, err)
			for _, d := range failed {
				_, attempts, _, err := service.Delivery(ctx, by, endpoints[path], d.ID)
				require.NoError(t, err)
				require.Zero(t, len(attempts)%webhook.Tries, "it has all of its tries: %+v", attempts)
				for _, a := range attempts {
					require.NotEmpty(t, a.Fault)
				}
			}
			n, err := service.RedeliverFailed(ctx, by, endpoints[path], time.Time{})
			require.NoError(t, err)
			require.Len(t, failed, n)
			again, dead = again || n > 0, dead+n
		}
	}
	cancel()
	require.NoError(t, <-ended)
	receiver.Kill(t)

	receipts, err := readReceipts(folder)
	require.NoError(t, err)
	type messages struct {
		body       string
		got, taken int
	}
	got := make(map[string]*messages) // by endpoint and id
	for _, r := range receipts {
		require.True(t, r.Genuine, "%+v", r)
		key := r.Endpoint + " " + r.ID
		if got[key] == nil {
			got[key] = &messages{body: r.Body}
		}
		require.Equal(t, got[key].body, r.Body, "a message stays the same")
		got[key].got++
		if r.Taken {
			got[key].taken++
		}
	}
	text, err = os.ReadFile(filepath.Join(folder, "effects"))
	require.NoError(t, err)
	effects := strings.Fields(strings.ReplaceAll(string(text), " ", "/"))
	slices.Sort(effects)
	require.Len(t, slices.Compact(slices.Clone(effects)), len(effects), "none had its effect twice")

	// The log says of each what the receiver does.
	logged := make(map[string]map[int]string) // ids, by endpoint and number
	again, most, longest := 0, 0, time.Duration(0)
	for path, by := range owners {
		logged[path] = make(map[int]string)
		for after := ""; ; {
			page, err := service.Deliveries(ctx, by, webhook.Query{Endpoint: endpoints[path], After: after, Limit: 500})
			require.NoError(t, err)
			for _, d := range page {
				after = d.ID
				require.Equal(t, webhook.Delivered, d.State, "%+v", d)
				_, attempts, body, err := service.Delivery(ctx, by, endpoints[path], d.ID)
				require.NoError(t, err)
				m := got[path+" "+d.Event]
				require.NotNil(t, m, "the receiver never got it: %+v", d)
				require.Positive(t, m.taken, "the receiver has not acknowledged it: %+v", d)
				require.Equal(t, string(body), m.body)
				require.Contains(t, effects, path+"/"+d.Event)
				done, refused := 0, 0
				for _, a := range attempts {
					switch {
					case a.Fault == "":
						done++
					case a.Status == http.StatusInternalServerError:
						refused++
					default: // for which the receiver must have been down
						require.Equal(t, "no connection, or none that gave an answer", a.Fault)
						require.True(t, slices.ContainsFunc(down, span{a.At, a.At.Add(a.Took + time.Millisecond)}.meets), "%+v", a)
					}
				}
				require.Equal(t, 1, done, "it was done once: %+v", attempts)
				require.LessOrEqual(t, refused, m.got-m.taken, "each fault in the log was one: %+v", attempts)
				require.Empty(t, attempts[len(attempts)-1].Fault)
				var event struct {
					Data struct{ Number int } `json:"data"`
				}
				require.NoError(t, json.Unmarshal(body, &event))
				n := event.Data.Number
				require.NotContains(t, logged[path], n, "an event is delivered once to an endpoint")
				logged[path][n] = d.Event
				require.NotEqual(t, rolledBack, outcomes[n])
				require.Equal(t, by.Tenant, tenants[n])
				if m.got > 1 {
					again++
				}
				most, longest = max(most, m.got), max(longest, d.EndedAt.Sub(d.CreatedAt))
			}
			if len(page) < 500 {
				break
			}
		}
	}
	for n, o := range outcomes {
		for path, by := range owners {
			if by.Tenant == tenants[n] && o == committed {
				require.Contains(t, logged[path], n, "an event is lost")
			}
		}
		if tenants[n] == ours.Tenant {
			require.Equal(t, logged["a"][n], logged["b"][n], "it has one id")
		}
	}
	doubts := 0
	for _, o := range outcomes {
		if o == doubtful {
			doubts++
		}
	}
	all := len(logged["a"]) + len(logged["b"]) + len(logged["c"])
	require.Len(t, got, all, "nothing else was sent")
	require.EqualValues(t, all, count(`webhook_deliveries`))
	require.Zero(t, count(`job_inputs`))
	t.Logf("%d rounds: %d events, %d of them in doubt, %d deliveries by %d requests, %d sent more than once, %d times at most, the longest way %v of simulated time; %d were dead letters, %d were left at the last kill",
		rounds, len(outcomes), doubts, all, len(receipts), again, most, longest.Round(time.Minute), dead, left)
}
