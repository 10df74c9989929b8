// Package metrics counts what a process does, for Prometheus. The other rooms say
// what happens in interfaces of their own, in plain words and numbers; which of it is
// counted, and how, is here alone.
//
// A label has a value of a short list, whatever a client sends: routes are patterns,
// and nothing names a tenant, a gallery, a person, a key, an address or a file.
package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"
)

// Metrics are those of one process. They are safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	defined  []Definition
	log      zerolog.Logger

	http    httpMetrics
	stages  stageMetrics
	answers answerMetrics
	scans   scanMetrics
	work    workMetrics
	writes  writeMetrics
	states  states
}

// Build is what a program knows of itself.
type Build struct{ Version, Revision, Go, Kernel string }

// New makes the metrics, all of them at 0. What cannot be read at a scrape is logged.
func New(b Build, log zerolog.Logger) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(), log: log}
	m.http = m.newHTTP()
	m.stages = m.newStages()
	m.answers = m.newAnswers()
	m.scans = m.newScans()
	m.work = m.newWork()
	m.writes = m.newWrites()
	m.newStates()
	m.gauge("build_info", "1, with what the program was built from and the kernel that scans templates.",
		"version", "revision", "go", "kernel").WithLabelValues(b.Version, b.Revision, b.Go, b.Kernel).Set(1)
	m.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// scrapeTime bounds what a scrape asks of the database.
const scrapeTime = 5 * time.Second

// Handler answers a scrape. What cannot be read is left out, and the rest is told.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError,
		MaxRequestsInFlight: 4,
	})
}

// Gatherer is where the samples are read.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }
