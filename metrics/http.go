package metrics

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type httpMetrics struct {
	requests, problems *prometheus.CounterVec
	durations          *prometheus.HistogramVec
	received, sent     *prometheus.CounterVec
}

// methods are those that requests are told apart by.
func methods() []string {
	return []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
}

func (m *Metrics) newHTTP() httpMetrics {
	return httpMetrics{
		requests: m.counter("http_requests_total", "Requests answered, by API, method, route pattern and class of the status.", "api", "method", "route", "status"),
		problems: m.counter("http_problems_total", "Requests refused or failed, by API and stable error code.", "api", "code"),
		durations: m.histogram("http_request_duration_seconds", "Time from a request's head to its answer, by API and route pattern.",
			durations(), "api", "route"),
		received: m.counter("http_received_bytes_total", "Bytes of bodies read, by API.", "api"),
		sent:     m.counter("http_sent_bytes_total", "Bytes of answers' bodies, by API.", "api"),
	}
}

// Request counts an answered request. The route is a pattern of the API's, and the
// code one of its own; empty is no problem.
func (m *Metrics) Request(api, method, route, code string, status, received, sent int, took time.Duration) {
	class := strconv.Itoa(status/100) + "xx"
	m.http.requests.WithLabelValues(api, oneOf(method, methods()), route, class).Inc()
	m.http.durations.WithLabelValues(api, route).Observe(took.Seconds())
	if code != "" {
		m.http.problems.WithLabelValues(api, code).Inc()
	}
	m.http.received.WithLabelValues(api).Add(float64(received))
	m.http.sent.WithLabelValues(api).Add(float64(sent))
}
