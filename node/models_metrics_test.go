package node_test

import (
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"

	"oneton/config"
	"oneton/embed/embedtest"
	"oneton/server/servertest"
)

// A photo's stages before the real models, and the workers that it takes, are counted
// and traced as they are.
func TestStagesOfRealModels(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it computes with the models")
	}
	embedtest.Models(t)
	c := &collecting{}
	collector := httptest.NewServer(c)
	t.Cleanup(collector.Close)
	r := servertest.Start(t, servertest.Options{Models: true, Settings: func(cfg *config.Config) {
		cfg.Admin.Listen, cfg.Traces.URL = "127.0.0.1:0", collector.URL+"/v1/traces"
	}})
	key := r.Key(t, "acme", "*")
	r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
	enrol := map[string]any{"id": "obama", "photo": embedtest.Photo(t, "obama.jpg")}
	require.Equal(t, http.StatusCreated, r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/subjects", enrol).Status)
	before := scrape(t, r)

	const traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	body := []byte(`{"photo":"` + encode(embedtest.Photo(t, "obama2.jpg")) + `"}`)
	answer := r.Do(t, key, http.MethodPost, "/v1/galleries/staff/search", "application/json", body, "Traceparent: 00-"+traceID+"-00f067aa0ba902b7-01")
	require.Equal(t, http.StatusOK, answer.Status, "%s", answer.Body)
	after := scrape(t, r)
	stages := []string{"queue", "decode", "detect", "recognise", "wait", "search", "read"}
	for _, stage := range stages {
		sample := `{outcome="ok",stage="` + stage + `"}`
		require.Greater(t, after["oneton_stage_duration_seconds_count"+sample], before["oneton_stage_duration_seconds_count"+sample], stage)
		require.Greater(t, after["oneton_stage_duration_seconds_sum"+sample], before["oneton_stage_duration_seconds_sum"+sample], stage)
	}
	const recognised = `oneton_stage_duration_seconds_sum{outcome="ok",stage="recognise"}`
	require.Greater(t, after[recognised]-before[recognised], 0.001, "a network takes longer than a millisecond")
	require.Equal(t, before[`oneton_pool_wait_seconds_count{pool="compute"}`]+1, after[`oneton_pool_wait_seconds_count{pool="compute"}`])
	require.Positive(t, after[`oneton_pool_workers{pool="compute"}`])
	require.Zero(t, after[`oneton_pool_busy{pool="compute"}`])
	require.Equal(t, 1., after[`oneton_search_answers_total{answer="one",pack="default"}`])

	var all []*spans.Span
	require.Eventually(t, func() bool {
		all = c.of(traceID)
		return len(all) > 0 && ofName(all, "POST /v1/galleries/:gallery/search") != nil
	}, 20*time.Second, 20*time.Millisecond)
	root := ofName(all, "POST /v1/galleries/:gallery/search")
	for _, s := range all {
		if s == root {
			continue
		}
		require.Equal(t, hex.EncodeToString(root.SpanId), hex.EncodeToString(s.ParentSpanId), s.Name)
		require.LessOrEqual(t, root.StartTimeUnixNano, s.StartTimeUnixNano, s.Name)
		require.GreaterOrEqual(t, root.EndTimeUnixNano, s.EndTimeUnixNano, s.Name)
		t.Logf("%-10s %-8s +%.2f ms, %.2f ms", s.Name, attribute(s, "oneton.outcome"),
			float64(s.StartTimeUnixNano-root.StartTimeUnixNano)/1e6, float64(s.EndTimeUnixNano-s.StartTimeUnixNano)/1e6)
	}
	for _, stage := range stages {
		require.NotNil(t, ofName(all, stage), stage)
	}
	order := []string{"queue", "decode", "detect", "recognise", "search"}
	for i := range order[1:] {
		require.LessOrEqual(t, ofName(all, order[i]).StartTimeUnixNano, ofName(all, order[i+1]).StartTimeUnixNano, order[i+1])
	}
}

// ofName is the first span of the name; nil is none.
func ofName(all []*spans.Span, name string) *spans.Span {
	for _, s := range all {
		if s.Name == name {
			return s
		}
	}
	return nil
}
