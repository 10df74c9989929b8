package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"oneton/calibration"
	"oneton/face"
	"oneton/index"
	"oneton/store"
)

// Search tells who is on a photo. It sees every enrolment and deletion that
// was acknowledged before it began.
func (s *Service) Search(ctx context.Context, by store.Actor, req SearchRequest) (Answer, error) {
	start := s.cfg.Now()
	if err := validateSearch(&req); err != nil {
		return Answer{}, err
	}
	g, err := s.detailed(ctx, by, req.Gallery, req.Detail)
	if err != nil {
		return Answer{}, err
	}
	space, err := s.Space(ctx, g.Pack)
	if err != nil {
		return Answer{}, aboutPack(KindGallery, err)
	}
	own, err := s.rules(ctx, g.Pack, space.Name())
	if err != nil {
		return Answer{}, aboutPack(KindGallery, err)
	}
	shots, leftOut, timings, err := s.shots(ctx, g, own, req)
	if err != nil {
		return Answer{}, err
	}
	probes, err := probesOf(own, g.Policy, shots, req)
	if err != nil {
		return Answer{}, err
	}

	for {
		answer, err := s.answer(ctx, g, space, own.Table, probes, req)
		if err == nil && req.Insert && answer.Probes[0].Outcome == Nobody {
			err = s.insert(ctx, g, space.Name(), req, shots, probes[0], &answer)
			if errors.Is(err, store.ErrConflict) {
				req.Position = 0 // the same person has come since
				continue
			}
		}
		if err != nil {
			return Answer{}, err
		}
		answer.LeftOut = leftOut
		answer.Timings.Timings, answer.Timings.Total = timings, s.cfg.Now().Sub(start)
		s.queue(ctx, by, g, req, shots, &answer)
		s.told(g.Pack, answer)
		s.remember(by, g, answer)
		return answer, nil
	}
}

// maxLooks bounds how often a search looks again because someone it found was
// deleted before they were read. The index has then caught up with the store,
// so that another look finds them gone.
const maxLooks = 8

// answer identifies the probes once the index has come as far as req asks. It
// speaks of people who were all there at one moment, after the index was
// searched.
func (s *Service) answer(ctx context.Context, g store.Gallery, space store.Space, table *calibration.Table, probes []probe, req SearchRequest) (Answer, error) {
	var a Answer
	for range maxLooks {
		waiting := s.cfg.Now()
		if req.Position > 0 {
			req.Position = max(req.Position, space.Since)
		}
		if err := s.caughtUp(ctx, g, req.Position); err != nil {
			return Answer{}, err
		}
		searching := s.cfg.Now()
		looks, err := s.look(ctx, g, space.Name(), table, probes, req)
		if err != nil {
			return Answer{}, err
		}
		// Faces may have begun to move while they were searched.
		if err := s.still(ctx, space); err != nil {
			return Answer{}, err
		}
		people, err := s.people(ctx, g, facesOf(looks))
		if err != nil {
			return Answer{}, err
		}
		a.Timings.Wait += searching.Sub(waiting)
		a.Timings.Search += s.cfg.Now().Sub(searching)
		if current(looks, people, req.Filter) {
			a.Probes = make([]ProbeAnswer, len(looks))
			for i, l := range looks {
				a.Probes[i] = l.answer(table, people, req.K)
			}
			a.Position = asOf(looks)
			return a, nil
		}
		req.Position = 0
	}
	return Answer{}, errChanging
}

// look is what the index says of one probe.
type look struct {
	probe
	index.Result
	threshold float64
	// best is as in ProbeAnswer.
	best *float64
}

// look searches the index for each probe.
func (s *Service) look(ctx context.Context, g store.Gallery, space string, table *calibration.Table, probes []probe, req SearchRequest) (_ []look, err error) {
	ctx, done := s.observer.Begin(ctx, "search")
	defer func() { done(err) }()
	looks := make([]look, len(probes))
	for i, p := range probes {
		threshold := func(faces int) float64 {
			if req.Threshold != nil {
				return *req.Threshold
			}
			return table.Identification(cmp.Or(req.FPIR, g.Policy.FPIR), faces*p.photos)
		}
		// The second-best subject decides between one and several, so it is
		// asked for even when the caller wants one candidate.
		all := false
		r, err := s.index.Search(ctx, index.Query{
			Scope: index.Scope{Tenant: g.Tenant, Gallery: g.ID, Pack: space},
			Probe: p.vector, K: max(req.K, 2), Filter: req.Filter,
			ThresholdFor: func(faces int) float64 {
				if all = s.looks(faces); all {
					return -1
				}
				return p.cosine(threshold(faces))
			},
		})
		if err != nil {
			return nil, fmt.Errorf("search index: %w", err)
		}
		l := look{probe: p, Result: r, threshold: threshold(r.Faces)}
		for i, h := range r.Hits {
			l.Hits[i].Cosine = p.likeness(h.Cosine)
		}
		if all && len(l.Hits) > 0 && !p.refused {
			best := l.Hits[0].Cosine
			l.best = &best
		}
		l.Hits = slices.DeleteFunc(l.Hits, func(h index.Hit) bool { return p.refused || h.Cosine < l.threshold })
		looks[i] = l
	}
	return looks, nil
}

// facesOf are the faces that were found.
func facesOf(looks []look) (faces []store.FaceID) {
	for _, l := range looks {
		for _, h := range l.Hits {
			faces = append(faces, h.Face)
		}
	}
	return faces
}

// people are the subjects of faces, as of one moment, by the face's id; those of faces
// that are gone are missing.
func (s *Service) people(ctx context.Context, g store.Gallery, faces []store.FaceID) (map[store.FaceID]store.Subject, error) {
	if len(faces) == 0 {
		return nil, nil
	}
	ctx, done := s.observer.Begin(ctx, "read")
	people, err := s.store.SubjectsOf(ctx, g.ID, faces)
	done(err)
	if err != nil {
		return nil, fmt.Errorf("read candidates: %w", err)
	}
	return people, nil
}

// current tells whether all that was found is still so: a subject without the
// face that was nearest, or with other metadata, may have another place in the
// answer, or none.
func current(looks []look, people map[store.FaceID]store.Subject, filter map[string][]string) bool {
	for _, l := range looks {
		for _, h := range l.Hits {
			sub, there := people[h.Face]
			// Metadata that are damaged since are believed to be what the index has.
			if !there || sub.ID != h.Subject || sub.Damage == "" && !matches(sub.Metadata, filter) {
				return false
			}
		}
	}
	return true
}

// matches tells whether a filter keeps a subject of that metadata.
func matches(metadata map[string]string, filter map[string][]string) bool {
	for key, values := range filter {
		if v, has := metadata[key]; !has || !slices.Contains(values, v) {
			return false
		}
	}
	return true
}

// asOf is the position that all looks have seen.
func asOf(looks []look) uint64 {
	return slices.MinFunc(looks, func(a, b look) int { return cmp.Compare(a.Position, b.Position) }).Position
}

// answer decides on all that was found and names the k best.
func (l look) answer(table *calibration.Table, people map[store.FaceID]store.Subject, k int) ProbeAnswer {
	a := ProbeAnswer{
		Face: l.face, Outcome: decide(l.Hits), Faces: l.Faces,
		best: l.best, work: l.Work, Threshold: l.threshold, Extrapolated: table.Extrapolated(table.FMR(l.threshold)), FPIR: table.FPIR(l.threshold, l.Faces*l.photos),
	}
	for _, h := range l.Hits {
		a.ranked = append(a.ranked, Candidate{
			Subject: h.Subject, Face: h.Face, Metadata: people[h.Face].Metadata, Cosine: h.Cosine, Score: table.Score(h.Cosine),
		})
	}
	a.Candidates = a.ranked[:min(k, len(a.ranked))]
	return a
}

// insert enrols the photos as a new subject, unless the person has come since
// the answer: store.ErrConflict.
func (s *Service) insert(ctx context.Context, g store.Gallery, space string, req SearchRequest, shots []shot, p probe, a *Answer) error {
	seen, threshold := a.Position, a.Probes[0].Threshold
	same := func(newcomer face.Template) bool {
		cosine, err := p.vector.Cosine(newcomer)
		return err == nil && p.likeness(cosine) >= threshold && !p.refused
	}
	e, err := s.enrol(ctx, g, space, EnrolRequest{Metadata: req.Metadata, Photos: req.Photos}, shots,
		func(sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error) {
			return s.store.EnrolAsOf(ctx, seen, same, sub, faces, photos)
		})
	if err != nil {
		return err
	}
	a.Inserted, a.Position, a.Timings.Store = &e, e.Position, e.Timings.Store
	return nil
}

func validateSearch(req *SearchRequest) error {
	switch {
	case len(req.Photos) == 0 || len(req.Photos) > MaxProbes:
		return invalid("photo", "is given %d times, a search takes 1 to %d photos of one person", len(req.Photos), MaxProbes)
	case req.AllFaces && len(req.Photos) > 1:
		return invalid("all_faces", "takes one photo, and not %d", len(req.Photos))
	case req.Insert && req.AllFaces:
		return invalid("insert", "excludes all_faces")
	case req.Insert && len(req.Filter) > 0:
		return invalid("insert", "excludes filter")
	}
	if req.K == 0 {
		req.K = defaultCandidates
	}
	if err := validateRanking(req.K, req.FPIR, req.Threshold); err != nil {
		return err
	}
	return validateMetadata(req.Metadata)
}

// validateRanking refuses how many are wanted, and from where on, as no search takes it.
func validateRanking(k int, fpir float64, threshold *float64) error {
	switch {
	case k < 1 || k > MaxCandidates:
		return invalid("k", "must be 1 to %d", MaxCandidates)
	case fpir < 0 || fpir >= 1:
		return invalid("fpir", "must lie between 0 and 1")
	case threshold != nil && !(*threshold >= -1 && *threshold <= 1):
		return invalid("threshold", "must be a cosine, -1 to 1")
	}
	return nil
}
