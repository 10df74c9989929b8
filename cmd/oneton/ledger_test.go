package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// failurePause keeps a client from calling a dead server all the time.
const failurePause = 20 * time.Millisecond

// state is what is known of a person whom a client has enrolled.
type state int

const (
	// unknown is after an answer that got lost or said that it is not known.
	unknown state = iota
	enrolled
	deleted
)

// ledger is what one tenant's clients were told, by which the servers are
// judged: what was acknowledged must stay true, whatever fails.
type ledger struct {
	tenant, key string
	// photo is what a person's photo is, and filtered says that people look
	// alike, so that searches name the one they are for.
	photo    func(id string) []byte
	filtered bool

	mu     sync.Mutex
	people map[string]state
	// touched are those since the last check.
	touched map[string]bool
	// wrong are answers that must never be given.
	wrong []string
	// enrolments, deletions and searches are the acknowledged ones, and failed
	// are the calls that were not answered as asked.
	enrolments, deletions, searches, failed int
}

func newLedger(t *testing.T, f *fleet, tenant string) *ledger {
	t.Helper()
	return &ledger{tenant: tenant, key: f.tenant(t, tenant), photo: pattern, people: make(map[string]state), touched: make(map[string]bool)}
}

// complain notes an answer that must never be given.
func (l *ledger) complain(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.wrong = append(l.wrong, fmt.Sprintf(l.tenant+": "+format, args...))
}

// note keeps what became of a person.
func (l *ledger) note(id string, s state, counted *int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.people[id] = s
	l.touched[id] = true
	*counted++
}

func (l *ledger) of(id string) state {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.people[id]
}

// client enrols, deletes and searches people of its own until ctx ends, at any
// of the replicas.
func (l *ledger) client(ctx context.Context, name string, replicas []*replica, stranger func(*rand.Rand) string) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	at := func() *replica { return replicas[rng.IntN(len(replicas))] }
	var mine []string
	for i := 0; ctx.Err() == nil; i++ {
		id := fmt.Sprintf("%s.%s.%d", l.tenant, name, i)
		mine = append(mine, id)
		status, err := at().do(l.key, http.MethodPost, people("subjects"), enrolment(id, l.photo(id)), nil)
		switch {
		case status == http.StatusCreated && err == nil:
			l.note(id, enrolled, &l.enrolments)
		default:
			l.note(id, unknown, &l.failed)
			l.mayFail(status, err)
			time.Sleep(failurePause)
		}
		if gone := mine[rng.IntN(len(mine))]; rng.IntN(3) == 0 && l.of(gone) == enrolled {
			status, err := at().do(l.key, http.MethodDelete, people("subjects", gone), nil, nil)
			switch status {
			case http.StatusNoContent:
				l.note(gone, deleted, &l.deletions)
			default:
				l.note(gone, unknown, &l.failed)
				l.mayFail(status, err)
			}
		}
		_ = l.look(at(), mine[rng.IntN(len(mine))]) // which a fault may make fail
		if other := stranger(rng); other != "" && rng.IntN(4) == 0 {
			_ = l.lookFor(at(), other, deleted)
		}
	}
}

// mayFail holds a refusal against what faults may cause: no answer, or one
// that says that the fault is the server's.
func (l *ledger) mayFail(status int, err error) {
	if status != 0 && status < http.StatusInternalServerError {
		l.complain("%v", err)
	}
}

// look searches for a person and holds the answer, if there is one, against
// the ledger. The person must not change meanwhile.
func (l *ledger) look(at *replica, id string) error {
	return l.lookFor(at, id, l.of(id))
}

func (l *ledger) lookFor(at *replica, id string, s state) error {
	var a searchAnswer
	request := map[string]any{"photo": l.photo(id)}
	if l.filtered {
		request["filter"] = map[string][]string{"n": {id}}
	}
	status, err := at.do(l.key, http.MethodPost, people("search"), request, &a)
	l.mu.Lock()
	if err == nil {
		l.searches++
	} else {
		l.failed++
	}
	l.mu.Unlock()
	if err != nil {
		l.mayFail(status, err)
		return err
	}
	found := a.found()
	for _, other := range found {
		if other != id {
			l.complain("%s: search for %s finds %s", at.name, id, other)
		}
	}
	switch present := slices.Contains(found, id); {
	case s == enrolled && !present:
		l.complain("%s: search for %s, which was enrolled, finds %v", at.name, id, found)
	case s == deleted && present:
		l.complain("%s: search for %s, which was deleted or is another's, finds it", at.name, id)
	}
	return nil
}

// someone is a person of the ledger, or none.
func (l *ledger) someone(rng *rand.Rand) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	skip := rng.IntN(len(l.people) + 1)
	for id := range l.people {
		if skip--; skip < 0 {
			return id
		}
	}
	return ""
}

// settle finds out who is there of the people of whom that is not known, and
// then looks for each of ids, at every replica. Who is not there yet may still
// come: a commit may be under way that nobody waits for.
func (l *ledger) settle(t *testing.T, f *fleet, ids []string) {
	t.Helper()
	for _, id := range ids {
		if l.of(id) != unknown {
			continue
		}
		status, err := f.replicas[0].do(l.key, http.MethodGet, people("subjects", id), nil, nil)
		switch status {
		case http.StatusOK:
			l.people[id] = enrolled
		case http.StatusNotFound:
		default:
			require.NoError(t, err)
		}
	}
	var looks errgroup.Group
	const atOnce = 4
	looks.SetLimit(atOnce)
	for _, id := range ids {
		if l.of(id) == unknown {
			continue
		}
		for _, r := range f.replicas {
			looks.Go(func() error { return l.lookUntilAnswered(r, id) })
		}
	}
	require.NoError(t, looks.Wait())
	l.mu.Lock()
	defer l.mu.Unlock()
	require.Empty(t, l.wrong)
}

// lookUntilAnswered looks for a person while nothing is wrong any more, and so
// must be answered, if not at once by a machine that is busy.
func (l *ledger) lookUntilAnswered(at *replica, id string) (err error) {
	const patience = time.Minute
	for start := time.Now(); time.Since(start) < patience; time.Sleep(failurePause) {
		if err = l.look(at, id); err == nil {
			return nil
		}
	}
	return err
}

// check settles what was touched since the last check.
func (l *ledger) check(t *testing.T, f *fleet) {
	t.Helper()
	var ids []string
	for id := range l.touched {
		ids = append(ids, id)
	}
	clear(l.touched)
	l.settle(t, f, ids)
}

// checkAll settles everybody, and holds what each replica lists against the
// ledger.
func (l *ledger) checkAll(t *testing.T, f *fleet) {
	t.Helper()
	var ids, want []string
	for id := range l.people {
		ids = append(ids, id)
	}
	l.settle(t, f, ids)
	for id, s := range l.people {
		if s == enrolled {
			want = append(want, id)
		}
	}
	slices.Sort(want)
	for _, r := range f.replicas {
		var got []string
		for after, more := "", true; more; more = after != "" {
			var page struct {
				Subjects []struct{ ID string }
				Next     string
			}
			_, err := r.do(l.key, http.MethodGet, people("subjects")+"?limit=1000&after="+after, nil, &page)
			require.NoError(t, err)
			for _, s := range page.Subjects {
				got = append(got, s.ID)
			}
			after = page.Next
		}
		require.Equal(t, want, got, r.name)
	}
}
