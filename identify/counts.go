package identify

import (
	"context"
	"fmt"
	"sync"
	"time"

	"oneton/store"
)

const (
	// countsAge is for how long counts are told again: who looks at many galleries, or
	// all the time, has none of them counted more often.
	countsAge = 10 * time.Second
	// countsKept is of how many galleries they are remembered.
	countsKept = 1000
)

// counts remembers what galleries hold.
type counts struct {
	mu    sync.Mutex
	known map[store.GalleryID]counted
}

type counted struct {
	store.Counts

	at time.Time
}

// Counts is how much a gallery holds, or did some seconds ago.
func (s *Service) Counts(ctx context.Context, by store.Actor, gallery string) (store.Counts, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return store.Counts{}, err
	}
	// One gallery is counted at a time, since that reads all of it.
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	now := time.Now()
	if c, ok := s.counts.known[g.ID]; ok && now.Sub(c.at) < countsAge {
		return c.Counts, nil
	}
	c, err := s.store.Counts(ctx, g.ID)
	if err != nil {
		return store.Counts{}, fmt.Errorf("count: %w", galleryError(gallery, err))
	}
	if s.counts.known == nil || len(s.counts.known) >= countsKept {
		s.counts.known = make(map[store.GalleryID]counted)
	}
	s.counts.known[g.ID] = counted{c, now}
	return c, nil
}
