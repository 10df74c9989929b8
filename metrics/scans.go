package metrics

import "github.com/prometheus/client_golang/prometheus"

type scanMetrics struct {
	rows, bytes, uncertified *prometheus.CounterVec
	rescored                 *prometheus.HistogramVec
}

func (m *Metrics) newScans() scanMetrics {
	s := scanMetrics{
		rows:        m.counter("index_scanned_rows_total", "Rows that scans of the exact index went over."),
		bytes:       m.counter("index_scanned_bytes_total", "Bytes of quantised planes of these rows; a scan with a high threshold skips a part of them."),
		uncertified: m.counter("index_uncertified_scans_total", "Scans in which memory disagreed with the vectors, answered by comparing with every vector: a fault of the memory."),
		rescored:    m.histogram("index_rescored_rows", "Survivors of a scan: rows compared in float64.", prometheus.ExponentialBuckets(1, 4, 10)),
	}
	for _, c := range []*prometheus.CounterVec{s.rows, s.bytes, s.uncertified} {
		c.WithLabelValues()
	}
	s.rescored.WithLabelValues()
	return s
}

// Scanned counts a scan of the exact index: the rows it went over and their bytes, how
// many were compared in float64, and whether memory agreed.
func (m *Metrics) Scanned(rows int, bytes int64, rescored int, certified bool) {
	m.scans.rows.WithLabelValues().Add(float64(rows))
	m.scans.bytes.WithLabelValues().Add(float64(bytes))
	m.scans.rescored.WithLabelValues().Observe(float64(rescored))
	if !certified {
		m.scans.uncertified.WithLabelValues().Inc()
	}
}
