package metrics

import (
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type stageMetrics struct {
	durations *prometheus.HistogramVec
	waits     *prometheus.HistogramVec
	refused   *prometheus.CounterVec
}

// Stages are what requests and jobs go through.
func Stages() []string {
	return []string{"queue", "decode", "detect", "recognise", "liveness", "wait", "search", "read", "store"}
}

// Outcomes are how a stage or a job's attempt can end.
func Outcomes() []string { return []string{"ok", "refused", "busy", "cancelled", "timeout", "failed"} }

// Pools are those of workers that computation waits for.
func Pools() []string { return []string{"compute", "passwords"} }

func (m *Metrics) newStages() stageMetrics {
	s := stageMetrics{
		durations: m.histogram("stage_duration_seconds", "Time that one stage of a photo's way took, by outcome: `ok`, `refused` (what was sent cannot be used), `busy`, `cancelled`, `timeout` or `failed` (the server's fault).",
			durations(), "stage", "outcome"),
		waits:   m.histogram("pool_wait_seconds", "Time that who got a worker of the pool had waited for it.", durations(), "pool"),
		refused: m.counter("pool_refused_total", "Who got no worker: `busy` when the queue was full, `left` when the caller's time was over or it had gone, `closed`.", "pool", "why"),
	}
	for _, stage := range Stages() {
		s.durations.WithLabelValues(stage, "ok")
	}
	for _, pool := range Pools() {
		s.waits.WithLabelValues(pool)
		for _, why := range refusals() {
			s.refused.WithLabelValues(pool, why)
		}
	}
	return s
}

func refusals() []string { return []string{"busy", "left", "closed"} }

// Stage counts a stage that has ended.
func (m *Metrics) Stage(stage, outcome string, took time.Duration) {
	m.stages.durations.WithLabelValues(oneOf(stage, Stages()), oneOf(outcome, Outcomes())).Observe(took.Seconds())
}

// Waited counts who waited for a worker of a pool. An empty why is who got one.
func (m *Metrics) Waited(pool, why string, waited time.Duration) {
	if !slices.Contains(Pools(), pool) {
		pool = "other"
	}
	if why == "" {
		m.stages.waits.WithLabelValues(pool).Observe(waited.Seconds())
		return
	}
	m.stages.refused.WithLabelValues(pool, oneOf(why, refusals())).Inc()
}
