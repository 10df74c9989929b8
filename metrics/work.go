package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type workMetrics struct {
	attempts, waits *prometheus.HistogramVec
	ended           *prometheus.CounterVec
	posts           *prometheus.HistogramVec
	deliveries      *prometheus.CounterVec
	items           *prometheus.CounterVec
}

// Posts are what can come of one request to a receiver.
func Posts() []string {
	return []string{"taken", "redirected", "refused", "failed", "timeout", "unreachable", "not_allowed"}
}

func (m *Metrics) newWork() workMetrics {
	seconds := prometheus.ExponentialBuckets(.01, 4, 10) // up to 44 minutes
	w := workMetrics{
		attempts:   m.histogram("job_attempt_duration_seconds", "Time that an attempt at a job took, by kind and what came of it: `ok`, `refused` (its input cannot be used), `busy`, `cancelled`, `timeout`, `again` or `failed`.", seconds, "kind", "outcome"),
		waits:      m.histogram("job_wait_seconds", "Time from when a job might begin to when it did, by kind.", seconds, "kind"),
		ended:      m.counter("jobs_ended_total", "Jobs that this process has ended, by kind and how: `succeeded`, `failed` or `invalid`.", "kind", "status"),
		posts:      m.histogram("webhook_post_duration_seconds", "Time that a request to a receiver took, by what came of it: `taken`, `redirected`, `refused` (status 4xx), `failed` (5xx), `timeout`, `unreachable` or `not_allowed` (by the settings).", durations(), "outcome"),
		deliveries: m.counter("webhook_deliveries_total", "Deliveries that have ended: `delivered`, or `failed` after all tries, a dead letter.", "state"),
		items:      m.counter("import_items_total", "Photos of imports through the API that are done: `added`, `present` (enrolled before), `skipped` (the person was there before) or `refused`; an attempt that is made again tells of its own.", "outcome"),
	}
	for _, outcome := range items() {
		w.items.WithLabelValues(outcome)
	}
	for _, state := range []string{"delivered", "failed"} {
		w.deliveries.WithLabelValues(state)
	}
	return w
}

func items() []string { return []string{"added", "present", "skipped", "refused"} }

func endings() []string { return []string{"succeeded", "failed", "invalid"} }

// Kind has what ends of a kind of jobs counted from 0, so that the first failure is an
// increase.
func (m *Metrics) Kind(kind string) {
	for _, status := range endings() {
		m.work.ended.WithLabelValues(kind, status)
	}
}

// Attempted counts an attempt at a job of a kind that the program knows.
func (m *Metrics) Attempted(kind, outcome string, waited, took time.Duration) {
	m.work.attempts.WithLabelValues(kind, oneOf(outcome, append(Outcomes(), "again"))).Observe(took.Seconds())
	m.work.waits.WithLabelValues(kind).Observe(waited.Seconds())
}

// Ended counts a job that has ended.
func (m *Metrics) Ended(kind, status string) {
	m.work.ended.WithLabelValues(kind, oneOf(status, endings())).Inc()
}

// Posted counts a request to a receiver.
func (m *Metrics) Posted(outcome string, took time.Duration) {
	m.work.posts.WithLabelValues(oneOf(outcome, Posts())).Observe(took.Seconds())
}

// Delivered counts a delivery that has ended.
func (m *Metrics) Delivered(state string) {
	m.work.deliveries.WithLabelValues(oneOf(state, []string{"delivered", "failed"})).Inc()
}

// Items counts n more photos of imports.
func (m *Metrics) Items(outcome string, n int) {
	m.work.items.WithLabelValues(oneOf(outcome, items())).Add(float64(n))
}
