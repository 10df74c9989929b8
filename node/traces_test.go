package node_test

import (
	"encoding/hex"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	spans "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"oneton/config"
	"oneton/server/servertest"
)

// collecting is a collector that keeps what it is sent.
type collecting struct {
	mu      sync.Mutex
	spans   []*spans.Span
	raw     strings.Builder
	headers http.Header
}

func (c *collecting) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	var sent collector.ExportTraceServiceRequest
	if r.URL.Path != "/v1/traces" || proto.Unmarshal(body, &sent) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = r.Header
	c.raw.Write(body)
	for _, of := range sent.ResourceSpans {
		c.raw.WriteString(of.Resource.String())
		for _, scope := range of.ScopeSpans {
			c.spans = append(c.spans, scope.Spans...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func (c *collecting) of(traceID string) (all []*spans.Span) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, s := range c.spans {
		if hex.EncodeToString(s.TraceId) == traceID {
			all = append(all, s)
		}
	}
	return all
}

func traced(t *testing.T, more ...func(*config.Config)) (*servertest.Rig, *collecting) {
	t.Helper()
	c := &collecting{}
	s := httptest.NewServer(c)
	t.Cleanup(s.Close)
	return watched(t, append(more, func(cfg *config.Config) {
		cfg.Traces.URL, cfg.Traces.Headers = s.URL+"/v1/traces", []string{"Authorization: Bearer let-me-in"}
	})...), c
}

func attribute(s *spans.Span, key string) string {
	for _, a := range s.Attributes {
		if a.Key == key {
			return a.Value.GetStringValue()
		}
	}
	return ""
}

// A request's spans reach the collector, below the caller's span and in its trace.
func TestTraceOfASearch(t *testing.T) {
	// What the environment says to OpenTelemetry's libraries does not count.
	t.Setenv("OTEL_RESOURCE_ATTRIBUTES", "host.name=planted-host")
	t.Setenv("OTEL_TRACES_SAMPLER", "always_off")
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-planted=planted")
	t.Setenv("OTEL_SERVICE_NAME", "planted-name")
	r, c := traced(t)
	key := r.Key(t, "planted-tenant", "*")
	person := servertest.Of(t, "ada", 1)
	r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "planted-gallery"})
	enrol := map[string]any{"id": "planted-subject", "photo": person, "metadata": map[string]string{"planted-key": "planted-value"}}
	require.Equal(t, http.StatusCreated, r.JSON(t, key, http.MethodPost, "/v1/galleries/planted-gallery/subjects", enrol).Status)
	const traceID, caller = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
	body := []byte(`{"photo":"` + encode(person) + `"}`)
	a := r.Do(t, key, http.MethodPost, "/v1/galleries/planted-gallery/search", "application/json", body,
		"Traceparent: 00-"+traceID+"-"+caller+"-01", "Tracestate: vendor=planted-state", "Baggage: user=planted-baggage", "User-Agent: planted-agent")
	require.Equal(t, http.StatusOK, a.Status)

	require.Eventually(t, func() bool { return len(c.of(traceID)) >= 4 }, 20*time.Second, 20*time.Millisecond)
	all := c.of(traceID)
	byName := map[string]*spans.Span{}
	for _, s := range all {
		byName[s.Name] = s
	}
	root := byName["POST /v1/galleries/:gallery/search"]
	require.NotNil(t, root)
	require.Equal(t, caller, hex.EncodeToString(root.ParentSpanId))
	require.Equal(t, spans.Span_SPAN_KIND_SERVER, root.Kind)
	require.Equal(t, "native", attribute(root, "oneton.api"))
	require.Equal(t, "/v1/galleries/:gallery/search", attribute(root, "http.route"))
	for _, stage := range []string{"wait", "search", "read"} {
		s := byName[stage]
		require.NotNil(t, s, stage)
		require.Equal(t, root.SpanId, s.ParentSpanId, stage)
		require.Equal(t, "ok", attribute(s, "oneton.outcome"))
		require.LessOrEqual(t, root.StartTimeUnixNano, s.StartTimeUnixNano)
		require.GreaterOrEqual(t, root.EndTimeUnixNano, s.EndTimeUnixNano)
		require.LessOrEqual(t, s.StartTimeUnixNano, s.EndTimeUnixNano)
	}
	require.Equal(t, "Bearer let-me-in", c.headers.Get("Authorization"))

	// Nothing of a person, nor what clients or the environment add, is told anyone.
	c.mu.Lock()
	raw := c.raw.String()
	c.mu.Unlock()
	for what, told := range map[string]string{"spans": raw, "metrics": exposition(t, r), "headers": c.headers.Get("X-Planted"), "goroutines": profile(t, r, "goroutine?debug=1"), "heap": profile(t, r, "heap?debug=1")} {
		require.NotContains(t, told, "planted", what)
		require.NotContains(t, told, key, what)
		require.NotContains(t, told, "let-me-in", what)
	}
	require.NotContains(t, r.Log.String(), "planted-subject")
	require.NotContains(t, r.Log.String(), "planted-value")
	require.NotContains(t, r.Log.String(), "let-me-in")
	require.NotContains(t, r.Log.String(), "planted-state")
}

// An attempt at a job is found in the collector by the id that the API tells.
func TestTraceOfAJob(t *testing.T) {
	r, c := traced(t)
	key := r.Key(t, "acme", "*")
	r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
	var i struct{ Job string }
	line := []byte(`{"subject":"ada","photo":"` + encode(servertest.Of(t, "ada", 1)) + `"}`)
	r.Do(t, key, http.MethodPost, "/v1/galleries/staff/imports", "application/x-ndjson", line).Into(t, http.StatusAccepted, &i)
	require.NotEmpty(t, i.Job)
	require.Eventually(t, func() bool {
		c.mu.Lock()
		defer c.mu.Unlock()
		return slices.ContainsFunc(c.spans, func(s *spans.Span) bool { return s.Name == "job import" && attribute(s, "oneton.job.id") == i.Job })
	}, 20*time.Second, 20*time.Millisecond)
}

// A caller that says so is not traced, and what is no traceparent begins a trace.
func TestTraceDecisions(t *testing.T) {
	r, c := traced(t)
	key := r.Key(t, "acme", "*")
	const off, on = "11111111111111111111111111111111", "22222222222222222222222222222222"
	get := func(parent string) {
		require.Equal(t, http.StatusOK, r.Do(t, key, http.MethodGet, "/v1/galleries", "", nil, "Traceparent: "+parent).Status)
	}
	get("00-" + off + "-00f067aa0ba902b7-00")
	for _, bad := range []string{"", "00", "planted", strings.Repeat("0", 4000), "00-00000000000000000000000000000000-00f067aa0ba902b7-01", "ff-" + off + "-00f067aa0ba902b7-01"} {
		get(bad)
	}
	get("00-" + on + "-00f067aa0ba902b7-01")
	require.Eventually(t, func() bool { return len(c.of(on)) == 1 }, 20*time.Second, 20*time.Millisecond)
	require.Empty(t, c.of(off))
	c.mu.Lock()
	roots := 0
	for _, s := range c.spans {
		if s.Name == "GET /v1/galleries" && len(s.ParentSpanId) == 0 {
			roots++
		}
	}
	c.mu.Unlock()
	require.Equal(t, 6, roots)
}

// A collector that is away costs spans and nothing else, and the log says so once.
func TestCollectorAway(t *testing.T) {
	r := watched(t, func(cfg *config.Config) { cfg.Traces.URL = "http://127.0.0.1:9/v1/traces" })
	key := r.Key(t, "acme", "*")
	for range 3 {
		require.Equal(t, http.StatusOK, r.Do(t, key, http.MethodGet, "/v1/galleries", "", nil).Status)
	}
	require.Eventually(t, func() bool { return scrape(t, r)[`oneton_trace_spans_total{outcome="failed"}`] >= 3 }, 20*time.Second, 50*time.Millisecond)
	require.Equal(t, 1, strings.Count(r.Log.String(), "takes no spans"))
}
