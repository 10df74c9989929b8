package trace

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
)

// failedEvery is how often the log tells that the collector takes nothing.
const failedEvery = time.Minute

// exporter counts what the collector takes. A collector that is away costs spans and
// nothing else.
type exporter struct {
	sdk.SpanExporter
	resource              *resource.Resource
	log                   zerolog.Logger
	ended, exported, lost atomic.Uint64
	told                  atomic.Int64
}

// ExportSpans implements sdk.SpanExporter.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdk.ReadOnlySpan) error {
	own := make([]sdk.ReadOnlySpan, len(spans))
	for i, s := range spans {
		own[i] = ofResource{s, e.resource}
	}
	err := e.SpanExporter.ExportSpans(ctx, own)
	if err == nil {
		e.exported.Add(uint64(len(spans)))
		return nil
	}
	e.lost.Add(uint64(len(spans)))
	now := time.Now().UnixNano()
	if told := e.told.Load(); now-told >= int64(failedEvery) && e.told.CompareAndSwap(told, now) {
		e.log.Warn().Err(err).Msg("the collector of traces takes no spans; requests go on without")
	}
	return nil // what the library does with it would go past the log
}

// ofResource is a span of a resource to which the library has added nothing that the
// environment says.
type ofResource struct {
	sdk.ReadOnlySpan

	resource *resource.Resource
}

// Resource implements sdk.ReadOnlySpan.
func (s ofResource) Resource() *resource.Resource { return s.resource }

// bounded counts the spans that are handed to the processor.
type bounded struct {
	sdk.SpanProcessor
	exporter *exporter
}

// OnEnd implements sdk.SpanProcessor.
func (b *bounded) OnEnd(s sdk.ReadOnlySpan) {
	if s.SpanContext().IsSampled() {
		b.exporter.ended.Add(1)
	}
	b.SpanProcessor.OnEnd(s)
}

// Counts are how many sampled spans have ended, and of them how many the collector has
// taken and has not; the rest waits, or found no room.
type Counts struct{ Ended, Exported, Failed uint64 }

// Counts tells what became of spans.
func (t *Tracer) Counts() Counts {
	return Counts{Ended: t.exporter.ended.Load(), Exported: t.exporter.exported.Load(), Failed: t.exporter.lost.Load()}
}
