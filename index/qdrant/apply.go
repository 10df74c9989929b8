package qdrant

import (
	"context"
	"fmt"
	"maps"
	"slices"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/changelog"
	"oneton/index"
)

// maxPoints is the most points of one operation.
const maxPoints = 1000

// Apply implements changelog.View. Applying any change again leaves the index
// the same. After an error some galleries may have come further than Position.
// It fails with index.ErrUnavailable, and goes back to the position that Qdrant
// has, when Qdrant has lost what it had; once, too, when that was noticed by
// another call, since the changes may have been read when it was further.
func (x *Index) Apply(ctx context.Context, changes []changelog.Change, next uint64) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	b, err := reduce(changes)
	if err != nil {
		return fmt.Errorf("apply changes: %w", err)
	}
	home, spaces, err := x.known(ctx)
	if err != nil {
		return err
	}
	at, err := x.durable(ctx, home, spaces)
	if err != nil {
		return err
	}
	err = x.compared(x.position.Swap(at), at)
	if x.back.Swap(false) && err == nil {
		err = fmt.Errorf("%w: qdrant went back to %d; the changes may have been read before", index.ErrUnavailable, at)
	}
	if err != nil {
		return err
	}
	if at >= next {
		return nil // another process has applied this and more
	}
	if err := x.makeRoom(ctx, b, at); err != nil {
		return err
	}
	if _, spaces, err = x.known(ctx); err != nil {
		return err
	}
	if err := x.apply(ctx, b, home, spaces, at, next); err != nil {
		return err
	}
	x.position.Store(next)
	return nil
}

// makeRoom makes the collections of packs that are new.
func (x *Index) makeRoom(ctx context.Context, b *batch, position uint64) error {
	packs := b.packs()
	for _, pack := range slices.Sorted(maps.Keys(packs)) {
		s, err := x.space(ctx, pack)
		if err != nil {
			return err
		}
		if s == nil {
			if s, err = x.create(ctx, pack, packs[pack]); err != nil {
				return err
			}
			if err := x.mark(ctx, s, position, nil); err != nil {
				return err
			}
			x.learn(s)
		}
		if err := b.sameDimension(pack, s.dimension); err != nil {
			return fmt.Errorf("apply changes: %w", err)
		}
	}
	return nil
}

// apply brings the index from position at to next. Until it has come to its
// end, the markers say at: should it go on only after another process has
// taken its place and gone further, then that one sees the index go back, and
// applies again what this one has undone.
func (x *Index) apply(ctx context.Context, b *batch, home *space, spaces map[string]*space, at, next uint64) error {
	var plans []*plan
	var collections []string
	for _, pack := range slices.Sorted(maps.Keys(spaces)) {
		p, err := x.plan(ctx, spaces[pack], b)
		if err != nil {
			return err
		}
		for _, t := range p.tallies {
			t.recount = t.recount || at < x.wasAt.Load()
		}
		plans = append(plans, p)
		collections = append(collections, p.space.name)
	}
	release, err := x.locks.write(ctx, slices.Collect(maps.Keys(b.galleries)))
	if err != nil {
		return x.failed(ctx, "wait for searches", err)
	}
	defer release()
	for _, p := range plans {
		if err := x.update(ctx, p.space, p.operations(at, collections)); err != nil {
			return err
		}
	}
	for _, p := range plans {
		if err := x.finish(ctx, p, next, collections); err != nil {
			return err
		}
	}
	return x.mark(ctx, home, next, collections)
}

// plan is what a batch does to one collection.
type plan struct {
	space   *space
	tallies map[galleryKey]*tally
	drops   []galleryKey
	removes map[galleryKey][]string
	labels  []*api.PointsUpdateOperation
	puts    []*api.PointStruct
}

func (x *Index) plan(ctx context.Context, s *space, b *batch) (*plan, error) {
	p := &plan{
		space:   s,
		tallies: make(map[galleryKey]*tally),
		drops:   slices.Collect(maps.Keys(b.dropped)),
		removes: make(map[galleryKey][]string),
	}
	ids := make([]string, len(b.faces))
	for i, f := range b.faces {
		ids[i] = f.id
	}
	there, err := x.get(ctx, s, ids)
	if err != nil {
		return nil, err
	}
	// touched are the faces that may come or go, with whether they are there.
	touched := make(map[galleryKey]map[string]bool)
	touch := func(k galleryKey, id string, had bool) {
		if touched[k] == nil {
			touched[k] = make(map[string]bool)
		}
		touched[k][id] = had
	}
	for k := range b.dropped {
		touched[k] = make(map[string]bool)
	}
	// What was stopped half-way, maybe in another process, the log need not
	// name again.
	err = x.scroll(ctx, s, kindPending, func(p *api.RetrievedPoint) {
		touched[recorded(p)] = make(map[string]bool)
	})
	if err != nil {
		return nil, err
	}
	for _, f := range b.faces {
		put := f.change.Kind == changelog.PutFace && f.change.Pack == s.pack
		if put {
			touch(f.gallery, f.id, false)
			p.puts = append(p.puts, facePoint(f.gallery, f.id, f.change))
		} else {
			// Even if it is not there: it may be on its way still.
			p.removes[f.gallery] = append(p.removes[f.gallery], f.id)
		}
		if old, ok := there[f.id]; ok {
			touch(galleryOf(old), f.id, true)
		}
	}
	for of, metadata := range b.labelled {
		p.labels = append(p.labels, relabel(of, metadata))
	}
	return p, x.begin(ctx, p, touched, b.dropped)
}

// begin readies the tallies of the galleries whose faces may change.
func (x *Index) begin(ctx context.Context, p *plan, touched map[galleryKey]map[string]bool, dropped map[galleryKey]bool) error {
	records := make([]string, 0, len(touched))
	for k := range touched {
		records = append(records, recordID(k))
	}
	found, err := x.get(ctx, p.space, records)
	if err != nil {
		return err
	}
	for k, faces := range touched {
		t := tallyOf(found[recordID(k)])
		t.recount = len(t.pending) > 0
		if dropped[k] {
			t = tallyOf(nil)
		}
		for id, had := range faces {
			// What is pending since a crash was or was not there before it.
			if _, pending := t.pending[id]; !pending {
				t.pending[id] = had && !dropped[k]
			}
		}
		p.tallies[k] = t
	}
	return nil
}

// operations note what is pending from position at on, and then make the
// changes.
func (p *plan) operations(at uint64, collections []string) []*api.PointsUpdateOperation {
	var ops []*api.PointsUpdateOperation
	ops = append(ops, upserts(append(p.records(), p.space.marks(at, collections)...))...)
	for _, k := range p.drops {
		ops = append(ops, deletion(api.NewPointsSelectorFilter(within(k))),
			deletion(api.NewPointsSelectorIDs(pointIDs(recallID(k)))))
	}
	for k, all := range p.removes {
		for ids := range slices.Chunk(all, maxPoints) {
			ops = append(ops, deletion(api.NewPointsSelectorFilter(within(k, api.NewHasID(pointIDs(ids...)...)))))
		}
	}
	return append(append(ops, p.labels...), upserts(p.puts)...)
}

func (p *plan) records() []*api.PointStruct {
	records := make([]*api.PointStruct, 0, len(p.tallies))
	for k, t := range p.tallies {
		records = append(records, t.record(k))
	}
	return records
}

// finish counts the faces and writes the position.
func (x *Index) finish(ctx context.Context, p *plan, next uint64, collections []string) error {
	var pending, empty []string
	for _, t := range p.tallies {
		pending = slices.AppendSeq(pending, maps.Keys(t.pending))
	}
	there, err := x.get(ctx, p.space, pending)
	if err != nil {
		return err
	}
	for k, t := range p.tallies {
		t.settle(k, there)
		if t.recount {
			if t.faces, err = x.count(ctx, p.space, k); err != nil {
				return err
			}
		}
		if t.faces == 0 {
			empty = append(empty, recordID(k))
			delete(p.tallies, k)
		}
	}
	var ops []*api.PointsUpdateOperation
	if len(empty) > 0 {
		ops = append(ops, deletion(api.NewPointsSelectorIDs(pointIDs(empty...))))
	}
	return x.update(ctx, p.space, append(ops, upserts(append(p.records(), p.space.marks(next, collections)...))...))
}

func upserts(points []*api.PointStruct) (ops []*api.PointsUpdateOperation) {
	for some := range slices.Chunk(points, maxPoints) {
		ops = append(ops, api.NewPointsUpdateUpsert(&api.PointsUpdateOperation_PointStructList{Points: some}))
	}
	return ops
}

func deletion(of *api.PointsSelector) *api.PointsUpdateOperation {
	return api.NewPointsUpdateDeletePoints(&api.PointsUpdateOperation_DeletePoints{Points: of})
}

// relabel gives a subject's faces their metadata.
func relabel(of subjectKey, metadata map[string]string) *api.PointsUpdateOperation {
	return api.NewPointsUpdateSetPayload(&api.PointsUpdateOperation_SetPayload{
		Payload:        map[string]*api.Value{keyLabels: texts(labels(metadata))},
		PointsSelector: api.NewPointsSelectorFilter(within(of.gallery, api.NewMatchKeyword(keySubject, string(of.subject)))),
	})
}

// inOrder lets one replica of a shard put the changes in order for the others,
// so that one that comes late, and its repetition, end alike everywhere.
func inOrder() *api.WriteOrdering {
	return &api.WriteOrdering{Type: api.WriteOrderingType_Medium}
}

// update makes the changes, one after the other, and waits until they can be
// searched.
func (x *Index) update(ctx context.Context, s *space, ops []*api.PointsUpdateOperation) error {
	if len(ops) == 0 {
		return nil
	}
	_, err := x.client.UpdateBatch(ctx, &api.UpdateBatchPoints{
		CollectionName: s.name, Wait: api.PtrOf(true), Ordering: inOrder(), Operations: ops,
	})
	if err != nil {
		return x.failed(ctx, "update points", err)
	}
	return nil
}
