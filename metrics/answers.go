package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

type answerMetrics struct {
	searches, verifications, looked *prometheus.CounterVec
	cosines, margins                *prometheus.HistogramVec
	faces                           *prometheus.CounterVec
}

// Near is how far from the threshold, in cosine, a best cosine counts as near it: half
// of the margin by which one answer must be ahead of the next.
const Near = 0.05

func (m *Metrics) newAnswers() answerMetrics {
	var cosines, margins []float64
	for c := -4; c < 20; c++ {
		cosines = append(cosines, float64(c)/20)
	}
	for c := -12; c <= 12; c++ {
		margins = append(margins, float64(c)/40)
	}
	return answerMetrics{
		searches:      m.counter("search_answers_total", "Faces searched, by pack and answer: `nobody`, `one` or `several`.", "pack", "answer"),
		verifications: m.counter("verify_answers_total", "Comparisons, by pack and answer: `yes` or `no`.", "pack", "answer"),
		looked:        m.counter("search_looked_total", "Searches whose best cosine is known whatever the threshold, by pack: those that the histograms of best cosines and margins count.", "pack"),
		cosines: m.histogram("best_cosine", "Best cosine in the gallery of a face searched, by pack and by whom it was taken for: a `mate` (somebody was found) or a `stranger`.",
			cosines, "pack", "of"),
		margins: m.histogram("best_cosine_margin", "Best cosine less the threshold, by pack: the share between -0.05 and 0.05 is that of answers that a small drift would change.",
			margins, "pack"),
		faces: m.counter("faces_total", "Faces seen in photos, by pack and whether they could be used: `good`, `poor` (some quality reason) or `not_comparable`.", "pack", "quality"),
	}
}

// Searched counts an answer: one of nobody, one and several.
func (m *Metrics) Searched(pack, answer string) {
	m.answers.searches.WithLabelValues(pack, oneOf(answer, []string{"nobody", "one", "several"})).Inc()
}

// Looked counts the best cosine of a face searched, whether or not it reached the
// threshold.
func (m *Metrics) Looked(pack string, best, threshold float64) {
	of := "stranger"
	if best >= threshold {
		of = "mate"
	}
	m.answers.looked.WithLabelValues(pack).Inc()
	m.answers.cosines.WithLabelValues(pack, of).Observe(best)
	m.answers.margins.WithLabelValues(pack).Observe(best - threshold)
}

// Verified counts a comparison.
func (m *Metrics) Verified(pack string, match bool) {
	answer := "no"
	if match {
		answer = "yes"
	}
	m.answers.verifications.WithLabelValues(pack, answer).Inc()
}

// Seen counts a face of a photo.
func (m *Metrics) Seen(pack, quality string) {
	m.answers.faces.WithLabelValues(pack, oneOf(quality, []string{"good", "poor", "not_comparable"})).Inc()
}
