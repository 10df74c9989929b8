package postgres_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// lockLog keeps stores of the schema public from writing.
const lockLog = `SELECT pg_advisory_xact_lock(hashtextextended('oneton/public/log', 0))`

// enrolOne enrols a new subject with one face and returns its id.
func enrolOne(ctx context.Context, s *postgres.Store) (id string, err error) {
	id = uuid.NewString()
	_, err = s.Enrol(ctx, store.Subject{Gallery: "g", ID: store.SubjectID(id)}, []store.Face{storetest.NewFace(id)}, nil, true)
	return id, err
}

// answer is what an enrolment was answered.
type answer struct {
	id  string
	err error
}

// load is enrolments by several callers, until it is stopped.
type load struct {
	stop         chan struct{}
	once         sync.Once
	acknowledged atomic.Int64
	wg           sync.WaitGroup
	mu           sync.Mutex
	answers      []answer
}

func startLoad(t *testing.T, s *postgres.Store) *load {
	t.Helper()
	l := &load{stop: make(chan struct{})}
	t.Cleanup(func() { l.end() })
	const callers = 6
	for range callers {
		l.wg.Go(func() {
			for {
				select {
				case <-l.stop:
					return
				default:
				}
				id, err := enrolOne(context.Background(), s)
				l.mu.Lock()
				l.answers = append(l.answers, answer{id, err})
				l.mu.Unlock()
				if err == nil {
					l.acknowledged.Add(1)
				} else {
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	return l
}

// flows waits until the callers are acknowledged again, and a random moment
// more.
func (l *load) flows(t *testing.T, moment time.Duration) {
	t.Helper()
	before := l.acknowledged.Load()
	require.Eventually(t, func() bool { return l.acknowledged.Load() > before }, patience, time.Millisecond)
	time.Sleep(time.Duration(rand.Int64N(int64(moment))))
}

// end stops the callers and returns what they were answered.
func (l *load) end() []answer {
	l.once.Do(func() { close(l.stop) })
	l.wg.Wait()
	return l.answers
}

// checkAnswers checks that what was acknowledged is there and what failed is
// not, unless its error says that this is uncertain.
func checkAnswers(t *testing.T, s *postgres.Store, answers []answer) (acknowledged, failed, uncertain int) {
	t.Helper()
	subs, err := s.Subjects(t.Context(), "g", store.Page{Limit: 1 << 20})
	require.NoError(t, err)
	there := make(map[string]bool)
	for _, sub := range subs {
		there[string(sub.ID)] = true
		require.Equal(t, 1, sub.Faces, "an enrolment is there as a whole")
	}
	for _, a := range answers {
		switch {
		case a.err == nil:
			acknowledged++
			require.True(t, there[a.id], "%s was acknowledged and is lost", a.id)
		case errors.Is(a.err, store.ErrUncertain):
			uncertain++
			require.ErrorIs(t, a.err, store.ErrUnavailable)
		default:
			failed++
			require.ErrorIs(t, a.err, store.ErrUnavailable)
			require.False(t, there[a.id], "%s was answered with %v and is there", a.id, a.err)
		}
	}
	storetest.RequireReplay(t, s)
	return acknowledged, failed, uncertain
}
