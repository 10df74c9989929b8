package imports

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// Outcome is what became of an item.
type Outcome string

// An item was added, was there already, was left out since its person was there, or was
// refused.
const (
	Added   Outcome = "added"
	Present Outcome = "present"
	Skipped Outcome = "skipped"
	Refused Outcome = "refused"
)

// Enroller enrols a photo, once however often it is asked. An error that is no
// *Refusal is of all: the import ends.
type Enroller interface {
	Enrol(ctx context.Context, item Item, content []byte) (Outcome, error)
}

// Result is what became of an item, and why.
type Result struct {
	Item
	Outcome Outcome
	Refusal *Refusal
}

// Config is what an import is told once.
type Config struct {
	// Parallel is how many photos are enrolled at once.
	Parallel int
	// Report is told each result, one at a time. Its error ends the import.
	Report func(Result) error
}

// Totals count what came of a source so far.
type Totals struct {
	Items, Added, Present, Skipped, Refused int64
	// Parts is how much of the source's size that is.
	Parts int64
}

// Loader imports a source.
type Loader struct {
	cfg      Config
	source   Source
	enroller Enroller
	reports  sync.Mutex
	totals   struct{ items, added, present, skipped, refused, parts atomic.Int64 }
}

// NewLoader imports the source by the enroller.
func NewLoader(cfg Config, s Source, e Enroller) *Loader {
	return &Loader{cfg: cfg, source: s, enroller: e}
}

// Totals are those of now.
func (l *Loader) Totals() Totals {
	t := &l.totals
	return Totals{t.items.Load(), t.added.Load(), t.present.Load(), t.skipped.Load(), t.refused.Load(), t.parts.Load()}
}

// Size is the source's.
func (l *Loader) Size() (int64, bool) { return l.source.Size() }

// Run enrols what there is. The photos of one person begin in the source's order until
// one of them has made the person, so that it is made the same each time; apart from
// that they go at once. It is called once.
func (l *Loader) Run(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	w := newWindow(l.cfg.Parallel)
	unblock := context.AfterFunc(ctx, w.abort)
	defer unblock()
	var all sync.WaitGroup
	for range l.cfg.Parallel {
		all.Go(func() {
			for {
				item, ok := w.take()
				if !ok {
					return
				}
				made, err := l.one(ctx, item)
				if err != nil {
					stop(err)
					w.abort()
				}
				w.done(item, made)
			}
		})
	}
	for item, err := range l.source.Items(ctx) {
		if err != nil {
			stop(err)
			w.abort()
			break
		}
		if !w.put(item) {
			break
		}
	}
	w.end()
	all.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return nil
}

// one enrols an item, and tells whether its person is there now.
func (l *Loader) one(ctx context.Context, item Item) (made bool, err error) {
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	r := Result{Item: item, Refusal: item.Refused}
	if r.Refusal == nil {
		var content []byte
		if content, err = item.Photo(); err == nil {
			r.Outcome, err = l.enroller.Enrol(ctx, item, content)
		}
		if ended := context.Cause(ctx); err != nil && ended != nil {
			return false, ended // which may be why it could not be read
		}
		if errors.As(err, &r.Refusal) {
			err = nil
		}
		if err != nil {
			return false, err
		}
	}
	if r.Refusal != nil {
		r.Outcome = Refused
	}
	return r.Outcome == Added || r.Outcome == Present, l.report(r)
}

func (l *Loader) report(r Result) error {
	t := &l.totals
	switch r.Outcome {
	case Added:
		t.added.Add(1)
	case Present:
		t.present.Add(1)
	case Skipped:
		t.skipped.Add(1)
	case Refused:
		t.refused.Add(1)
	}
	t.parts.Add(r.Part)
	t.items.Add(1)
	if l.cfg.Report == nil {
		return nil
	}
	l.reports.Lock()
	defer l.reports.Unlock()
	return l.cfg.Report(r)
}
