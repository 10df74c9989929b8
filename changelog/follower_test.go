package changelog_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/changelog"
	"oneton/store"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errBroken = errors.New("broken")

// fakeLog is a log of deletions at the positions it holds.
type fakeLog struct {
	mu      sync.Mutex
	changes []changelog.Change
	end     uint64
	fail    error
	reads   int
}

// grow appends n entries, of which every third is left out, as undone.
func (l *fakeLog) grow(n int) uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		l.end++
		if l.end%3 != 0 {
			l.changes = append(l.changes, changelog.Change{Seq: l.end, Kind: changelog.DeleteFace, Face: store.FaceID(fmt.Sprint(l.end))})
		}
	}
	return l.end
}

func (l *fakeLog) fault(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fail = err
}

func (l *fakeLog) Changes(_ context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads++
	if l.fail != nil {
		return nil, after, l.fail
	}
	next := max(after, min(l.end, after+uint64(limit)))
	var out []changelog.Change
	for _, c := range l.changes {
		if c.Seq > after && c.Seq <= next {
			out = append(out, c)
		}
	}
	return out, next, nil
}

func (l *fakeLog) Position(context.Context) (uint64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end, l.fail
}

// fakeView remembers what was applied, and when it failed.
type fakeView struct {
	position atomic.Uint64
	mu       sync.Mutex
	applied  []uint64
	batches  []int
	fail     error
	failed   []time.Time
}

func (v *fakeView) fault(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.fail = err
}

func (v *fakeView) Apply(_ context.Context, changes []changelog.Change, next uint64) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.fail != nil {
		v.failed = append(v.failed, time.Now())
		return v.fail
	}
	for _, c := range changes {
		v.applied = append(v.applied, c.Seq)
	}
	v.batches = append(v.batches, len(changes))
	v.position.Store(next)
	return nil
}

func (v *fakeView) Position() uint64 { return v.position.Load() }

// requireAll checks that everything up to end was applied once, in order.
func (v *fakeView) requireAll(t *testing.T, end uint64) {
	t.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	var want []uint64
	for seq := uint64(1); seq <= end; seq++ {
		if seq%3 != 0 {
			want = append(want, seq)
		}
	}
	require.Equal(t, want, v.applied)
	require.Equal(t, end, v.Position())
}

// following runs a follower inside a synctest bubble.
func following(t *testing.T, log *fakeLog, view *fakeView, cfg changelog.FollowerConfig) (f *changelog.Follower, stop func() error) {
	t.Helper()
	f = changelog.NewFollower(log, view, cfg)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	return f, sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
}

func TestFollowInOrder(t *testing.T) {
	for name, batch := range map[string]int{"one by one": 1, "small": 2, "exact": 10, "large": 1000} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, view := &fakeLog{}, &fakeView{}
				log.grow(10)
				f, stop := following(t, log, view, changelog.FollowerConfig{Batch: batch})
				synctest.Wait()
				view.requireAll(t, 10)
				log.grow(10)
				f.Notify()
				synctest.Wait()
				view.requireAll(t, 20)
				for _, n := range view.batches {
					require.LessOrEqual(t, n, batch)
				}
				require.ErrorIs(t, stop(), context.Canceled)
			})
		})
	}
}

func TestFollowFromTheViewsPosition(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		log.grow(10)
		view.position.Store(7)
		_, stop := following(t, log, view, changelog.FollowerConfig{})
		synctest.Wait()
		require.Equal(t, []uint64{8, 10}, view.applied)
		require.Error(t, stop())
	})
}

func TestPoll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		_, stop := following(t, log, view, changelog.FollowerConfig{Poll: time.Minute})
		synctest.Wait()
		log.grow(4)
		time.Sleep(time.Minute - time.Millisecond)
		synctest.Wait()
		require.Zero(t, view.Position(), "nobody has notified")
		time.Sleep(time.Millisecond)
		synctest.Wait()
		view.requireAll(t, 4)
		require.Error(t, stop())
	})
}

// TestNotifyIsKept checks that a notification during a read is not lost.
func TestNotifyIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		f := changelog.NewFollower(log, view, changelog.FollowerConfig{Poll: time.Hour})
		for range 100 {
			f.Notify()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		synctest.Wait()
		require.LessOrEqual(t, log.reads, 2, "notifications add up to one")
		cancel()
		synctest.Wait()
	})
}

func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		log.grow(5)
		f, stop := following(t, log, view, changelog.FollowerConfig{Poll: time.Hour})
		synctest.Wait()
		require.NoError(t, f.Wait(t.Context(), 0))
		require.NoError(t, f.Wait(t.Context(), 5))

		start, waited := time.Now(), make(chan error)
		go func() { waited <- f.Wait(t.Context(), 8) }()
		synctest.Wait()
		log.grow(2)
		f.Notify()
		synctest.Wait()
		select {
		case <-waited:
			t.Fatal("the view is at 7 and the wait for 8 has ended")
		default:
		}
		log.grow(1)
		f.Notify()
		require.NoError(t, <-waited)
		require.Zero(t, time.Since(start), "the wait ends as soon as the view is there")

		log.grow(1)
		require.NoError(t, f.Wait(t.Context(), 9), "a wait looks for what another process has written")
		require.Zero(t, time.Since(start))

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		require.ErrorIs(t, f.Wait(ctx, 100), context.DeadlineExceeded)
		require.Error(t, stop())
	})
}

func TestWaitForStopped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		log.grow(5)
		f, stop := following(t, log, view, changelog.FollowerConfig{})
		synctest.Wait()
		waited := make(chan error)
		go func() { waited <- f.Wait(t.Context(), 6) }()
		synctest.Wait()
		require.ErrorIs(t, stop(), context.Canceled)
		require.ErrorIs(t, <-waited, changelog.ErrStopped)
		require.ErrorIs(t, f.Wait(t.Context(), 6), changelog.ErrStopped)
		require.NoError(t, f.Wait(t.Context(), 5), "the view is there")
		require.ErrorIs(t, f.Err(), context.Canceled)
	})
}

func TestViewErrorIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{fail: errBroken}
		log.grow(10)
		f, stop := following(t, log, view, changelog.FollowerConfig{
			Batch: 4, Retry: time.Second, MaxRetry: 5 * time.Second,
		})
		start := time.Now()
		time.Sleep(20 * time.Second)
		synctest.Wait()
		require.ErrorIs(t, f.Err(), errBroken)
		lag, err := f.Lag(t.Context())
		require.NoError(t, err)
		require.Equal(t, uint64(10), lag)
		var after []time.Duration
		for _, at := range view.failed {
			after = append(after, at.Sub(start)/time.Second)
		}
		require.Equal(t, []time.Duration{0, 1, 3, 7, 12, 17}, after, "pauses double up to the longest")

		view.fault(nil)
		time.Sleep(5 * time.Second)
		synctest.Wait()
		view.requireAll(t, 10)
		require.NoError(t, f.Err())
		lag, err = f.Lag(t.Context())
		require.NoError(t, err)
		require.Zero(t, lag)
		require.Error(t, stop())
	})
}

func TestLogErrorIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{fail: errBroken}, &fakeView{}
		f, stop := following(t, log, view, changelog.FollowerConfig{})
		synctest.Wait()
		require.ErrorIs(t, f.Err(), errBroken, "at the start")
		_, err := f.Lag(t.Context())
		require.ErrorIs(t, err, errBroken)
		log.fault(nil)
		log.grow(3)
		require.NoError(t, f.Wait(t.Context(), 3))
		log.fault(errBroken)
		f.Notify()
		synctest.Wait()
		require.ErrorIs(t, f.Err(), errBroken, "later")
		log.fault(nil)
		log.grow(3)
		require.NoError(t, f.Wait(t.Context(), 6))
		view.requireAll(t, 6)
		require.Error(t, stop())
	})
}

// panickyLog panics when it is read ahead, once.
type panickyLog struct {
	fakeLog
	panicked atomic.Bool
}

func (l *panickyLog) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	if after > 0 && l.panicked.CompareAndSwap(false, true) {
		panic("as told")
	}
	return l.fakeLog.Changes(ctx, after, limit)
}

// A panic of reading ahead does not end the process; the log is read again.
func TestPanicOfReadingAheadIsRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &panickyLog{}, &fakeView{}
		end := log.grow(3)
		f := changelog.NewFollower(log, view, changelog.FollowerConfig{})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		require.NoError(t, f.Wait(t.Context(), end))
		synctest.Wait()
		require.True(t, log.panicked.Load())
		require.ErrorContains(t, f.Err(), "as told")
		require.NoError(t, f.Wait(t.Context(), log.grow(3)))
		view.requireAll(t, 6)
		cancel()
		require.Error(t, <-ended)
	})
}

func TestViewAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		log.grow(5)
		view.position.Store(6)
		f, stop := following(t, log, view, changelog.FollowerConfig{})
		synctest.Wait()
		require.ErrorIs(t, f.Err(), changelog.ErrAhead)
		require.ErrorIs(t, f.Wait(t.Context(), 7), changelog.ErrStopped)
		require.ErrorIs(t, stop(), changelog.ErrAhead)
	})
}

// TestViewTurnsOutAhead has a view that knows its position only later.
func TestViewTurnsOutAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{}
		f, stop := following(t, log, view, changelog.FollowerConfig{})
		synctest.Wait()
		require.NoError(t, f.Err())
		view.position.Store(6)
		f.Notify()
		synctest.Wait()
		require.ErrorIs(t, f.Err(), changelog.ErrAhead)
		require.ErrorIs(t, stop(), changelog.ErrAhead)
	})
}

func TestStopWhileRetrying(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &fakeView{fail: errBroken}
		log.grow(1)
		_, stop := following(t, log, view, changelog.FollowerConfig{Retry: time.Hour})
		synctest.Wait()
		start := time.Now()
		require.ErrorIs(t, stop(), context.Canceled)
		require.Zero(t, time.Since(start))
	})
}

// emptyingView forgets everything once, when it has come to a position.
type emptyingView struct {
	fakeView
	at uint64
}

func (v *emptyingView) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	if err := v.fakeView.Apply(ctx, changes, next); err != nil || v.at == 0 || next < v.at {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applied, v.at = nil, 0
	v.position.Store(0)
	return nil
}

// TestViewIsEmptied has a view that goes back to the start while the log is
// read ahead of it.
func TestViewIsEmptied(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log, view := &fakeLog{}, &emptyingView{at: 50}
		end := log.grow(100)
		f := changelog.NewFollower(log, view, changelog.FollowerConfig{Batch: 7})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		synctest.Wait()
		view.requireAll(t, end)
		cancel()
		require.ErrorIs(t, <-ended, context.Canceled)
	})
}

// waitingView applies nothing before the log has been read once more.
type waitingView struct {
	fakeView
	log *fakeLog
}

func (v *waitingView) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	for {
		v.log.mu.Lock()
		reads := v.log.reads
		v.log.mu.Unlock()
		if reads >= len(v.batches)+2 {
			return v.fakeView.Apply(ctx, changes, next)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestReadsAheadOfTheView(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeLog{}
		view := &waitingView{log: log}
		end := log.grow(100)
		f := changelog.NewFollower(log, view, changelog.FollowerConfig{Batch: 10})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		ended := make(chan error, 1)
		go func() { ended <- f.Run(ctx) }()
		require.NoError(t, f.Wait(ctx, end))
		view.requireAll(t, end)
		cancel()
		<-ended
	})
}

// pickyView holds no deletion at the positions that it finds unfit.
type pickyView struct {
	fakeView
	unfit map[uint64]bool
}

func (v *pickyView) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	var seqs []uint64
	for _, c := range changes {
		if v.unfit[c.Seq] {
			seqs = append(seqs, c.Seq)
		}
		if c.Lost() {
			return errBroken
		}
	}
	if len(seqs) > 0 {
		return fmt.Errorf("apply: %w", &changelog.UnfitError{Seqs: seqs[:1], Err: errBroken})
	}
	return v.fakeView.Apply(ctx, changes, next)
}

// TestSetAside checks that what is damaged or unfit keeps nothing else from
// being applied, is told once, and is forgotten when a later change mends it.
func TestSetAside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &fakeLog{}
		log.grow(20)
		log.changes[0].Kind, log.changes[0].Damage = 0, errBroken                 // 1: the log's row
		log.changes[1].Kind, log.changes[1].Damage = changelog.PutFace, errBroken // 2: a template
		log.changes[2].Damage = errBroken                                         // 4: applied all the same
		log.changes[len(log.changes)-1].Face = "2"                                // 20
		view := &pickyView{unfit: map[uint64]bool{5: true, 7: true, 11: true}}
		told := make(map[uint64]int)
		f := changelog.NewFollower(log, view, changelog.FollowerConfig{Batch: 6, SetAside: func(c changelog.Change) {
			require.ErrorIs(t, c.Damage, errBroken)
			told[c.Seq]++
		}})
		ctx, cancel := context.WithCancel(t.Context())
		go func() { _ = f.Run(ctx) }()
		synctest.Wait()
		require.NoError(t, f.Err())
		require.Equal(t, uint64(20), view.Position())
		require.Equal(t, []uint64{4, 8, 10, 13, 14, 16, 17, 19, 20}, view.applied)

		view.position.Store(0) // emptied
		view.applied = nil
		f.Notify()
		synctest.Wait()
		require.Len(t, view.applied, 9)
		require.Equal(t, map[uint64]int{1: 1, 2: 2, 4: 1, 5: 1, 7: 1, 11: 1}, told)
		aside, more := f.Aside()
		require.False(t, more)
		var seqs []uint64
		for _, c := range aside {
			seqs = append(seqs, c.Seq)
		}
		require.Equal(t, []uint64{1, 4, 5, 7, 11}, seqs)
		cancel()
		synctest.Wait()
	})
}
