package pool

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPoolRefusesWhenQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 2, Queue: 1})
		first, err := p.Acquire(t.Context())
		require.NoError(t, err)
		second, err := p.Acquire(t.Context())
		require.NoError(t, err)
		require.NotSame(t, first, second)

		waited := make(chan *Worker)
		go func() {
			w, _ := p.Acquire(t.Context())
			waited <- w
		}()
		synctest.Wait()
		_, err = p.Acquire(t.Context())
		require.ErrorIs(t, err, ErrBusy)

		p.Release(first)
		require.Same(t, first, <-waited)
		p.Release(first)
		p.Release(second)
		p.Close()
	})
}

func TestPoolGivesUpWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 1, Queue: 1})
		w, err := p.Acquire(t.Context())
		require.NoError(t, err)

		// Each who gives up leaves room for the next.
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			_, err = p.Acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(start))
			_, err = p.Acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		p.Release(w)
		p.Close()
	})
}

func TestPoolCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 1, Queue: 1})
		w, err := p.Acquire(t.Context())
		require.NoError(t, err)
		waiting := make(chan error)
		go func() {
			_, err := p.Acquire(t.Context())
			waiting <- err
		}()
		synctest.Wait()

		closed := make(chan struct{})
		go func() {
			p.Close()
			p.Close()
			close(closed)
		}()
		require.ErrorIs(t, <-waiting, ErrClosed)
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("closed while a worker is out")
		default:
		}
		p.Release(w)
		<-closed
		_, err = p.Acquire(t.Context())
		require.ErrorIs(t, err, ErrClosed)
	})
}

// TestPoolLetsATenantInBesideAFlood holds all workers and fills the queue with
// one tenant's photos: another's is computed at once, one after the other.
func TestPoolLetsATenantInBesideAFlood(t *testing.T) {
	for _, workers := range []int{1, 2, 4} {
		t.Run(strconv.Itoa(workers), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				const queue = 8
				p := New(Config{Workers: workers, Queue: queue})
				flood, victim := WithTenant(t.Context(), "flood"), WithTenant(t.Context(), "victim")
				taken := make(chan *Worker, queue)
				var held []*Worker
				for range workers {
					w, err := p.Acquire(flood)
					require.NoError(t, err)
					held = append(held, w)
				}
				for range queue {
					go func() {
						if w, err := p.Acquire(flood); err == nil {
							taken <- w
						}
					}()
				}
				synctest.Wait()
				_, err := p.Acquire(flood)
				require.ErrorIs(t, err, ErrBusy)
				for range 3 {
					start := time.Now()
					w, err := p.Acquire(victim)
					require.NoError(t, err)
					require.Zero(t, time.Since(start))
					p.Release(w)
					synctest.Wait()
					require.Empty(t, taken, "the flood waits for a worker of its own")
				}
				for _, w := range held {
					p.Release(w)
				}
				for range queue {
					p.Release(<-taken)
				}
			})
		})
	}
}

func TestPoolGivesFreeWorkersToWhoHoldsFewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 2, Queue: 8})
		order := make(chan string, 8)
		hold := func(tenant string) *Worker {
			w, err := p.Acquire(WithTenant(t.Context(), tenant))
			require.NoError(t, err)
			return w
		}
		wait := func(tenant string) {
			go func() {
				w := hold(tenant)
				order <- w.tenant
				p.Release(w)
			}()
			synctest.Wait()
		}
		one, two := hold("a"), hold("a")
		spare := hold("b")
		for _, tenant := range []string{"a", "a", "b", "c", "b"} {
			wait(tenant)
		}
		require.Empty(t, order)
		p.Release(one)
		synctest.Wait()
		require.Equal(t, "c", <-order)
		p.Release(two)
		synctest.Wait()
		// b holds one all the while.
		for _, want := range []string{"a", "a", "b", "b"} {
			require.Equal(t, want, <-order)
		}
		p.Release(spare)
	})
}

func TestPoolSharesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 1, Queue: 4})
		results := map[string][]error{}
		var mu sync.Mutex
		wait := func(tenant string) {
			go func() {
				w, err := p.Acquire(WithTenant(t.Context(), tenant))
				mu.Lock()
				results[tenant] = append(results[tenant], err)
				mu.Unlock()
				if err == nil {
					p.Release(w)
				}
			}()
			synctest.Wait()
		}
		a, err := p.Acquire(WithTenant(t.Context(), "a"))
		require.NoError(t, err)
		b, err := p.Acquire(WithTenant(t.Context(), "b"))
		require.NoError(t, err)
		for range 4 {
			wait("a")
		}
		for range 3 {
			wait("b")
		}
		// Two of b's displaced two of a's; the third would have had more.
		require.Equal(t, []error{ErrBusy, ErrBusy}, results["a"])
		require.Equal(t, []error{ErrBusy}, results["b"])
		p.Release(a)
		p.Release(b)
		synctest.Wait()
		require.Equal(t, []error{ErrBusy, ErrBusy, nil, nil}, results["a"])
		require.Equal(t, []error{ErrBusy, nil, nil}, results["b"])
	})
}

// TestPoolKeepsItsBounds takes and gives back in any order.
func TestPoolKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers, queue := rapid.IntRange(1, 4).Draw(t, "workers"), rapid.IntRange(0, 6).Draw(t, "queue")
		p := New(Config{Workers: workers, Queue: queue})
		p.keep = 0
		var out []*Worker
		var waiting []*waiter
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			tenant := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tenant")
			switch {
			case len(out) > 0 && rapid.Bool().Draw(t, "release"):
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				w := out[i]
				out = append(out[:i], out[i+1:]...)
				p.Release(w)
			case p.mayTake(tenant):
				out = append(out, p.take(tenant))
			default:
				if w := p.enqueue(tenant); w != nil {
					waiting = append(waiting, w)
				}
			}
			for i := 0; i < len(waiting); i++ {
				select {
				case <-waiting[i].told:
					if waiting[i].worker != nil {
						out = append(out, waiting[i].worker)
					}
					waiting = append(waiting[:i], waiting[i+1:]...)
					i--
				default:
				}
			}
			require.Equal(t, len(out), p.busy)
			numbers := map[int]bool{}
			for _, w := range out {
				require.Less(t, w.Number, p.Size())
				numbers[w.Number] = true
			}
			require.Len(t, numbers, len(out), "two compute in one memory")
			require.LessOrEqual(t, p.busy, workers+1)
			require.Len(t, waiting, p.waits)
			require.LessOrEqual(t, p.waits, queue)
			require.Equal(t, workers+1, len(p.free)+p.busy)
			for _, l := range p.lines {
				require.NotEmpty(t, l.waiters)
				require.False(t, p.mayTake(l.tenant), "one waits who need not")
			}
		}
	})
}

func TestPoolIsSafeForConcurrentUse(t *testing.T) {
	p := New(Config{Workers: 2, Queue: 4})
	var work sync.WaitGroup
	for i := range 16 {
		work.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(WithTenant(t.Context(), strconv.Itoa(i%3)), time.Duration(rand.IntN(300))*time.Microsecond)
				if w, err := p.Acquire(ctx); err == nil {
					p.Release(w)
				}
				cancel()
			}
		})
	}
	work.Wait()
	p.Close()
	require.Zero(t, p.busy)
	require.Zero(t, p.waits)
	require.Empty(t, p.held)
	require.Empty(t, p.lines)
}

func TestPoolKeepsAWorkerForWhoComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := New(Config{Workers: 2, Queue: 8})
		flood, victim := WithTenant(t.Context(), "flood"), WithTenant(t.Context(), "victim")
		one, err := p.Acquire(flood)
		require.NoError(t, err)
		w, err := p.Acquire(victim)
		require.NoError(t, err)
		p.Release(w)

		start, taken := time.Now(), make(chan *Worker)
		go func() {
			w, _ := p.Acquire(flood)
			taken <- w
		}()
		for range 3 {
			time.Sleep(p.keep / 2)
			require.Equal(t, 1, p.busy, "the flood holds one")
			w, err := p.Acquire(victim)
			require.NoError(t, err)
			p.Release(w)
		}
		p.Release(<-taken)
		require.Equal(t, 3*p.keep/2+p.keep, time.Since(start))
		p.Release(one)
	})
}

func TestPoolGivesOneTenantAllWorkers(t *testing.T) {
	p := New(Config{Workers: 4, Queue: 0})
	for range 3 {
		var held []*Worker
		for range 4 {
			w, err := p.Acquire(t.Context())
			require.NoError(t, err)
			held = append(held, w)
		}
		for _, w := range held {
			p.Release(w)
		}
	}
}
