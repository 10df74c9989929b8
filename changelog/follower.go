package changelog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"oneton/store"
)

// FollowerConfig says how a follower paces itself; a zero field takes the
// default that its comment names.
type FollowerConfig struct {
	// Poll is the pause after which the log is read without being notified,
	// since another process may have written it: 1 s.
	Poll time.Duration
	// Batch is the most entries read at once: 1024.
	Batch int
	// Retry is the pause after a first error: 20 ms. It doubles with each
	// further one, up to MaxRetry: 5 s.
	Retry, MaxRetry time.Duration
	// SetAside, unless nil, is told once of each change that the view goes on
	// without, or without its metadata, with the reason as its Damage.
	SetAside func(Change)
}

// Follower brings one view along a log.
type Follower struct {
	log  Log
	view View
	cfg  FollowerConfig
	// notified holds at most one call for the loop's attention.
	notified chan struct{}
	aside    aside

	mu sync.Mutex
	// moved is closed, and replaced, when the view has moved or Run has ended.
	moved   chan struct{}
	failing error
	stopped error
}

// NewFollower returns a follower that waits for Run.
func NewFollower(log Log, view View, cfg FollowerConfig) *Follower {
	cfg.Poll = cmp.Or(cfg.Poll, time.Second)
	cfg.Batch = cmp.Or(cfg.Batch, 1024)
	cfg.Retry = cmp.Or(cfg.Retry, 20*time.Millisecond)
	cfg.MaxRetry = cmp.Or(cfg.MaxRetry, 5*time.Second)
	return &Follower{
		log: log, view: view, cfg: cfg,
		notified: make(chan struct{}, 1),
		moved:    make(chan struct{}),
	}
}

// Run applies the log to the view, in order and from the view's own position.
// An error or a panic of the log or of the view is retried until it is gone;
// nothing is skipped but what is damaged in the log or unfit for the view. Run
// ends with ctx, whose error it returns, or with ErrAhead. It is called once.
func (f *Follower) Run(ctx context.Context) error {
	err := f.retry(ctx, f.check)
	for err == nil {
		if err = f.retry(ctx, f.catchUp); err != nil {
			break
		}
		select {
		case <-ctx.Done():
			err = ctx.Err()
		case <-f.notified:
		case <-time.After(f.cfg.Poll):
		}
	}
	f.tell(func() { f.stopped = err })
	return err
}

// retry calls do until it succeeds, ctx ends or ErrAhead ends all attempts.
func (f *Follower) retry(ctx context.Context, do func(context.Context) error) error {
	for pause := f.cfg.Retry; ; pause = min(2*pause, f.cfg.MaxRetry) {
		err := guard(func() error { return do(ctx) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.mu.Lock()
		f.failing = err
		f.mu.Unlock()
		if err == nil || errors.Is(err, ErrAhead) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// check tells a view that belongs to another log. A view that could not say its
// position before does so at any time.
func (f *Follower) check(ctx context.Context) error {
	at := f.view.Position() // before the log's, which grows
	end, err := f.log.Position(ctx)
	if err != nil {
		return fmt.Errorf("read the log's position: %w", err)
	}
	if at > end {
		return fmt.Errorf("%w: it is at %d and the log ends at %d", ErrAhead, at, end)
	}
	return nil
}

// batch is what a read of the log after a position returned.
type batch struct {
	after, next uint64
	changes     []Change
	err         error
}

func (f *Follower) read(ctx context.Context, after uint64) batch {
	b := batch{after: after}
	b.err = guard(func() (err error) {
		b.changes, b.next, err = f.log.Changes(ctx, after, f.cfg.Batch)
		return err
	})
	if b.err != nil {
		b.err = fmt.Errorf("read the log after %d: %w", after, b.err)
	}
	return b
}

// guard makes a panic of do an error, with its stack.
func guard(do func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v\n%s", ErrPanicked, v, debug.Stack())
		}
	}()
	return do()
}

// catchUp applies batches until the log ends. It reads one while it applies
// the one before.
func (f *Follower) catchUp(ctx context.Context) error {
	b := f.read(ctx, f.view.Position())
	for b.err == nil && b.next != b.after {
		ahead := make(chan batch, 1)
		go func() { ahead <- f.read(ctx, b.next) }()
		// Even a panic waits for the read that was begun.
		err := guard(func() error { return f.apply(ctx, b) })
		following := <-ahead
		if err != nil {
			return fmt.Errorf("apply the log from %d to %d: %w", b.after, b.next, err)
		}
		f.tell(func() { f.failing = nil })
		b = following
		// A view that was emptied meanwhile begins anew.
		if at := f.view.Position(); at != b.after {
			b = f.read(ctx, at)
		}
	}
	if b.err != nil {
		return b.err
	}
	return f.check(ctx)
}

// apply brings the view to the end of a batch, without what it cannot hold.
func (f *Follower) apply(ctx context.Context, b batch) error {
	changes := f.sift(b.changes, nil)
	for {
		err := f.view.Apply(ctx, changes, b.next)
		unfit, ok := errors.AsType[*UnfitError](err)
		if !ok {
			if err == nil {
				f.aside.overtake(changes)
			}
			return err
		}
		left := f.sift(changes, unfit)
		if len(left) == len(changes) {
			return err
		}
		changes = left
	}
}

// sift moves the changes that are neither lost nor among those that the view
// found unfit, if any, to the front and returns them, and notes the others.
func (f *Follower) sift(changes []Change, unfit *UnfitError) []Change {
	left := changes[:0]
	for _, c := range changes {
		out := c.Lost()
		if unfit != nil && slices.Contains(unfit.Seqs, c.Seq) {
			c.Damage, out = unfit.Err, true
		}
		if !out {
			left = append(left, c)
		}
		if c.Damage != nil && f.aside.note(c) && f.cfg.SetAside != nil {
			f.cfg.SetAside(c)
		}
	}
	return left
}

// Aside are the changes that the view goes on without since this follower
// began, by position, with the reasons as their Damage. Those are left out
// which a later change has made good. They are at most 1,000; more tells that
// there were others.
func (f *Follower) Aside() (changes []Change, more bool) { return f.aside.list() }

// tell makes a change of state and wakes all who wait.
func (f *Follower) tell(change func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	change()
	close(f.moved)
	f.moved = make(chan struct{})
}

// Notify says that the log has grown. It never blocks.
func (f *Follower) Notify() {
	select {
	case f.notified <- struct{}{}:
	default:
	}
}

// Wait returns once the view has applied the log up to position: at once when
// it has. Otherwise it returns ctx's error, or ErrStopped when Run has ended.
func (f *Follower) Wait(ctx context.Context, position uint64) error {
	return f.wait(ctx, func() bool { return f.view.Position() >= position })
}

// WaitFor is Wait for the changes of one gallery, in which a view may have come
// further than its position.
func (f *Follower) WaitFor(ctx context.Context, tenant store.TenantID, gallery store.GalleryID, position uint64) error {
	v, ok := f.view.(interface {
		Reached(tenant store.TenantID, gallery store.GalleryID) uint64
	})
	if !ok {
		return f.Wait(ctx, position)
	}
	return f.wait(ctx, func() bool { return v.Reached(tenant, gallery) >= position })
}

func (f *Follower) wait(ctx context.Context, there func() bool) error {
	for {
		f.mu.Lock()
		moved, stopped := f.moved, f.stopped
		f.mu.Unlock()
		if there() {
			return nil
		}
		if stopped != nil {
			return fmt.Errorf("%w: %w", ErrStopped, stopped)
		}
		// The position may be another process's, of which only the waiter knows.
		f.Notify()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}

// Position is the position that the view has reached.
func (f *Follower) Position() uint64 { return f.view.Position() }

// Lag is how many positions the view is behind the log.
func (f *Follower) Lag(ctx context.Context) (uint64, error) {
	end, err := f.log.Position(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the log's position: %w", err)
	}
	return end - min(end, f.view.Position()), nil
}

// Err is the error that is being retried, or that ended Run; nil while the
// view follows.
func (f *Follower) Err() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return cmp.Or(f.stopped, f.failing)
}
