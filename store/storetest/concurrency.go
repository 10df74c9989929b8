package storetest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

const (
	workers = 8
	rounds  = 20
)

// enrolling is what one concurrent enrolment was answered.
type enrolling struct {
	subject  store.SubjectID
	face     store.FaceID
	position uint64
	err      error
}

// enrolAtOnce enrols from many goroutines through the handles in turn, each
// call under a context made by limit.
func enrolAtOnce(g store.Gallery, handles []Store, limit func() (context.Context, context.CancelFunc)) []enrolling {
	answers := make([]enrolling, workers*rounds)
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range rounds {
				a := &answers[w*rounds+i]
				a.subject = store.SubjectID(fmt.Sprintf("w%dr%d", w, i))
				faces := newFaces(1)
				a.face = faces[0].ID
				ctx, cancel := limit()
				a.position, a.err = handles[w%len(handles)].Enrol(ctx, subject(g.ID, a.subject), faces, nil, true)
				cancel()
			}
		})
	}
	wg.Wait()
	return answers
}

func noLimit() (context.Context, context.CancelFunc) {
	return context.WithCancel(context.Background())
}

// following reads the log while it is written, and returns the replay after
// stop is called.
func following(t *testing.T, s Store) (stop func() *replay) {
	t.Helper()
	r, done, failed := newReplay(0), make(chan struct{}), make(chan error)
	go func() {
		var err error
		for err == nil {
			_, err = r.read(s, 5)
			select {
			case <-done:
				failed <- err
				return
			default:
			}
		}
		<-done
		failed <- err
	}()
	return func() *replay {
		close(done)
		require.NoError(t, <-failed)
		r.catchUp(t, s, 50)
		return r
	}
}

func testConcurrentEnrolments(t *testing.T, open Open) {
	s := opened(t, open)
	checkConcurrentEnrolments(t, []Store{s})
}

// checkConcurrentEnrolments checks that no enrolment is lost, that positions
// are given once, and that a reader of the log, going along, misses nothing:
// entries become visible in the order of their positions.
func checkConcurrentEnrolments(t *testing.T, handles []Store) {
	t.Helper()
	s := handles[0]
	g := newGallery(t, s)
	stop := following(t, handles[len(handles)-1])
	answers := enrolAtOnce(g, handles, noLimit)
	r := stop()

	at := make(map[uint64]store.FaceID)
	for _, a := range answers {
		require.NoError(t, a.err)
		require.NotContains(t, at, a.position)
		at[a.position] = a.face
	}
	changes, _, err := s.Changes(t.Context(), 0, 1<<20)
	require.NoError(t, err)
	for _, c := range changes {
		require.Equal(t, at[c.Seq], c.Face, "an enrolment is answered with its position")
		delete(at, c.Seq)
	}
	require.Empty(t, at)
	require.Len(t, r.rows, len(answers))
	require.Equal(t, live(t, s), r.rows)
}

func testConcurrentCreation(t *testing.T, open Open) {
	s := opened(t, open)
	g := newGallery(t, s)
	for i := range rounds {
		id := fmt.Sprintf("p%d", i)
		errs := make([]error, workers)
		var wg sync.WaitGroup
		for w := range workers {
			wg.Go(func() {
				_, errs[w] = s.Enrol(context.Background(), subject(g.ID, store.SubjectID(id)), newFaces(1), nil, true)
			})
		}
		wg.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				require.ErrorIs(t, err, store.ErrExists)
			}
		}
		require.Equal(t, 1, made, "one of them creates the subject")
		faces, err := s.Faces(t.Context(), g.ID, store.SubjectID(id))
		require.NoError(t, err)
		require.Len(t, faces, 1)
	}
	RequireReplay(t, s)
}

func testCancellation(t *testing.T, open Open) {
	s := opened(t, open)
	g := newGallery(t, s)
	faces := enrol(t, s, g, "p", 1)
	before := live(t, s)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	calls := map[string]func() error{
		"tenant":       func() error { _, err := s.Tenant(ctx, g.Tenant); return err },
		"gallery":      func() error { _, err := s.Gallery(ctx, g.Tenant, g.Name); return err },
		"subject":      func() error { _, err := s.Subject(ctx, g.ID, "p"); return err },
		"subjects of":  func() error { _, err := s.SubjectsOf(ctx, g.ID, []store.FaceID{faces[0].ID}); return err },
		"subjects":     func() error { _, err := s.Subjects(ctx, g.ID, store.Page{Limit: 1}); return err },
		"faces":        func() error { _, err := s.Faces(ctx, g.ID, "p"); return err },
		"photo":        func() error { _, err := s.Photo(ctx, g.ID, faces[0].ID); return err },
		"changes":      func() error { _, _, err := s.Changes(ctx, 0, 10); return err },
		"position":     func() error { _, err := s.Position(ctx); return err },
		"enrol":        func() error { _, err := s.Enrol(ctx, subject(g.ID, "q"), newFaces(1), nil, true); return err },
		"delete":       func() error { _, err := s.DeleteSubject(ctx, g.ID, "p"); return err },
		"drop":         func() error { _, err := s.DeleteGallery(ctx, g.Tenant, g.Name); return err },
		"expire":       func() error { _, err := s.DeleteExpired(ctx, time.Now()); return err },
		"new tenant":   func() error { return s.CreateTenant(ctx, store.Tenant{ID: "x"}) },
		"drop tenant":  func() error { _, err := s.DeleteTenant(ctx, g.Tenant); return err },
		"new metadata": func() error { _, err := describe(ctx, s, g.ID, "p", nil); return err },
	}
	for name, call := range calls {
		require.ErrorIs(t, call(), context.Canceled, name)
	}
	require.Equal(t, before, live(t, s))
}

// testRandomCancellation checks that an enrolment given up is never there and
// an acknowledged one always is.
func testRandomCancellation(t *testing.T, open Open) {
	s := opened(t, open)
	g := newGallery(t, s)
	answers := enrolAtOnce(g, []Store{s}, func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), time.Duration(rand.Int64N(int64(20*time.Millisecond))))
	})
	rows := live(t, s)
	for _, a := range answers {
		if a.err == nil {
			require.Contains(t, rows, a.face)
			continue
		}
		require.ErrorIs(t, a.err, context.DeadlineExceeded)
		require.NotContains(t, rows, a.face)
	}
	RequireReplay(t, s)
}
