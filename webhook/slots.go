package webhook

import "sync"

// slots bound how much is done at once for each of many.
type slots struct {
	each int
	mu   sync.Mutex
	busy map[string]int
}

func newSlots(each int) *slots { return &slots{each: each, busy: map[string]int{}} }

// take takes a slot, which is to be freed, or is false when none is free.
func (s *slots) take(of string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[of] >= s.each {
		return false
	}
	s.busy[of]++
	return true
}

func (s *slots) free(of string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[of]--; s.busy[of] == 0 {
		delete(s.busy, of)
	}
}
