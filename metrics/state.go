package metrics

import (
	"context"
	"slices"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// states are what is not counted as it happens, but read at each scrape.
type states struct {
	descs map[string]state
	mu    sync.Mutex
	reads []read
}

type state struct {
	desc *prometheus.Desc
	kind prometheus.ValueType
}

type read struct {
	of string
	do func(ctx context.Context, tell Tell) error
}

// Tell tells what a metric is at, by its name without the prefix and the values of its
// labels in their order.
type Tell func(name string, value float64, labels ...string)

// newStates defines what is read.
func (m *Metrics) newStates() {
	m.states.descs = map[string]state{}
	gauge := func(name, help string, labels ...string) { m.read(prometheus.GaugeValue, "gauge", name, help, labels) }
	counter := func(name, help string, labels ...string) {
		m.read(prometheus.CounterValue, "counter", name, help, labels)
	}
	gauge("pool_workers", "Workers that compute at once.", "pool")
	gauge("pool_busy", "Workers at work.", "pool")
	gauge("pool_queue", "Callers that wait for a worker.", "pool")
	gauge("pool_queue_limit", "Callers that may wait.", "pool")

	gauge("http_connections", "Open connections: `busy`, `idle` (they wait for the next request) or `spare` (beyond the bounds, for health alone).", "state")
	counter("http_connections_closed_total", "Connections closed to make room: `idle` ones, and new ones `refused`.", "why")
	gauge("http_body_memory_bytes", "Memory that bodies take.")
	gauge("http_body_memory_limit_bytes", "Memory that bodies may take.")

	gauge("log_position", "Position of the change log's end.")
	gauge("index_position", "Position of the log up to which the index has come.")
	gauge("index_lag", "Positions that the index is behind the log.")
	gauge("index_following", "1 while the index follows the log, 0 while it meets an error.")
	gauge("index_set_aside_faces", "Damaged faces that searches go without, up to 1,000.")
	gauge("index_faces", "Faces in the index, of all galleries.")
	gauge("index_galleries", "Galleries in the index that have faces.")
	gauge("index_bytes", "What the exact index takes: `hot` memory that scans read, `cold` memory, and `disk`.", "of")

	gauge("jobs", "Jobs that have not ended, by kind and status, `queued` or `running`, of all processes of the database.", "kind", "status")
	gauge("job_oldest_due_seconds", "For how long the oldest job of the kind that may begin has been waiting; 0 when none waits.", "kind")

	gauge("database_up", "1 when the database answered this scrape.")
	gauge("database_bytes", "Size of SQLite's `file` and its write-ahead `log`, or of PostgreSQL's `file`s.", "of")
	gauge("database_full", "1 while the disk takes only removals.")
	gauge("database_unerased_seconds", "For how long bytes of something deleted have been waiting to be erased from SQLite's files; 0 when nothing waits.")
	gauge("database_connections", "Connections of SQLite's or PostgreSQL's pool, by pool, `readers` or `writer`, and state, `busy` or `idle`.", "pool", "state")
	counter("database_connection_waits_total", "Reads and writes that waited for a connection.", "pool")
	counter("database_connection_wait_seconds_total", "Time that they waited.", "pool")

	counter("trace_spans_total", "Spans of traces: `ended`, and of them `exported` to the collector or `failed`, which it did not take; the rest waits or found no room.", "outcome")
	m.registry.MustRegister(m)
}

func (m *Metrics) read(value prometheus.ValueType, kind, name, help string, labels []string) {
	full := m.define(name, kind, help, labels)
	m.states.descs[name] = state{prometheus.NewDesc(full, help, labels, nil), value}
}

// Read has do asked at each scrape. Its error costs the rest of what it tells, and is
// logged with what it is of.
func (m *Metrics) Read(of string, do func(ctx context.Context, tell Tell) error) {
	m.states.mu.Lock()
	defer m.states.mu.Unlock()
	m.states.reads = append(m.states.reads, read{of, do})
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(descs chan<- *prometheus.Desc) {
	for _, s := range m.states.descs {
		descs <- s.desc
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(samples chan<- prometheus.Metric) {
	m.states.mu.Lock()
	reads := slices.Clone(m.states.reads)
	m.states.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	for _, r := range reads {
		err := r.do(ctx, func(name string, value float64, labels ...string) {
			s := m.states.descs[name]
			samples <- prometheus.MustNewConstMetric(s.desc, s.kind, value, labels...)
		})
		if err != nil {
			m.log.Warn().Err(err).Str("of", r.of).Msg("some metrics could not be read")
		}
	}
}
