package pool

// Load is what a pool is at.
type Load struct {
	// Workers are those that compute at once for long, of which Busy are at work; for a
	// while one more may be.
	Workers, Busy int
	// Waiting are callers that wait, of at most Queue.
	Waiting, Queue int
}

// Load tells what the pool is at.
func (p *Pool) Load() Load {
	p.mu.Lock()
	defer p.mu.Unlock()
	return Load{Workers: p.workers, Busy: p.busy, Waiting: p.waits, Queue: p.queue}
}
