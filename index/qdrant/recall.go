package qdrant

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	api "github.com/qdrant/go-client/qdrant"

	"oneton/face"
	"oneton/index"
)

// growthLimit is how much a gallery may grow before what a walk misses in it
// must be measured again: the more faces, the more are missed.
const growthLimit = 1.2

// RecallOptions say how recall is measured.
type RecallOptions struct {
	// Probes is how many faces of the gallery are drawn, at least 1.
	Probes int
	// MatedCosine is that of a probe with the face it is made of, in (0, 1):
	// what two photos of one person have.
	MatedCosine float64
	// K is how many subjects a search returns, at least 1.
	K    int
	Seed uint64
}

// DefaultRecallOptions tell a miss rate of one in a hundred from twice that.
func DefaultRecallOptions() RecallOptions {
	return RecallOptions{Probes: 1000, MatedCosine: 0.6, K: 10, Seed: 1}
}

// Recall says what a walk of the graph missed in one gallery.
type Recall struct {
	Scope index.Scope
	// Faces is how many the gallery had.
	Faces int
	// Probes were searched, of which Missed have another nearest subject by
	// the walk than by comparing all.
	Probes, Missed int
	// Overlap is the mean share of the K nearest subjects that the walk found.
	Overlap     float64
	K           int
	MatedCosine float64
	// The graph's numbers; see Config.
	Degree, Construct, EF int
	Oversampling          float64
	MeasuredAt            time.Time
	// Accepted is set by AcceptRecall.
	Accepted bool
}

// MissRate is the share of mated probes whose subject was missed.
func (r Recall) MissRate() float64 { return float64(r.Missed) / float64(r.Probes) }

// MissRateBound is below the true miss rate in one of 40 measurements: the
// upper end of Wilson's 95 % score interval (Wilson 1927).
func (r Recall) MissRateBound() float64 {
	const z = 1.959964 // of the normal distribution's 97.5th percentile
	n, p := float64(r.Probes), r.MissRate()
	return (p + z*z/(2*n) + z*math.Sqrt(p*(1-p)/n+z*z/(4*n*n))) / (1 + z*z/n)
}

// covers tells whether the measurement speaks of a search as cfg has it in a
// gallery of that many faces.
func (r *Recall) covers(cfg Config, faces int) bool {
	return r != nil && r.Accepted && float64(faces) <= growthLimit*float64(r.Faces) &&
		r.Degree == cfg.Degree && r.Construct == cfg.Construct && r.EF == cfg.EF && r.Oversampling == cfg.Oversampling
}

// params say how the gallery is searched: by walking the graph where that was
// asked for and accepted, otherwise by comparing all.
func (x *Index) params(g gallery) *api.SearchParams {
	if x.cfg.Search == HNSW && g.recall.covers(x.cfg, g.faces) {
		return x.cfg.walk()
	}
	return compareAll()
}

// compareAll ignores the graph, and the int8 vectors too.
func compareAll() *api.SearchParams { return &api.SearchParams{Exact: api.PtrOf(true)} }

// walk finds candidates by int8 vectors and rescores them.
func (c Config) walk() *api.SearchParams {
	return &api.SearchParams{
		HnswEf: api.PtrOf(uint64(c.EF)),
		Quantization: &api.QuantizationSearchParams{
			Rescore: api.PtrOf(true), Oversampling: api.PtrOf(c.Oversampling),
		},
	}
}

// accepted returns ErrNotAccepted unless some gallery's recall was accepted as
// cfg searches it. Of a collection that has come since, as of a pack's new
// version, all templates are compared until its galleries' is.
func (x *Index) accepted(ctx context.Context) error {
	_, spaces, err := x.known(ctx)
	if err != nil {
		return err
	}
	if len(spaces) == 0 {
		return fmt.Errorf("%w: there are no faces yet", ErrNotAccepted)
	}
	some := false
	for _, s := range spaces {
		err := x.scroll(ctx, s, kindRecall, func(p *api.RetrievedPoint) {
			r := recallOf(p)
			some = some || r.covers(x.cfg, r.Faces)
		})
		if err != nil {
			return err
		}
	}
	if !some {
		return fmt.Errorf("%w: in no gallery", ErrNotAccepted)
	}
	return nil
}

// MeasureRecall draws faces of the gallery, makes of each a probe by adding
// noise, and compares what a walk of the graph finds with what comparing all
// finds. The result lies beside the faces until it is measured again. A graph
// that is not there yet is built first, which takes long; searches go on.
func (x *Index) MeasureRecall(ctx context.Context, scope index.Scope, o RecallOptions) (Recall, error) {
	if o.Probes < 1 || o.K < 1 || !(o.MatedCosine > 0 && o.MatedCosine < 1) {
		return Recall{}, errors.New("measure recall: probes and k must be above 0, and the mated cosine in (0, 1)")
	}
	s, g, err := x.look(ctx, scope)
	if err != nil {
		return Recall{}, err
	}
	if g.faces == 0 {
		return Recall{}, fmt.Errorf("measure recall: gallery %s has no face of pack %s", scope.Gallery, scope.Pack)
	}
	if err := x.buildGraph(ctx, s); err != nil {
		return Recall{}, err
	}
	r := Recall{
		Scope: scope, Faces: g.faces, K: o.K, MatedCosine: o.MatedCosine,
		Degree: x.cfg.Degree, Construct: x.cfg.Construct, EF: x.cfg.EF, Oversampling: x.cfg.Oversampling,
		MeasuredAt: time.Now().UTC().Truncate(time.Microsecond),
	}
	templates, err := x.sample(ctx, s, galleryKey{scope.Tenant, scope.Gallery}, o.Probes)
	if err != nil {
		return Recall{}, err
	}
	rng := rand.New(rand.NewPCG(o.Seed, 0)) //nolint:gosec // no secret
	for _, t := range templates {
		q := index.Query{Scope: scope, Probe: mated(rng, t, o.MatedCosine), K: o.K, Threshold: -1}
		if err := x.compare(ctx, s, q, &r); err != nil {
			return Recall{}, err
		}
	}
	r.Overlap /= float64(r.Probes)
	return r, x.record(ctx, s, r)
}

// compare searches both ways and notes the difference.
func (x *Index) compare(ctx context.Context, s *space, q index.Query, r *Recall) error {
	k := galleryKey{q.Scope.Tenant, q.Scope.Gallery}
	all, _, err := x.nearest(ctx, s, k, q, compareAll())
	if err != nil {
		return err
	}
	walked, _, err := x.nearest(ctx, s, k, q, x.cfg.walk())
	if err != nil {
		return err
	}
	found := make(map[string]bool)
	for _, h := range walked {
		found[string(h.Subject)] = true
	}
	both := 0
	for _, h := range all {
		if found[string(h.Subject)] {
			both++
		}
	}
	r.Probes++
	if len(all) > 0 {
		r.Overlap += float64(both) / float64(len(all))
		if len(walked) == 0 || walked[0].Subject != all[0].Subject {
			r.Missed++
		}
	}
	return nil
}

// sample draws faces of the gallery.
func (x *Index) sample(ctx context.Context, s *space, k galleryKey, n int) ([]face.Template, error) {
	drawn, err := x.client.Query(ctx, &api.QueryPoints{
		CollectionName: s.name, Query: api.NewQuerySample(api.Sample_Random), Filter: within(k),
		Limit: api.PtrOf(uint64(n)), WithVectors: api.NewWithVectors(true),
	})
	if err != nil {
		return nil, x.failed(ctx, "draw faces", err)
	}
	if len(drawn) == 0 {
		return nil, fmt.Errorf("%w: the gallery's faces have gone", index.ErrUnavailable)
	}
	templates := make([]face.Template, len(drawn))
	for i, p := range drawn {
		templates[i] = templateOf(p.GetVectors())
	}
	return templates, nil
}

// mated is a random template at the cosine from t.
func mated(rng *rand.Rand, t face.Template, cosine float64) face.Template {
	noise := make([]float64, len(t))
	var along, length float64
	for i := range noise {
		noise[i] = rng.NormFloat64()
		along += noise[i] * float64(t[i])
	}
	for i := range noise {
		noise[i] -= along * float64(t[i])
		length += noise[i] * noise[i]
	}
	sine := math.Sqrt((1 - cosine*cosine) / length)
	probe := make(face.Template, len(t))
	for i := range probe {
		probe[i] = float32(cosine*float64(t[i]) + sine*noise[i])
	}
	return probe
}

// AcceptRecall lets the gallery be searched by walking the graph, as it was
// measured last, and returns that measurement. It is the operator's decision.
// It fails with ErrNotAccepted when nothing was measured as cfg has it.
func (x *Index) AcceptRecall(ctx context.Context, scope index.Scope) (Recall, error) {
	s, g, err := x.look(ctx, scope)
	if err != nil {
		return Recall{}, err
	}
	if g.recall == nil {
		return Recall{}, fmt.Errorf("%w: of gallery %s", ErrNotAccepted, scope.Gallery)
	}
	r := *g.recall
	r.Accepted = true
	if !r.covers(x.cfg, g.faces) {
		return Recall{}, fmt.Errorf("%w: gallery %s was measured with other settings or when it was smaller", ErrNotAccepted, scope.Gallery)
	}
	return r, x.record(ctx, s, r)
}

// Recall is the gallery's last measurement; false means that there is none.
func (x *Index) Recall(ctx context.Context, scope index.Scope) (Recall, bool, error) {
	_, g, err := x.look(ctx, scope)
	if err != nil || g.recall == nil {
		return Recall{}, false, err
	}
	return *g.recall, true, nil
}
