package identify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"oneton/store"
)

// DuplicatesRequest asks which people of a gallery are alike, or whom of another
// gallery they are like: of so many of them, by their ids, after one.
type DuplicatesRequest struct {
	Gallery string
	// In is as in StoredRequest.
	In string
	// K is the most who are told to be like one; 0 is 20.
	K int
	// FPIR is of each face's search, and Threshold, when set, a cosine that replaces
	// what follows from it.
	FPIR      float64
	Threshold *float64
	After     store.SubjectID
	// Limit is how many people are looked at, at most.
	Limit int
}

// Duplicates are people who are alike.
type Duplicates struct {
	// Pairs are in the order of the first one's id, then the most alike first. Within one
	// gallery each is there once, with the id first that comes first.
	Pairs []Pair
	// Searched is how many people were looked at, and NotCompared are those of them with
	// no face that can be compared.
	Searched    int
	NotCompared []store.SubjectID
	// Cut are those whom more than K are like.
	Cut []store.SubjectID
	// Partly are those of whose faces only the MaxSearched of the best quality were
	// searched.
	Partly []store.SubjectID
	// Threshold, Extrapolated and Faces are those of the last search, if there was one.
	Threshold    float64
	Extrapolated bool
	Faces        int
	// Next is whom the next page is after, or empty when there is none.
	Next     store.SubjectID
	Position uint64
}

// Pair are two people who are alike, by the faces that are most so.
type Pair struct {
	A, B          Member
	Cosine, Score float64
}

// Member is one of a pair.
type Member struct {
	Subject  store.SubjectID
	Face     store.FaceID
	Metadata map[string]string
}

const (
	// MaxSearched is the most faces of one of them that Duplicates searches: a page ends
	// between two people only.
	MaxSearched = 100

	defaultDuplicates = 20
	// pageTime is when a page ends that has looked at fewer people than it may.
	pageTime = 2 * time.Second
)

// Duplicates compares the people of a page with all others, each pair in float64 as
// Search does one probe. It sees what Search sees. A page ends early when it has taken
// a while, so that no request takes long however large the gallery is.
func (s *Service) Duplicates(ctx context.Context, by store.Actor, req DuplicatesRequest) (Duplicates, error) {
	start := s.cfg.Now()
	if req.K == 0 {
		req.K = defaultDuplicates
	}
	if err := validateRanking(req.K, req.FPIR, req.Threshold); err != nil {
		return Duplicates{}, err
	}
	c, err := s.comparison(ctx, by, req.Gallery, req.In)
	if err != nil {
		return Duplicates{}, err
	}
	people, err := s.store.Subjects(ctx, c.from.ID, store.Page{After: string(req.After), Limit: req.Limit + 1})
	if err != nil {
		return Duplicates{}, fmt.Errorf("list subjects: %w", err)
	}
	if err := c.caughtUp(ctx, 0); err != nil {
		return Duplicates{}, err
	}
	var d Duplicates
	for i, sub := range people {
		if i == req.Limit || i > 0 && s.cfg.Now().Sub(start) > pageTime {
			d.Next = people[i-1].ID
			return d, nil
		}
		if err := c.add(ctx, &d, sub, req); err != nil {
			return Duplicates{}, err
		}
	}
	return d, nil
}

// add adds whoever is like a subject.
func (c comparison) add(ctx context.Context, d *Duplicates, sub store.Subject, req DuplicatesRequest) error {
	how := SearchRequest{K: req.K + 1, FPIR: req.FPIR, Threshold: req.Threshold}
	for range maxLooks {
		e, err := c.subject(ctx, sub.ID, "", MaxSearched)
		switch {
		case errors.Is(err, store.ErrNotFound), errors.Is(err, store.ErrDamaged): // gone meanwhile, or without faces
			d.Searched, d.NotCompared = d.Searched+1, append(d.NotCompared, sub.ID)
			return nil
		case err != nil:
			return err
		}
		found, all, err := c.like(ctx, e, how)
		if err != nil {
			return err
		}
		if !all {
			if err := c.caughtUp(ctx, 0); err != nil {
				return err
			}
			continue
		}
		cut := len(found.Hits) > req.K
		found.Hits = found.Hits[:min(req.K, len(found.Hits))]
		pairs, err := c.pairs(ctx, sub, e, found)
		if errors.Is(err, store.ErrNotFound) {
			continue // somebody who was found is gone
		}
		if err != nil {
			return err
		}
		d.Searched++
		if e.probes[0].refused {
			d.NotCompared = append(d.NotCompared, sub.ID)
		}
		if e.cut {
			d.Partly = append(d.Partly, sub.ID)
		}
		if cut {
			d.Cut = append(d.Cut, sub.ID)
		}
		d.Pairs = append(d.Pairs, pairs...)
		d.Threshold, d.Faces = found.threshold, found.Faces
		d.Extrapolated = c.own.Extrapolated(c.own.FMR(found.threshold))
		if d.Position == 0 || found.Position < d.Position {
			d.Position = found.Position
		}
		return nil
	}
	return errChanging
}

// pairs are those of a subject with whom was found. The index knows nothing of faces
// that cannot be compared, so that each is compared again by those that can be: then
// it is the same from which side a pair is looked at.
func (c comparison) pairs(ctx context.Context, sub store.Subject, e enrolled, found likes) (pairs []Pair, err error) {
	for _, h := range found.Hits {
		if c.within() && h.Subject < sub.ID {
			continue
		}
		others, err := c.store.Faces(ctx, c.in.ID, h.Subject)
		if err != nil {
			return nil, fmt.Errorf("read faces of who was found: %w", err)
		}
		of, other, likeness, err := c.nearest(e, others)
		if err != nil {
			return nil, err
		}
		if other == "" || likeness < found.threshold {
			continue
		}
		pairs = append(pairs, Pair{
			A:      Member{sub.ID, of, sub.Metadata},
			B:      Member{h.Subject, other, found.people[h.Face].Metadata},
			Cosine: likeness, Score: c.own.Score(likeness),
		})
	}
	slices.SortStableFunc(pairs, func(a, b Pair) int { return cmp.Compare(b.Cosine, a.Cosine) })
	return pairs, nil
}
