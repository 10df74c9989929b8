package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// quick is a timeout for tests in which the server does not answer, and bound
// is what a call may then take, on a busy machine too. Whatever the server does
// answer is asked with the usual timeout or more: a busy machine is not quick.
const (
	quick = 300 * time.Millisecond
	bound = 8 * time.Second
	// patience is how long something is waited for that is to come.
	patience = time.Minute
)

// openQuick opens a store that gives up soon, on a database that is there.
func openQuick(t *testing.T, url string) *postgres.Store {
	t.Helper()
	for start := time.Now(); ; {
		s, err := postgres.Open(t.Context(), postgres.Config{URL: url, Timeout: quick})
		if errors.Is(err, store.ErrUnavailable) && time.Since(start) < patience {
			continue
		}
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, s.Close()) })
		return s
	}
}

// TestLostAnswer loses the answer to a commit, with the connection.
func TestLostAnswer(t *testing.T) {
	p, through := newProxy(t, shared.Database(t))
	s := open(t, postgres.Config{URL: through})
	newGallery(t, s, "g")
	const commandComplete = "C\x00\x00\x00\x0bCOMMIT\x00"
	for range 5 {
		p.swallowNext(commandComplete)
		id, err := enrolOne(t.Context(), s)
		require.NoError(t, err, "the server knows that it was committed")
		_, err = s.Subject(t.Context(), "g", store.SubjectID(id))
		require.NoError(t, err)
	}
	p.swallowNext("SAVEPOINT\x00")
	id, err := enrolOne(t.Context(), s)
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.NotErrorIs(t, err, store.ErrUncertain)
	_, err = s.Subject(t.Context(), "g", store.SubjectID(id))
	require.ErrorIs(t, err, store.ErrNotFound)
	storetest.RequireReplay(t, s)
}

func TestOutcome(t *testing.T) {
	to := shared.Database(t)
	p, through := newProxy(t, to)
	s, patient := openQuick(t, through), open(t, postgres.Config{URL: to, Timeout: patience})
	begun := func() (tx pgx.Tx, mark uuid.UUID) {
		tx, err := raw(t, to).Begin(t.Context())
		require.NoError(t, err)
		mark = uuid.New()
		exec(t, tx.Conn(), lockLog)
		exec(t, tx.Conn(), `INSERT INTO commits (mark) VALUES ($1)`, mark)
		return tx, mark
	}
	committed, mark := begun()
	require.NoError(t, committed.Commit(t.Context()))
	require.NoError(t, patient.Outcome(mark))

	aborted, mark := begun()
	require.NoError(t, aborted.Rollback(t.Context()))
	err := patient.Outcome(mark)
	require.Error(t, err)
	require.NotErrorIs(t, err, store.ErrUncertain)

	late, mark := begun()
	time.AfterFunc(quick/2, func() { _ = late.Commit(context.Background()) })
	require.NoError(t, patient.Outcome(mark), "while it is under way, its end is waited for")

	_, mark = begun()
	require.ErrorIs(t, s.Outcome(mark), store.ErrUncertain)

	p.stall()
	start := time.Now()
	err = s.Outcome(mark)
	require.ErrorIs(t, err, store.ErrUncertain)
	require.ErrorIs(t, err, store.ErrUnavailable)
	require.Less(t, time.Since(start), bound)
	p.resume()
}

// TestCutConnections cuts connections at any moment, again and again.
func TestCutConnections(t *testing.T) {
	to := shared.Database(t)
	p, through := newProxy(t, to)
	s := open(t, postgres.Config{URL: through})
	newGallery(t, s, "g")
	l := startLoad(t, s)
	const rounds = 40
	for i := range rounds {
		l.flows(t, 20*time.Millisecond)
		if i%2 == 0 {
			p.swallowNext("COMMIT\x00")
		} else {
			p.cut()
		}
	}
	acknowledged, failed, uncertain := checkAnswers(t, open(t, postgres.Config{URL: to}), l.end())
	t.Logf("%d acknowledged, %d failed, %d uncertain", acknowledged, failed, uncertain)
	require.NotZero(t, failed)
	require.Zero(t, uncertain, "the server was there to ask")
}

// TestSilentNetwork checks what is answered, and when, while packets are lost.
func TestSilentNetwork(t *testing.T) {
	to := shared.Database(t)
	p, through := newProxy(t, to)
	newGallery(t, open(t, postgres.Config{URL: to}), "g")
	s := openQuick(t, through)
	p.stall()
	var wg sync.WaitGroup
	calls := map[string]func(context.Context) error{
		"read":     func(ctx context.Context) error { _, err := s.Gallery(ctx, "tenant of g", "g"); return err },
		"list":     func(ctx context.Context) error { _, err := s.Subjects(ctx, "g", store.Page{Limit: 1}); return err },
		"position": func(ctx context.Context) error { _, err := s.Position(ctx); return err },
		"log":      func(ctx context.Context) error { _, _, err := s.Changes(ctx, 0, 1); return err },
		"enrol":    func(ctx context.Context) error { _, err := enrolOne(ctx, s); return err },
		"write":    func(ctx context.Context) error { return s.CreateTenant(ctx, store.Tenant{ID: "t"}) },
	}
	for name, call := range calls {
		wg.Go(func() {
			start := time.Now()
			err := call(context.Background())
			if !errors.Is(err, store.ErrUnavailable) || time.Since(start) > bound {
				t.Errorf("%s: %v after %v", name, err, time.Since(start))
			}
		})
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), quick/10)
			defer cancel()
			if err := call(ctx); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, store.ErrUnavailable) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	wg.Wait()
	p.resume()
	require.Eventually(t, func() bool {
		_, err := enrolOne(t.Context(), s)
		return err == nil
	}, patience, quick/10)
	storetest.RequireReplay(t, open(t, postgres.Config{URL: to}))
}

// TestCutOffWriter checks that a process which the network cuts off in the
// middle of a write does not keep others from writing for long.
func TestCutOffWriter(t *testing.T) {
	to := shared.Database(t)
	p, through := newProxy(t, to)
	cutOff := openQuick(t, through)
	s := open(t, postgres.Config{URL: to, Timeout: bound})
	newGallery(t, s, "g")
	l := startLoad(t, cutOff)
	for range 5 {
		l.flows(t, quick/3)
		p.stall()
		start := time.Now()
		_, err := enrolOne(t.Context(), s)
		require.NoError(t, err)
		require.Less(t, time.Since(start), bound)
		p.cut()
		p.resume()
	}
	checkAnswers(t, s, l.end())
}

// TestBusy checks what is answered while another process does not let go of
// the log, and that waiting for it can be given up.
func TestBusy(t *testing.T) {
	to := shared.Database(t)
	s, patient := openQuick(t, to), open(t, postgres.Config{URL: to, Timeout: patience})
	newGallery(t, patient, "g")
	other := raw(t, to)
	exec(t, other, `BEGIN`)
	exec(t, other, lockLog)

	_, err := enrolOne(t.Context(), s)
	require.ErrorIs(t, err, store.ErrUnavailable)
	_, err = patient.Gallery(t.Context(), "tenant of g", "g")
	require.NoError(t, err, "reads go on")

	ctx, cancel := context.WithTimeout(t.Context(), quick)
	defer cancel()
	start := time.Now()
	_, err = enrolOne(ctx, patient)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, time.Since(start), bound, "the caller does not wait for the lock")
	exec(t, other, `ROLLBACK`)
	_, err = enrolOne(t.Context(), patient)
	require.NoError(t, err)
	subs, err := patient.Subjects(t.Context(), "g", store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, subs, 1, "what was given up is not there")
	storetest.RequireReplay(t, patient)
}

// TestBadNeighbour checks that writes that share a commit fail alone.
func TestBadNeighbour(t *testing.T) {
	to := shared.Database(t)
	s := open(t, postgres.Config{URL: to})
	newGallery(t, s, "g")
	other := raw(t, to)
	exec(t, other, `BEGIN`)
	exec(t, other, lockLog)
	bad := map[string]store.Subject{
		"zero byte":      {Gallery: "g", ID: "a\x00b"},
		"not UTF-8":      {Gallery: "g", ID: "a\xff"},
		"zero metadata":  {Gallery: "g", ID: "m", Metadata: map[string]string{"k": "a\x00b"}},
		"no gallery":     {Gallery: "none", ID: "p"},
		"longer than 8K": {Gallery: "g", ID: store.SubjectID(string(randomText(1 << 16)))},
	}
	errs := make(map[string]error)
	var mu sync.Mutex
	var wg sync.WaitGroup
	const good = 10
	for i := range good {
		wg.Go(func() {
			_, err := enrolOne(context.Background(), s)
			mu.Lock()
			defer mu.Unlock()
			errs[fmt.Sprintf("good %d", i)] = err
		})
	}
	for name, sub := range bad {
		wg.Go(func() {
			_, err := s.Enrol(context.Background(), sub, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
			mu.Lock()
			defer mu.Unlock()
			errs[name] = err
		})
	}
	time.Sleep(quick)
	exec(t, other, `COMMIT`)
	wg.Wait()
	for name, err := range errs {
		switch _, isBad := bad[name]; {
		case !isBad:
			require.NoError(t, err, name)
		case name == "no gallery":
			require.ErrorIs(t, err, store.ErrNotFound)
		default:
			require.ErrorIs(t, err, store.ErrInvalid, name)
		}
	}
	position, err := s.Position(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(good), position, "positions have no gaps")
	storetest.RequireReplay(t, s)
}

func randomText(n int) []byte {
	text := make([]byte, n)
	for i := range text {
		text[i] = 'a' + byte(rand.IntN(26))
	}
	return text
}
