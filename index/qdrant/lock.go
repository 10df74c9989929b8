package qdrant

import (
	"context"
	"hash/maphash"
	"slices"

	"golang.org/x/sync/semaphore"
)

const (
	// lockStripes is how many locks the galleries share.
	lockStripes = 256
	// allReaders is a writer's share of a lock.
	allReaders = 1 << 30
)

// locks let the searches of a gallery wait for its changes and the other way
// round, first come, first served, and no longer than their context lets them.
type locks struct {
	seed    maphash.Seed
	stripes [lockStripes]*semaphore.Weighted
}

func newLocks() *locks {
	l := &locks{seed: maphash.MakeSeed()}
	for i := range l.stripes {
		l.stripes[i] = semaphore.NewWeighted(allReaders)
	}
	return l
}

func (l *locks) stripe(k galleryKey) int {
	return int(maphash.Comparable(l.seed, k) % lockStripes)
}

// read waits until nothing changes the gallery.
func (l *locks) read(ctx context.Context, k galleryKey) (release func(), err error) {
	s := l.stripes[l.stripe(k)]
	if err := s.Acquire(ctx, 1); err != nil {
		return nil, err
	}
	return func() { s.Release(1) }, nil
}

// write waits until nobody searches the galleries.
func (l *locks) write(ctx context.Context, keys []galleryKey) (release func(), err error) {
	stripes := make([]int, len(keys))
	for i, k := range keys {
		stripes[i] = l.stripe(k)
	}
	// In one order, so that two writers do not wait for each other.
	slices.Sort(stripes)
	stripes = slices.Compact(stripes)
	held := 0
	release = func() {
		for _, i := range stripes[:held] {
			l.stripes[i].Release(allReaders)
		}
	}
	for _, i := range stripes {
		if err := l.stripes[i].Acquire(ctx, allReaders); err != nil {
			release()
			return nil, err
		}
		held++
	}
	return release, nil
}
