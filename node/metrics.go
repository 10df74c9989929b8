package node

import (
	"context"
	"runtime"

	"oneton/build"
	"oneton/metrics"
	"oneton/pool"
	"oneton/search"
	"oneton/store"
)

// program is what the program knows of itself.
func program() metrics.Build {
	from := build.Read()
	b := metrics.Build{Version: from.Version, Revision: from.Revision, Go: runtime.Version()}
	if set, err := search.New(search.Config{Dimension: 1, Workers: 1}); err == nil {
		b.Kernel = set.Kernel()
		_ = set.Close()
	}
	return b
}

// measure has what a node is at read at each scrape.
func (n *Node) measure() {
	n.metrics.Read("connections", n.readServer)
	n.metrics.Read("workers", n.readPools)
	n.metrics.Read("the index", n.readIndex)
	n.metrics.Read("jobs", n.readJobs)
	n.metrics.Read("the database", n.readDatabase)
	if n.tracer != nil {
		n.metrics.Read("traces", n.readTraces)
	}
}

func (n *Node) readServer(_ context.Context, tell metrics.Tell) error {
	load := n.Server.Load()
	tell("http_connections", float64(load.Busy), "busy")
	tell("http_connections", float64(load.Idle), "idle")
	tell("http_connections", float64(load.Spare), "spare")
	tell("http_connections_closed_total", float64(load.Closed), "idle")
	tell("http_connections_closed_total", float64(load.Refused), "refused")
	tell("http_body_memory_bytes", float64(load.Bodies))
	tell("http_body_memory_limit_bytes", float64(load.MostBodies))
	return nil
}

func (n *Node) readPools(_ context.Context, tell metrics.Tell) error {
	pools := map[string]pool.Load{"passwords": n.Tokens.Load()}
	if models, ok := n.embedder.(*Models); ok {
		pools["compute"] = models.workers.Load()
	}
	for name, load := range pools {
		tell("pool_workers", float64(load.Workers), name)
		tell("pool_busy", float64(load.Busy), name)
		tell("pool_queue", float64(load.Waiting), name)
		tell("pool_queue_limit", float64(load.Queue), name)
	}
	return nil
}

func (n *Node) readJobs(ctx context.Context, tell metrics.Tell) error {
	all, err := n.Jobs.Loads(ctx)
	for _, l := range all {
		n.metrics.Kind(l.Kind)
		tell("jobs", float64(l.Queued), l.Kind, "queued")
		tell("jobs", float64(l.Running), l.Kind, "running")
		tell("job_oldest_due_seconds", l.Oldest.Seconds(), l.Kind)
	}
	return err
}

func (n *Node) readDatabase(ctx context.Context, tell metrics.Tell) error {
	full := 0.
	if n.Truth.Full() {
		full = 1
	}
	tell("database_full", full)
	tell("database_unerased_seconds", n.Truth.unerased().Seconds())
	db, ok := n.Truth.Store.(interface {
		Load(ctx context.Context) (store.Load, error)
	})
	if !ok {
		return nil
	}
	load, err := db.Load(ctx)
	if err != nil {
		return err
	}
	tell("database_bytes", float64(load.File), "file")
	if _, shared := n.Truth.Store.(store.Listener); !shared {
		tell("database_bytes", float64(load.Log), "log")
	}
	for _, p := range load.Pools {
		tell("database_connections", float64(p.Busy), p.Name, "busy")
		tell("database_connections", float64(p.Idle), p.Name, "idle")
		tell("database_connection_waits_total", float64(p.Waits), p.Name)
		tell("database_connection_wait_seconds_total", p.Waited.Seconds(), p.Name)
	}
	return nil
}

func (n *Node) readTraces(_ context.Context, tell metrics.Tell) error {
	counts := n.tracer.Counts()
	tell("trace_spans_total", float64(counts.Ended), "ended")
	tell("trace_spans_total", float64(counts.Exported), "exported")
	tell("trace_spans_total", float64(counts.Failed), "failed")
	return nil
}

func (n *Node) readIndex(ctx context.Context, tell metrics.Tell) error {
	at := n.engine.Position() // before the log's, which grows
	following := 0.0
	if n.engine.failing() == nil {
		following = 1
	}
	aside, _ := n.engine.aside()
	tell("index_position", float64(at))
	tell("index_following", following)
	tell("index_set_aside_faces", float64(len(aside)))
	if e, ok := n.engine.(*exactEngine); ok {
		size := e.Size()
		tell("index_faces", float64(size.Faces))
		tell("index_galleries", float64(size.Galleries))
		tell("index_bytes", float64(size.Hot), "hot")
		tell("index_bytes", float64(size.Cold), "cold")
		tell("index_bytes", float64(size.Disk), "disk")
	}
	end, err := n.Truth.Store.Position(ctx)
	if err != nil {
		tell("database_up", 0)
		return err
	}
	tell("database_up", 1)
	tell("log_position", float64(end))
	tell("index_lag", float64(end-min(end, at)))
	return nil
}
