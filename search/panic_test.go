package search_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/search"
)

// faulty is a context that panics when a scan asks it whether it has ended.
type faulty struct {
	context.Context
	asked   atomic.Int64
	reached chan struct{}
	open    chan struct{}
}

func (f *faulty) Err() error {
	// The first question comes before the request waits for its turn.
	if f.asked.Add(1) == 2 {
		close(f.reached)
		<-f.open
		panic("fault of a scan")
	}
	return nil
}

// TestPanicOfAScan makes a scan panic that others wait for: it and those that
// share it get an error, the others their answers, and the set goes on.
func TestPanicOfAScan(t *testing.T) {
	for name, workers := range map[string]int{"one worker": 1, "workers": 3} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			var reports []error
			s, err := search.New(search.Config{Dimension: 128, Workers: workers, Report: func(err error) {
				mu.Lock()
				defer mu.Unlock()
				reports = append(reports, err)
			}})
			require.NoError(t, err)
			defer s.Close()
			r := rand.New(rand.NewPCG(3, 1))
			var m model
			for i := range 20_000 { // a scan that is worth sharing
				m = append(m, search.Row{ID: uint64(i), Vector: gaussian(r, 128)})
			}
			require.NoError(t, s.Update(m, nil))
			opt := search.Options{K: 3, Threshold: -1}

			bad := &faulty{Context: t.Context(), reached: make(chan struct{}), open: make(chan struct{})}
			failed := make(chan error)
			go func() {
				_, err := s.Search(bad, m[1].Vector, opt)
				failed <- err
			}()
			<-bad.reached
			var others sync.WaitGroup
			for range 5 {
				others.Go(func() {
					got, err := s.Search(t.Context(), m[2].Vector, opt)
					require.NoError(t, err)
					require.Equal(t, m.search(m[2].Vector, opt), got.Hits)
				})
			}
			close(bad.open)
			require.ErrorIs(t, <-failed, search.ErrPanicked)
			others.Wait()

			require.Len(t, reports, 1, "told once")
			require.ErrorIs(t, reports[0], search.ErrPanicked)
			require.Contains(t, reports[0].Error(), "fault of a scan")
			require.Contains(t, reports[0].Error(), "panic_test.go", "the stack")
			got, err := s.Search(t.Context(), m[2].Vector, opt)
			require.NoError(t, err)
			require.Equal(t, m.search(m[2].Vector, opt), got.Hits)
		})
	}
}
