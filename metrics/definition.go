package metrics

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
)

// prefix begins the names of all that is this program's own.
const prefix = "oneton_"

// Definition is a metric of the program's own.
type Definition struct {
	// Name is whole, and Type counter, gauge or histogram.
	Name, Type string
	Labels     []string
	Help       string
}

// Definitions are all of them, by name.
func (m *Metrics) Definitions() []Definition {
	return slices.SortedFunc(slices.Values(m.defined), func(a, b Definition) int { return strings.Compare(a.Name, b.Name) })
}

// Table is a row for each, as the documents have it: name, type, labels, help.
func (m *Metrics) Table() string {
	var rows strings.Builder
	for _, d := range m.Definitions() {
		labels := ""
		if len(d.Labels) > 0 {
			labels = "`" + strings.Join(d.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&rows, "| `%s` | %s | %s | %s |\n", d.Name, d.Type, labels, d.Help)
	}
	return rows.String()
}

func (m *Metrics) define(name, kind, help string, labels []string) string {
	m.defined = append(m.defined, Definition{prefix + name, kind, labels, help})
	return prefix + name
}

func (m *Metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	c := prometheus.NewCounterVec(prometheus.CounterOpts{Name: m.define(name, "counter", help, labels), Help: help}, labels)
	m.registry.MustRegister(c)
	return c
}

func (m *Metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: m.define(name, "gauge", help, labels), Help: help}, labels)
	m.registry.MustRegister(g)
	return g
}

func (m *Metrics) histogram(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	h := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: m.define(name, "histogram", help, labels), Help: help, Buckets: buckets}, labels)
	m.registry.MustRegister(h)
	return h
}

// durations are in seconds, from what a small gallery's search takes to what a
// request may take by default.
func durations() []float64 {
	return []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}
}

// oneOf is value where it is one of a list, and else "other".
func oneOf(value string, list []string) string {
	if slices.Contains(list, value) {
		return value
	}
	return "other"
}
