package identify

import (
	"context"
	"errors"
	"fmt"

	"oneton/calibration"
	"oneton/index"
	"oneton/store"
)

// Search tells who is on a photo. It sees every enrolment and deletion that
// was acknowledged before it began.
func (s *Service) Search(ctx context.Context, tenant string, req SearchRequest) (Answer, error) {
	start := s.cfg.Now()
	if err := validateSearch(&req); err != nil {
		return Answer{}, err
	}
	g, err := s.Gallery(ctx, tenant, req.Gallery)
	if err != nil {
		return Answer{}, err
	}
	table, err := s.table(ctx, g.Pack)
	if err != nil {
		return Answer{}, err
	}
	shots, timings, err := s.shots(ctx, g, req)
	if err != nil {
		return Answer{}, err
	}
	probes, err := probesOf(g.Policy, shots, req)
	if err != nil {
		return Answer{}, err
	}

	if req.Insert {
		// Searches that each find nobody must not each insert the person:
		// those of this process take turns, and a conflict tells of those of
		// others.
		release, err := s.inserts.acquire(ctx, g.ID)
		if err != nil {
			return Answer{}, fmt.Errorf("wait for another insert: %w", err)
		}
		defer release()
		req.Position = 0
	}
	for {
		answer, err := s.answer(ctx, g, table, probes, req)
		if err == nil && req.Insert && answer.Probes[0].Outcome == Nobody {
			err = s.insert(ctx, g, req, shots, &answer)
			if errors.Is(err, store.ErrConflict) {
				continue
			}
		}
		if err != nil {
			return Answer{}, err
		}
		answer.Timings.Timings, answer.Timings.Total = timings, s.cfg.Now().Sub(start)
		return answer, nil
	}
}

// answer identifies the probes once the index has come as far as req asks.
func (s *Service) answer(ctx context.Context, g store.Gallery, table *calibration.Table, probes []probe, req SearchRequest) (a Answer, err error) {
	waiting := s.cfg.Now()
	if err := s.caughtUp(ctx, req.Position); err != nil {
		return Answer{}, err
	}
	searching := s.cfg.Now()
	a.Probes = make([]ProbeAnswer, len(probes))
	for i, p := range probes {
		if a.Probes[i], a.Position, err = s.identify(ctx, g, table, p, req); err != nil {
			return Answer{}, err
		}
	}
	a.Timings = Timings{Wait: searching.Sub(waiting), Search: s.cfg.Now().Sub(searching)}
	return a, nil
}

// insert enrols the photos as a new subject, unless the gallery has grown since
// the answer: store.ErrConflict.
func (s *Service) insert(ctx context.Context, g store.Gallery, req SearchRequest, shots []shot, a *Answer) error {
	seen := a.Position
	e, err := s.enrol(ctx, g, EnrolRequest{Metadata: req.Metadata, Photos: req.Photos}, shots,
		func(sub store.Subject, faces []store.Face, photos []store.Photo) (uint64, error) {
			return s.store.EnrolAsOf(ctx, seen, sub, faces, photos)
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
		return invalid("a search takes 1 to %d photos", MaxProbes)
	case req.AllFaces && len(req.Photos) > 1:
		return invalid("all_faces takes one photo")
	case req.K < 0 || req.K > MaxCandidates:
		return invalid("k must be 1 to %d", MaxCandidates)
	case req.FPIR < 0 || req.FPIR >= 1:
		return invalid("fpir must lie between 0 and 1")
	case req.Threshold != nil && !(*req.Threshold >= -1 && *req.Threshold <= 1):
		return invalid("threshold must be a cosine, -1 to 1")
	case req.Insert && req.AllFaces:
		return invalid("insert and all_faces exclude each other")
	case req.Insert && len(req.Filter) > 0:
		return invalid("insert and filter exclude each other")
	}
	if req.K == 0 {
		req.K = defaultCandidates
	}
	return validateMetadata(req.Metadata)
}

// identify answers for one probe, and says as of which position.
func (s *Service) identify(ctx context.Context, g store.Gallery, table *calibration.Table, p probe, req SearchRequest) (ProbeAnswer, uint64, error) {
	scope := index.Scope{Tenant: g.Tenant, Gallery: g.ID, Pack: g.Pack}
	faces, err := s.index.Faces(ctx, scope)
	if err != nil {
		return ProbeAnswer{}, 0, fmt.Errorf("count faces: %w", err)
	}
	fpir := g.Policy.FPIR
	if req.FPIR > 0 {
		fpir = req.FPIR
	}
	threshold := table.Identification(fpir, faces*p.photos)
	if req.Threshold != nil {
		threshold = *req.Threshold
	}
	// The second-best subject decides between one and several, so it is
	// asked for even when the caller wants one candidate.
	res, err := s.index.Search(ctx, index.Query{
		Scope: scope, Probe: p.template, K: max(req.K, 2), Threshold: threshold, Filter: req.Filter,
	})
	if err != nil {
		return ProbeAnswer{}, 0, fmt.Errorf("search index: %w", err)
	}
	if p.refused {
		res.Hits = nil
	}
	a := ProbeAnswer{
		Face: p.face, Outcome: decide(res.Hits),
		Threshold: threshold, Extrapolated: table.Extrapolated(table.FMR(threshold)), Faces: faces,
	}
	for _, h := range res.Hits[:min(req.K, len(res.Hits))] {
		sub, err := s.store.Subject(ctx, g.ID, h.Subject)
		if errors.Is(err, store.ErrNotFound) {
			continue // deleted since the scan began
		}
		if err != nil {
			return ProbeAnswer{}, 0, fmt.Errorf("read candidate: %w", err)
		}
		a.Candidates = append(a.Candidates, Candidate{
			Subject: h.Subject, Face: h.Face, Metadata: sub.Metadata, Cosine: h.Cosine, Score: table.Score(h.Cosine),
		})
	}
	if len(a.Candidates) == 0 {
		a.Outcome = Nobody
	}
	return a, res.Position, nil
}
