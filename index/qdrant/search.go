package qdrant

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"unicode/utf8"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// A search for k subjects first asks for rowsPerHit·k faces, since a subject
// may have several, and for rowsPerHit times more until they are enough.
const rowsPerHit = 4

// Search returns the subjects nearest to the probe; see index.Query and
// index.Result. A gallery of which the log has told nothing is empty.
func (x *Index) Search(ctx context.Context, q index.Query) (index.Result, error) {
	if err := q.Check(); err != nil {
		return index.Result{}, err
	}
	ctx, cancel := bound(ctx, x.cfg.Timeout)
	defer cancel()
	k := galleryKey{q.Scope.Tenant, q.Scope.Gallery}
	release, err := x.locks.read(ctx, k)
	if err != nil {
		return index.Result{}, x.failed(ctx, "wait for changes", err)
	}
	defer release()
	s, g, err := x.look(ctx, q.Scope)
	if err != nil {
		return index.Result{}, err
	}
	if q, err = q.In(g.faces); err != nil {
		return index.Result{}, err
	}
	r := index.Result{Faces: g.faces, Position: g.position, Work: index.Work{Proof: index.ProofAll}}
	if s == nil {
		return r, nil
	}
	if len(q.Probe) != s.dimension {
		return index.Result{}, fmt.Errorf("%w: the probe has %d dimensions, not %d: %w",
			index.ErrQuery, len(q.Probe), s.dimension, face.ErrDimension)
	}
	if err := q.Probe.Check(); err != nil {
		return index.Result{}, fmt.Errorf("%w: probe: %w", index.ErrQuery, err)
	}
	how := x.params(g)
	if r.Hits, r.Work, err = x.nearest(ctx, s, k, q, how); err != nil {
		return index.Result{}, err
	}
	if !how.GetExact() {
		r.Work.Proof = index.ProofRecall
	}
	r.Work.Rows *= g.faces
	return r, x.recount(ctx, s, q, &r)
}

// recount raises r's number of faces, and with it the threshold, by the faces
// that another process has put since they were counted, or is putting: the
// search may have looked at them.
func (x *Index) recount(ctx context.Context, s *space, q index.Query, r *index.Result) error {
	id := recordID(galleryKey{q.Scope.Tenant, q.Scope.Gallery})
	points, err := x.get(ctx, s, []string{id})
	if err != nil {
		return err
	}
	most := tallyOf(points[id]).most()
	if most <= r.Faces {
		return nil
	}
	if q, err = q.In(most); err != nil {
		return err
	}
	r.Faces = most
	if above := slices.IndexFunc(r.Hits, func(h index.Hit) bool { return h.Cosine < q.Threshold }); above >= 0 {
		r.Hits = r.Hits[:above]
	}
	return nil
}

// Faces is how many faces the scope holds.
func (x *Index) Faces(ctx context.Context, scope index.Scope) (int, error) {
	ctx, cancel := bound(ctx, x.cfg.Timeout)
	defer cancel()
	release, err := x.locks.read(ctx, galleryKey{scope.Tenant, scope.Gallery})
	if err != nil {
		return 0, x.failed(ctx, "wait for changes", err)
	}
	defer release()
	_, g, err := x.look(ctx, scope)
	return g.faces, err
}

// gallery is what is known of a gallery as of a position.
type gallery struct {
	position uint64
	faces    int
	// recall is nil unless it was measured.
	recall *Recall
}

// look reads the gallery's record. Without a collection of the pack, which
// another process may have made since, the gallery is empty.
func (x *Index) look(ctx context.Context, scope index.Scope) (*space, gallery, error) {
	home, spaces, err := x.known(ctx)
	if err != nil {
		return nil, gallery{}, err
	}
	s := spaces[scope.Pack]
	if s == nil {
		points, err := x.get(ctx, home, home.markers)
		if err != nil {
			return nil, gallery{}, err
		}
		position, collections := home.marked(points)
		name := x.collectionName(scope.Pack)
		if !slices.Contains(collections, name) {
			return nil, gallery{position: position}, nil
		}
		if s, err = x.open(ctx, name); err != nil {
			return nil, gallery{}, err
		}
		x.learn(s)
	}
	k := galleryKey{scope.Tenant, scope.Gallery}
	before := x.position.Load()
	points, err := x.get(ctx, s, append(slices.Clone(s.markers), recordID(k), recallID(k)))
	if err != nil {
		return nil, gallery{}, err
	}
	position, _ := s.marked(points)
	if err := x.compared(before, position); err != nil {
		return nil, gallery{}, err
	}
	g := gallery{position: position}
	g.faces = tallyOf(points[recordID(k)]).faces
	g.recall = recallOf(points[recallID(k)])
	return s, g, nil
}

// nearest returns the k subjects nearest to the probe. Qdrant's own scores are
// sums of float32, so that faces within their rounding of the last one wanted
// are looked at too. The work's rows are counted as rounds, since Qdrant does not say.
func (x *Index) nearest(ctx context.Context, s *space, k galleryKey, q index.Query, how *api.SearchParams) (_ []index.Hit, work index.Work, err error) {
	work.Proof = index.ProofAll
	filter, some := filtered(k, q.Filter)
	if !some {
		return nil, work, nil
	}
	ask := &api.QueryPoints{
		CollectionName: s.name,
		Query:          api.NewQueryDense(q.Probe),
		Using:          api.PtrOf(vectorName),
		Filter:         filter,
		Params:         how,
		WithPayload:    api.NewWithPayloadInclude(keySubject),
		WithVectors:    api.NewWithVectors(true),
	}
	slack := rounding(s.dimension)
	if q.Threshold > -1 {
		ask.ScoreThreshold = api.PtrOf(float32(q.Threshold - slack))
	}
	for limit := uint64(q.K) * rowsPerHit; ; limit *= rowsPerHit {
		ask.Limit = &limit
		rows, err := x.client.Query(ctx, ask)
		if err != nil {
			return nil, work, x.failed(ctx, "search", err)
		}
		work.Rows++
		work.Rescored += len(rows)
		sure := math.Inf(-1)
		if uint64(len(rows)) >= limit {
			// A face that was left out scored no more than the last one.
			sure = float64(rows[len(rows)-1].GetScore()) + slack
		}
		best, err := group(rows, q, sure)
		if err != nil {
			return nil, work, fmt.Errorf("%w: %w", index.ErrUnavailable, err)
		}
		if math.IsInf(sure, -1) || len(best) >= q.K {
			return best[:min(q.K, len(best))], work, nil
		}
	}
}

// rounding bounds how far a float32 score of two unit vectors, summed in any
// order, is from the true one: Higham, Accuracy and Stability of Numerical
// Algorithms, 2nd ed., section 3.1, doubled for lengths a little above one.
func rounding(dimension int) float64 { return float64(dimension+2) * 0x1p-23 }

// filtered is the filter of a query; false means that nothing can match.
func filtered(k galleryKey, metadata map[string][]string) (filter *api.Filter, some bool) {
	var conditions []*api.Condition
	for key, values := range metadata {
		var wanted []string
		for _, v := range values {
			if l := label(key, v); utf8.ValidString(l) {
				wanted = append(wanted, l)
			}
		}
		if len(wanted) == 0 {
			return nil, false
		}
		conditions = append(conditions, api.NewMatchKeywords(keyLabels, wanted...))
	}
	return within(k, conditions...), true
}

// group returns each subject's nearest face above sure that the query wants,
// best first, ties by face id.
func group(rows []*api.ScoredPoint, q index.Query, sure float64) ([]index.Hit, error) {
	best := make(map[store.SubjectID]index.Hit)
	for _, row := range rows {
		cosine, err := templateOf(row.GetVectors()).Cosine(q.Probe)
		if err != nil {
			return nil, err
		}
		if cosine <= sure || q.Threshold > -1 && cosine < q.Threshold {
			continue
		}
		h := index.Hit{Subject: store.SubjectID(row.GetPayload()[keySubject].GetStringValue()), Face: store.FaceID(row.GetId().GetUuid()), Cosine: cosine}
		if have, ok := best[h.Subject]; !ok || compare(h, have) < 0 {
			best[h.Subject] = h
		}
	}
	hits := make([]index.Hit, 0, len(best))
	for _, h := range best {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, compare)
	return hits, nil
}

func compare(a, b index.Hit) int {
	return cmp.Or(cmp.Compare(b.Cosine, a.Cosine), cmp.Compare(a.Face, b.Face))
}
