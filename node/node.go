package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/sync/errgroup"

	"oneton/config"
	"oneton/embed"
	"oneton/embed/pack"
	"oneton/identify"
	"oneton/server"
	"oneton/server/native"
	"oneton/server/uqudo"
	"oneton/setup"
)

// retentionInterval is how often faces past their gallery's retention are
// looked for.
const retentionInterval = time.Minute

// compactInterval is how often useless rows of the change log are looked for.
const compactInterval = time.Hour

// watchInterval is how often it is looked whether the index follows.
const watchInterval = time.Second

// heldErasure is after how long the log has a line on an erasure that has not
// come to its end.
const heldErasure = time.Minute

// Node is one oneton process: the truth, a view of it, the models and the
// HTTP server, put together by the configuration.
type Node struct {
	Truth    *Truth
	cfg      config.Config
	log      zerolog.Logger
	embedder *embed.Embedder
	engine   engine
	service  *identify.Service
	server   *server.Server
	damages  damages

	conversions conversions
}

// Open opens and connects every part. Models and library are where the
// configuration says, or where set-up put them.
func Open(ctx context.Context, cfg config.Config, log zerolog.Logger) (_ *Node, err error) {
	n := &Node{cfg: cfg, log: log}
	defer func() {
		if err != nil {
			err = errors.Join(err, n.Close())
		}
	}()
	if n.embedder, err = OpenEmbedder(cfg); err != nil {
		return nil, err
	}
	if n.Truth, err = OpenTruth(ctx, cfg); err != nil {
		return nil, err
	}
	if n.engine, err = openEngine(ctx, cfg, n.Truth, log); err != nil {
		return nil, err
	}
	service := cfg.Identify
	service.DefaultPack = n.embedder.Packs()[0]
	if n.service, err = identify.New(service, n.embedder, n.engine, n.engine, n.Truth.Store); err != nil {
		return nil, err
	}
	if err := identify.PrepareSpaces(ctx, n.embedder, n.Truth.Store); err != nil {
		return nil, err
	}
	tokens, err := n.Truth.secret.Keys("uqudo tokens")
	if err != nil {
		return nil, err
	}
	dialect, err := uqudo.New(uqudo.Config{TokenKeys: tokens}, n.service, n.Truth.Access)
	if err != nil {
		return nil, err
	}
	n.server, err = server.New(cfg.Server, n.ready, log, native.New(n.service, n.Truth.Access), dialect)
	return n, err
}

// OpenEmbedder loads the packs that the settings name.
func OpenEmbedder(cfg config.Config) (*embed.Embedder, error) {
	groups := []setup.Group{setup.Runtime}
	for _, name := range cfg.Packs {
		if g := setup.Group(name); slices.Contains(setup.Groups(), g) {
			groups = append(groups, g)
		}
	}
	paths, err := setup.Find(cfg.Setup, groups...)
	if err != nil {
		return nil, err
	}
	packs := make([]*pack.Pack, len(cfg.Packs))
	for i, name := range cfg.Packs {
		if packs[i], err = pack.Open(name, paths.Models); err != nil {
			return nil, err
		}
	}
	at := cfg.Embed
	at.Library = paths.Library
	return embed.New(at, packs...)
}

// ready tells whether requests should come here.
func (n *Node) ready(ctx context.Context) error {
	position, err := n.Truth.Store.Position(ctx)
	if err != nil {
		return err
	}
	if err := n.settled(ctx); err != nil {
		return err
	}
	if err := n.engine.ready(ctx, position); err != nil {
		return err
	}
	aside, _ := n.engine.aside()
	unconverted := n.conversions.setAsideIDs()
	damaged, err := n.damages.kinds(ctx, n.Truth.Store, n.log)
	if err != nil {
		return err
	}
	if len(aside) == 0 && len(unconverted) == 0 && len(damaged) == 0 {
		return nil
	}
	const named = 10
	faces := make([]string, 0, len(aside)+len(unconverted))
	for _, c := range aside {
		faces = append(faces, string(c.Face))
	}
	for _, id := range unconverted {
		if !slices.Contains(faces, id) {
			faces = append(faces, id)
		}
	}
	d := &server.Degraded{SetAside: len(faces), Damaged: damaged}
	for _, id := range faces[:min(named, len(faces))] {
		d.Faces = append(d.Faces, cmp.Or(id, "unknown"))
	}
	return d
}

// Serve answers on the listener until ctx ends, then drains and returns. It logs
// what an operator should know of the start.
func (n *Node) Serve(ctx context.Context, ln net.Listener) error {
	n.announce(ln.Addr())
	defer func() { n.log.Info().Msg("stopped") }()
	background, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	work, failed := errgroup.WithContext(background)
	// Without any of its parts the server answers what is under way and ends.
	part := func(doing string, do func() error) {
		work.Go(func() error { return guarded(n.log, doing, do) })
	}
	part("follow the database", func() error { return n.engine.run(failed) })
	part("convert faces", func() error { return n.convert(failed) })
	part("watch the index", func() error { return n.watch(failed) })
	part("delete expired faces", func() error { return n.expire(failed) })
	part("compact the log", func() error { return n.compact(failed) })
	if listener, ok := n.Truth.Store.(interface {
		Listen(ctx context.Context, notify func()) error
	}); ok {
		part("listen to the database", func() error { return listener.Listen(failed, n.engine.Notify) })
	}
	part("serve", func() error { return n.server.Serve(ln) })
	work.Go(func() error {
		defer stop() // the rest works until the last request is answered
		select {
		case <-ctx.Done():
		case <-failed.Done():
		}
		drain, cancel := context.WithTimeout(background, answering(n.cfg.Drain, n.cfg.Server.DrainDelay))
		defer cancel()
		return n.server.Shutdown(drain)
	})
	if err := work.Wait(); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// expire deletes faces past their gallery's retention until ctx ends, and looks
// for what is damaged.
func (n *Node) expire(ctx context.Context) error {
	began := time.Now()
	c := &clock{path: clockPath(n.cfg.Data)}
	for {
		now := time.Now()
		n.sweep(ctx, c, now, now.Sub(began))
		if err := n.damages.look(ctx, n.Truth.Store, n.log); err != nil && ctx.Err() == nil {
			n.log.Error().Err(err).Msg("could not look for damage in the database, and will try again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retentionInterval):
		}
	}
}

// sweep deletes the faces that are past their gallery's retention now, unless
// the clock is doubted.
func (n *Node) sweep(ctx context.Context, c *clock, now time.Time, passed time.Duration) {
	var deleted int
	err := guarded(n.log, "delete expired faces", func() error {
		believed, ahead, err := c.check(now, passed)
		if !believed {
			err = errors.Join(err, n.hold(ctx, now, ahead))
			now = time.Unix(0, 0) // at which nothing is expired; what was dropped is purged
		}
		var failed error
		deleted, failed = n.Truth.Store.DeleteExpired(ctx, now)
		return errors.Join(err, failed)
	})
	switch {
	case errors.Is(err, context.Canceled):
		return
	case err != nil:
		n.log.Error().Err(err).Msg("retention failed and will be tried again")
	}
	if deleted > 0 {
		n.engine.Notify()
		n.log.Info().Int("faces", deleted).Msg("deleted expired faces")
	}
}

// hold says what is not deleted because the clock is doubted.
func (n *Node) hold(ctx context.Context, now time.Time, ahead time.Duration) error {
	expired, err := n.Truth.Store.Expired(ctx, now)
	faces := 0
	for _, e := range expired {
		faces += e.Faces
	}
	if faces > 0 {
		n.log.Warn().Int("faces", faces).Time("clock", now).Stringer("ahead", ahead.Round(time.Second)).
			Msg("retention is held up: the clock is ahead of what this server has seen pass; where it is right, 'oneton retention accept' goes on, as a day of waiting does")
	}
	return err
}

// compact removes what is useless of the change log until ctx ends.
func (n *Node) compact(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(compactInterval):
		}
		removed, err := n.Truth.Store.CompactLog(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			n.log.Error().Err(err).Msg("the change log was not compacted; it will be tried again")
		case removed > 0:
			n.log.Info().Int("rows", removed).Msg("compacted the change log")
		}
	}
}

// watch logs when the index stops following the database, and when it follows
// again; and likewise when the disk is full and when erasure is held up.
func (n *Node) watch(ctx context.Context) error {
	for failing, full, held := false, false, false; ; {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(watchInterval):
		}
		switch was := full; {
		case n.Truth.Full() && !was:
			full = true
			n.log.Error().Msg("the disk is full; deletions and searches go on, and nothing can be added until there is room")
		case was && !n.Truth.Full():
			full = false
			n.log.Info().Msg("the disk has room again")
		}
		if was := held; was != (n.Truth.unerased() > heldErasure) {
			held = !was
			if held {
				n.log.Warn().Msg("bytes of what was deleted are still in the database's files: much is left to remove, or a reader of another process, such as a backup, holds the write-ahead log")
			} else {
				n.log.Info().Msg("nothing that was deleted is left in the database's files")
			}
		}
		err := n.engine.failing()
		switch was := failing; {
		case ctx.Err() != nil:
			return nil
		case err != nil && !was:
			n.log.Error().Err(err).Msg("the index does not follow the database; searches wait for it or fail")
		case err == nil && was:
			n.log.Info().Msg("the index follows the database again")
		}
		failing = err != nil
	}
}

// Close ends what Serve has not; it is for after it.
func (n *Node) Close() error {
	var errs []error
	if n.engine != nil {
		errs = append(errs, n.engine.Close())
	}
	if n.Truth != nil {
		errs = append(errs, n.Truth.Close())
	}
	if n.embedder != nil {
		errs = append(errs, n.embedder.Close())
	}
	return errors.Join(errs...)
}

// NewLogger writes to out as the configuration says.
func NewLogger(cfg config.Log, out io.Writer) (zerolog.Logger, error) {
	level, err := zerolog.ParseLevel(cfg.Level)
	if err != nil {
		return zerolog.Logger{}, fmt.Errorf("read log level: %w", err)
	}
	if cfg.Format == "text" {
		out = zerolog.ConsoleWriter{Out: out, TimeFormat: time.RFC3339}
	}
	return zerolog.New(out).Level(level).With().Timestamp().Logger(), nil
}
