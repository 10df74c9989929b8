// Package trace tells an OpenTelemetry collector where requests' time went. A span has
// a name of a short list and attributes that no client chooses: nothing of a person, a
// tenant or a photo leaves by it, and nothing at all unless the operator names a
// collector.
package trace

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const (
	// queue is how many spans wait for the collector at most; a batch is sent when it is
	// full or old.
	queue, batch = 8192, 512
	delay        = time.Second
	patience     = 5 * time.Second
	// closing is how long a stop waits for the collector.
	closing = 2 * time.Second
	// most bounds what one span has.
	most = 16
)

// Tracer makes spans. It is safe for concurrent use.
type Tracer struct {
	provider *sdk.TracerProvider
	tracer   trace.Tracer
	exporter *exporter
}

// Open begins to send spans where the configuration, which must be On, says. What the
// environment says to OpenTelemetry's libraries does not count.
func Open(cfg Config, version string, log zerolog.Logger) (*Tracer, error) {
	headers := map[string]string{}
	for _, h := range cfg.Headers {
		name, value, _ := strings.Cut(h, ":")
		headers[name] = strings.TrimSpace(value)
	}
	transport := &http.Transport{MaxIdleConns: 1, IdleConnTimeout: time.Minute} // no proxy of the environment's
	sender, err := otlptracehttp.New(context.Background(),
		otlptracehttp.WithEndpointURL(cfg.URL), otlptracehttp.WithHeaders(headers), otlptracehttp.WithTimeout(patience),
		otlptracehttp.WithCompression(otlptracehttp.NoCompression), otlptracehttp.WithRetry(otlptracehttp.RetryConfig{}),
		otlptracehttp.WithHTTPClient(&http.Client{Transport: transport, Timeout: patience}))
	if err != nil {
		return nil, fmt.Errorf("open traces: %w", err)
	}
	own := resource.NewSchemaless(attribute.String("service.name", "oneton"), attribute.String("service.version", version))
	t := &Tracer{exporter: &exporter{SpanExporter: sender, resource: own, log: log}}
	t.provider = sdk.NewTracerProvider(
		sdk.WithResource(own),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(cfg.Ratio))),
		sdk.WithRawSpanLimits(sdk.SpanLimits{
			AttributeValueLengthLimit: 128, AttributeCountLimit: most, EventCountLimit: 0, LinkCountLimit: most,
			AttributePerEventCountLimit: 0, AttributePerLinkCountLimit: 0,
		}),
		sdk.WithSpanProcessor(&bounded{SpanProcessor: sdk.NewBatchSpanProcessor(t.exporter,
			sdk.WithMaxQueueSize(queue), sdk.WithMaxExportBatchSize(batch), sdk.WithBatchTimeout(delay), sdk.WithExportTimeout(patience)), exporter: t.exporter}),
	)
	t.tracer = t.provider.Tracer("oneton")
	return t, nil
}

// Request begins a request's span, in the trace that the caller's traceparent names
// where it is one (W3C Trace Context); what is beside it, in tracestate and baggage, is
// not taken.
func (t *Tracer) Request(ctx context.Context, parent string) (context.Context, func(Request)) {
	if parent != "" {
		ctx = propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{"traceparent": parent})
	}
	ctx, span := t.tracer.Start(ctx, "request", trace.WithSpanKind(trace.SpanKindServer))
	return ctx, func(r Request) {
		span.SetName(r.Method + " " + r.Route)
		span.SetAttributes(
			attribute.String("oneton.api", r.API), attribute.String("http.request.method", r.Method), attribute.String("http.route", r.Route),
			attribute.Int("http.response.status_code", r.Status))
		if r.Code != "" {
			span.SetAttributes(attribute.String("error.type", r.Code))
		}
		if r.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Request is what is told of one.
type Request struct {
	API, Method, Route, Code string
	Status                   int
}

// Stage begins a span of a stage of the work; the outcome ends it.
func (t *Tracer) Stage(ctx context.Context, stage string) (context.Context, func(outcome string)) {
	return t.begin(ctx, stage)
}

// Job begins a trace of an attempt at the job of the kind; the outcome ends it.
func (t *Tracer) Job(ctx context.Context, id, kind string) (context.Context, func(outcome string)) {
	return t.begin(ctx, "job "+kind, trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(attribute.String("oneton.job.id", id)))
}

func (t *Tracer) begin(ctx context.Context, name string, options ...trace.SpanStartOption) (context.Context, func(string)) {
	ctx, span := t.tracer.Start(ctx, name, options...)
	return ctx, func(outcome string) {
		span.SetAttributes(attribute.String("oneton.outcome", outcome))
		if outcome == "failed" {
			span.SetStatus(codes.Error, "")
		}
		span.End()
	}
}

// Close sends what waits, for a while, and ends.
func (t *Tracer) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closing)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.exporter.log.Warn().Err(err).Msg("not all spans were sent")
	}
	return nil
}
