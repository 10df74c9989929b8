package limit

// Len is how many windows are kept.
func (m *Memory) Len() int { return len(m.windows) }

// Ended is how many used-up windows are kept.
func (l *Limiter) Ended() int { return len(l.ended) }
