package node

import (
	"context"
	"errors"
	"net"
	"time"

	"oneton/admin"
	"oneton/build"
	"oneton/config"
	"oneton/identify"
	"oneton/imports"
	"oneton/job"
	"oneton/metrics"
	"oneton/pool"
	"oneton/server"
	"oneton/trace"
	"oneton/webhook"
)

// observe has the rooms tell the metrics and the traces, where an operator asks for
// either.
func (n *Node) observe(cfg *config.Config) (err error) {
	if !cfg.Admin.On() && !cfg.Traces.On() {
		return nil
	}
	n.metrics = metrics.New(program(), n.log)
	if cfg.Traces.On() {
		if n.tracer, err = trace.Open(cfg.Traces, build.Read().Version, n.log); err != nil {
			return err
		}
	}
	o := observer{n.metrics, n.tracer}
	cfg.Pool.Waited, cfg.Identity.Waited = o.waited("compute"), o.waited("passwords")
	cfg.Embed.Stages, cfg.Identify.Observer, cfg.Server.Observer = o, o, requests{o}
	cfg.Jobs.Observer, cfg.Webhooks.Observer, cfg.Store.Observer = attempts{o}, o, o
	cfg.Index.Scanned = n.metrics.Scanned
	return nil
}

// openAdmin listens for the operator.
func (n *Node) openAdmin() (err error) {
	if !n.cfg.Admin.On() {
		return nil
	}
	n.measure()
	n.admin, err = admin.Listen(n.cfg.Admin, n.metrics.Handler())
	return err
}

// AdminAddr is where the operator is served; nil is nowhere.
func (n *Node) AdminAddr() net.Addr {
	if n.admin == nil {
		return nil
	}
	return n.admin.Addr()
}

// observer tells the metrics and the traces what the rooms do. The tracer may be nil.
type observer struct {
	*metrics.Metrics

	tracer *trace.Tracer
}

// Begin implements the rooms' Stages.
func (o observer) Begin(ctx context.Context, stage string) (context.Context, func(error)) {
	begun, end := time.Now(), func(string) {}
	if o.tracer != nil {
		ctx, end = o.tracer.Stage(ctx, stage)
	}
	return ctx, func(err error) {
		word := outcome(err)
		o.Stage(stage, word, time.Since(begun))
		end(word)
	}
}

// Searched implements identify.Observer.
func (o observer) Searched(pack string, answer identify.Outcome) {
	o.Metrics.Searched(pack, string(answer))
}

// Delivered implements webhook.Observer.
func (o observer) Delivered(s webhook.State) { o.Metrics.Delivered(string(s)) }

// Items implements imports.Observer.
func (o observer) Items(outcome imports.Outcome, n int) { o.Metrics.Items(string(outcome), n) }

// waited is for a pool of the name.
func (o observer) waited(name string) func(time.Duration, error) {
	return func(waited time.Duration, err error) {
		why := ""
		switch {
		case errors.Is(err, pool.ErrBusy):
			why = "busy"
		case errors.Is(err, pool.ErrClosed):
			why = "closed"
		case err != nil:
			why = "left"
		}
		o.Waited(name, why, waited)
	}
}

// requests tells of requests.
type requests struct{ observer }

// Begin implements server.Observer.
func (o requests) Begin(ctx context.Context, parent string) (context.Context, func(server.Request)) {
	end := func(trace.Request) {}
	if o.tracer != nil {
		ctx, end = o.tracer.Request(ctx, parent)
	}
	return ctx, func(r server.Request) {
		o.Request(r.API, r.Method, r.Route, r.Code, r.Status, r.Received, r.Sent, r.Took)
		end(trace.Request{API: r.API, Method: r.Method, Route: r.Route, Code: r.Code, Status: r.Status})
	}
}

// attempts tells of jobs.
type attempts struct{ observer }

// Begin implements job.Observer.
func (o attempts) Begin(ctx context.Context, id job.ID, kind string, waited time.Duration) (context.Context, func(error, bool)) {
	begun, end := time.Now(), func(string) {}
	if o.tracer != nil {
		ctx, end = o.tracer.Job(ctx, string(id), kind)
	}
	return ctx, func(err error, again bool) {
		word := outcome(err)
		if again {
			word = "again"
		}
		o.Attempted(kind, word, waited, time.Since(begun))
		end(word)
	}
}

// Ended implements job.Observer.
func (o attempts) Ended(kind string, s job.Status) { o.Metrics.Ended(kind, string(s)) }
