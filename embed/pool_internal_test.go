package embed

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
		p := newPool(2, 1, 0)
		first, err := p.acquire(t.Context())
		require.NoError(t, err)
		second, err := p.acquire(t.Context())
		require.NoError(t, err)
		require.NotSame(t, first, second)

		waited := make(chan *worker)
		go func() {
			w, _ := p.acquire(t.Context())
			waited <- w
		}()
		synctest.Wait()
		_, err = p.acquire(t.Context())
		require.ErrorIs(t, err, ErrBusy)

		p.release(first)
		require.Same(t, first, <-waited)
		p.release(first)
		p.release(second)
		p.close()
	})
}

func TestPoolGivesUpWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 1, 0)
		w, err := p.acquire(t.Context())
		require.NoError(t, err)

		// Each who gives up leaves room for the next.
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			start := time.Now()
			_, err = p.acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, time.Second, time.Since(start))
			_, err = p.acquire(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		p.release(w)
		p.close()
	})
}

func TestPoolCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 1, 0)
		w, err := p.acquire(t.Context())
		require.NoError(t, err)
		waiting := make(chan error)
		go func() {
			_, err := p.acquire(t.Context())
			waiting <- err
		}()
		synctest.Wait()

		closed := make(chan struct{})
		go func() {
			p.close()
			p.close()
			close(closed)
		}()
		require.ErrorIs(t, <-waiting, ErrClosed)
		synctest.Wait()
		select {
		case <-closed:
			t.Fatal("closed while a worker is out")
		default:
		}
		p.release(w)
		<-closed
		_, err = p.acquire(t.Context())
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
				p := newPool(workers, queue, 0)
				flood, victim := WithTenant(t.Context(), "flood"), WithTenant(t.Context(), "victim")
				taken := make(chan *worker, queue)
				var held []*worker
				for range workers {
					w, err := p.acquire(flood)
					require.NoError(t, err)
					held = append(held, w)
				}
				for range queue {
					go func() {
						if w, err := p.acquire(flood); err == nil {
							taken <- w
						}
					}()
				}
				synctest.Wait()
				_, err := p.acquire(flood)
				require.ErrorIs(t, err, ErrBusy)
				for range 3 {
					start := time.Now()
					w, err := p.acquire(victim)
					require.NoError(t, err)
					require.Zero(t, time.Since(start))
					p.release(w)
					synctest.Wait()
					require.Empty(t, taken, "the flood waits for a worker of its own")
				}
				for _, w := range held {
					p.release(w)
				}
				for range queue {
					p.release(<-taken)
				}
			})
		})
	}
}

func TestPoolGivesFreeWorkersToWhoHoldsFewest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, 8, 0)
		order := make(chan string, 8)
		hold := func(tenant string) *worker {
			w, err := p.acquire(WithTenant(t.Context(), tenant))
			require.NoError(t, err)
			return w
		}
		wait := func(tenant string) {
			go func() {
				w := hold(tenant)
				order <- w.tenant
				p.release(w)
			}()
			synctest.Wait()
		}
		one, two := hold("a"), hold("a")
		spare := hold("b")
		for _, tenant := range []string{"a", "a", "b", "c", "b"} {
			wait(tenant)
		}
		require.Empty(t, order)
		p.release(one)
		synctest.Wait()
		require.Equal(t, "c", <-order)
		p.release(two)
		synctest.Wait()
		// b holds one all the while.
		for _, want := range []string{"a", "a", "b", "b"} {
			require.Equal(t, want, <-order)
		}
		p.release(spare)
	})
}

func TestPoolSharesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(1, 4, 0)
		results := map[string][]error{}
		var mu sync.Mutex
		wait := func(tenant string) {
			go func() {
				w, err := p.acquire(WithTenant(t.Context(), tenant))
				mu.Lock()
				results[tenant] = append(results[tenant], err)
				mu.Unlock()
				if err == nil {
					p.release(w)
				}
			}()
			synctest.Wait()
		}
		a, err := p.acquire(WithTenant(t.Context(), "a"))
		require.NoError(t, err)
		b, err := p.acquire(WithTenant(t.Context(), "b"))
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
		p.release(a)
		p.release(b)
		synctest.Wait()
		require.Equal(t, []error{ErrBusy, ErrBusy, nil, nil}, results["a"])
		require.Equal(t, []error{ErrBusy, nil, nil}, results["b"])
	})
}

// TestPoolKeepsItsBounds takes and gives back in any order.
func TestPoolKeepsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		workers, queue := rapid.IntRange(1, 4).Draw(t, "workers"), rapid.IntRange(0, 6).Draw(t, "queue")
		p := newPool(workers, queue, 0)
		p.keep = 0
		var out []*worker
		var waiting []*waiter
		for range rapid.IntRange(0, 100).Draw(t, "steps") {
			tenant := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "tenant")
			switch {
			case len(out) > 0 && rapid.Bool().Draw(t, "release"):
				i := rapid.IntRange(0, len(out)-1).Draw(t, "which")
				w := out[i]
				out = append(out[:i], out[i+1:]...)
				p.release(w)
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
	p := newPool(2, 4, 0)
	var work sync.WaitGroup
	for i := range 16 {
		work.Go(func() {
			for range 200 {
				ctx, cancel := context.WithTimeout(WithTenant(t.Context(), strconv.Itoa(i%3)), time.Duration(rand.IntN(300))*time.Microsecond)
				if w, err := p.acquire(ctx); err == nil {
					p.release(w)
				}
				cancel()
			}
		})
	}
	work.Wait()
	p.close()
	require.Zero(t, p.busy)
	require.Zero(t, p.waits)
	require.Empty(t, p.held)
	require.Empty(t, p.lines)
}

func TestPoolKeepsAWorkerForWhoComesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPool(2, 8, 0)
		flood, victim := WithTenant(t.Context(), "flood"), WithTenant(t.Context(), "victim")
		one, err := p.acquire(flood)
		require.NoError(t, err)
		w, err := p.acquire(victim)
		require.NoError(t, err)
		p.release(w)

		start, taken := time.Now(), make(chan *worker)
		go func() {
			w, _ := p.acquire(flood)
			taken <- w
		}()
		for range 3 {
			time.Sleep(p.keep / 2)
			require.Equal(t, 1, p.busy, "the flood holds one")
			w, err := p.acquire(victim)
			require.NoError(t, err)
			p.release(w)
		}
		p.release(<-taken)
		require.Equal(t, 3*p.keep/2+p.keep, time.Since(start))
		p.release(one)
	})
}

func TestPoolGivesOneTenantAllWorkers(t *testing.T) {
	p := newPool(4, 0, 0)
	for range 3 {
		var held []*worker
		for range 4 {
			w, err := p.acquire(t.Context())
			require.NoError(t, err)
			held = append(held, w)
		}
		for _, w := range held {
			p.release(w)
		}
	}
}
