package changelog_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
)

// faulty panics as often as it says.
type faulty struct{ ofReads, ofApplies int }

func (f *faulty) panicOnce(n *int, what string) {
	if *n > 0 {
		*n--
		panic("fault of " + what)
	}
}

type faultyLog struct {
	*fakeLog
	*faulty
}

func (l faultyLog) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	if after > 0 { // in the goroutine that reads ahead
		l.panicOnce(&l.ofReads, "a read")
	}
	return l.fakeLog.Changes(ctx, after, limit)
}

type faultyView struct {
	*fakeView
	*faulty
}

func (v faultyView) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	v.panicOnce(&v.ofApplies, "an apply")
	return v.fakeView.Apply(ctx, changes, next)
}

// TestPanicsAreRetried makes the log and the view panic: the follower says so
// and goes on.
func TestPanicsAreRetried(t *testing.T) {
	for name, fault := range map[string]faulty{"log": {ofReads: 1}, "view": {ofApplies: 1}, "both": {ofReads: 2, ofApplies: 3}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log, view := &fakeLog{}, &fakeView{}
				log.grow(10)
				f := changelog.NewFollower(faultyLog{log, &fault}, faultyView{view, &fault}, changelog.FollowerConfig{Batch: 5, Retry: time.Second})
				ctx, cancel := context.WithCancel(t.Context())
				ended := make(chan error, 1)
				go func() { ended <- f.Run(ctx) }()
				synctest.Wait()
				require.ErrorIs(t, f.Err(), changelog.ErrPanicked)
				require.Contains(t, f.Err().Error(), "fault_test.go", "the stack")
				require.NoError(t, f.Wait(ctx, 10))
				view.requireAll(t, 10)
				synctest.Wait()
				require.NoError(t, f.Err())
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled)
			})
		})
	}
}

// apart is a view that is further in gallery "far".
type apart struct{ *fakeView }

func (v apart) Reached(_ store.TenantID, gallery store.GalleryID) uint64 {
	if gallery == "far" {
		return v.Position() + 100
	}
	return v.Position()
}

func TestWaitFor(t *testing.T) {
	log, view := &fakeLog{}, &fakeView{}
	f := changelog.NewFollower(log, apart{view}, changelog.FollowerConfig{})
	soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	require.NoError(t, f.WaitFor(soon, "t", "far", 100))
	require.ErrorIs(t, f.WaitFor(soon, "t", "near", 1), context.DeadlineExceeded)
	whole := changelog.NewFollower(log, view, changelog.FollowerConfig{})
	require.ErrorIs(t, whole.WaitFor(soon, "t", "far", 1), context.DeadlineExceeded, "a view of one position")
	require.NoError(t, whole.WaitFor(soon, "t", "far", 0))
}
