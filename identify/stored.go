package identify

import (
	"context"

	"oneton/store"
)

// MaxStored is the most faces of a subject that SearchStored searches.
const MaxStored = 16

// StoredRequest asks who else is like somebody who is enrolled.
type StoredRequest struct {
	Gallery string
	Subject store.SubjectID
	// Face is one of the subject's faces; empty is all of them, of more than MaxStored
	// those of the best quality.
	Face store.FaceID
	// In is the gallery that is searched, of the same pack; empty is the subject's own,
	// in which the subject is left out.
	In string
	// K, FPIR, Threshold, Filter and Position are as in SearchRequest; the FPIR is the
	// searched gallery's where none is wanted.
	K         int
	FPIR      float64
	Threshold *float64
	Filter    map[string][]string
	Position  uint64
}

// StoredAnswer is who else is like a subject.
type StoredAnswer struct {
	Outcome Outcome
	// Candidates are as in ProbeAnswer, each by the two faces that are nearest.
	Candidates []StoredCandidate
	// Searched are the subject's faces that were, and LeftOut is how many were not:
	// damaged ones, those that cannot be compared, and those beyond MaxStored.
	Searched []store.FaceID
	LeftOut  int
	// Threshold, Extrapolated, Faces and FPIR are as in ProbeAnswer. Each face searched is a
	// chance of a false match, so that a subject with several has a higher threshold.
	Threshold    float64
	Extrapolated bool
	Faces        int
	FPIR         float64
	Position     uint64
	Timings      Timings
}

// StoredCandidate is one subject who is like another.
type StoredCandidate struct {
	Candidate

	// Of is the face of the subject asked about that is nearest to Face.
	Of store.FaceID
}

// SearchStored tells who of a gallery is like a subject, by the templates that are
// stored. It sees what Search sees.
func (s *Service) SearchStored(ctx context.Context, by store.Actor, req StoredRequest) (StoredAnswer, error) {
	start := s.cfg.Now()
	if req.K == 0 {
		req.K = defaultCandidates
	}
	if err := validateRanking(req.K, req.FPIR, req.Threshold); err != nil {
		return StoredAnswer{}, err
	}
	c, err := s.comparison(ctx, by, req.Gallery, req.In)
	if err != nil {
		return StoredAnswer{}, err
	}
	how := SearchRequest{K: req.K, FPIR: req.FPIR, Threshold: req.Threshold, Filter: req.Filter, Position: req.Position}
	var a StoredAnswer
	for range maxLooks {
		waiting := s.cfg.Now()
		if err := c.caughtUp(ctx, how.Position); err != nil {
			return StoredAnswer{}, err
		}
		searching := s.cfg.Now()
		subject, err := c.subject(ctx, req.Subject, req.Face, MaxStored)
		if err != nil {
			return StoredAnswer{}, err
		}
		for i := range subject.probes {
			subject.probes[i].photos = len(subject.probes)
		}
		found, all, err := c.like(ctx, subject, how)
		if err != nil {
			return StoredAnswer{}, err
		}
		a.Timings.Wait += searching.Sub(waiting)
		a.Timings.Search += s.cfg.Now().Sub(searching)
		if !all {
			how.Position = 0
			continue
		}
		told := found.answer(c.own.Table, found.people, req.K)
		a.Outcome, a.Threshold, a.Extrapolated, a.Faces, a.FPIR = told.Outcome, told.Threshold, told.Extrapolated, told.Faces, told.FPIR
		for _, candidate := range told.Candidates {
			a.Candidates = append(a.Candidates, StoredCandidate{candidate, found.of[candidate.Subject]})
		}
		a.Searched, a.LeftOut, a.Position = subject.searched(), subject.leftOut, found.Position
		a.Timings.Total = s.cfg.Now().Sub(start)
		return a, nil
	}
	return StoredAnswer{}, errChanging
}
