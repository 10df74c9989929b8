package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type writeMetrics struct {
	waits, commits *prometheus.HistogramVec
	batches        *prometheus.HistogramVec
	checkpoints    *prometheus.CounterVec
}

func (m *Metrics) newWrites() writeMetrics {
	w := writeMetrics{
		waits:       m.histogram("database_write_wait_seconds", "Time that a write waited for those before it.", durations()),
		commits:     m.histogram("database_commit_seconds", "Time of a commit, from its begin until the disk had it.", durations()),
		batches:     m.histogram("database_commit_writes", "Writes that shared a commit.", []float64{1, 2, 4, 8, 16, 32, 64}),
		checkpoints: m.counter("database_checkpoints_total", "Times that SQLite's write-ahead log was to be emptied: `ok`, `held` by a reader, or `failed`.", "outcome"),
	}
	w.waits.WithLabelValues()
	w.commits.WithLabelValues()
	w.batches.WithLabelValues()
	for _, outcome := range checkpoints() {
		w.checkpoints.WithLabelValues(outcome)
	}
	return w
}

func checkpoints() []string { return []string{"ok", "held", "failed"} }

// Wrote counts a write, which had waited for those before it.
func (m *Metrics) Wrote(waited time.Duration) {
	m.writes.waits.WithLabelValues().Observe(waited.Seconds())
}

// Committed counts a commit of so many writes.
func (m *Metrics) Committed(writes int, took time.Duration) {
	m.writes.commits.WithLabelValues().Observe(took.Seconds())
	m.writes.batches.WithLabelValues().Observe(float64(writes))
}

// Checkpointed counts an attempt to empty the write-ahead log.
func (m *Metrics) Checkpointed(outcome string) {
	m.writes.checkpoints.WithLabelValues(oneOf(outcome, checkpoints())).Inc()
}
