package servertest

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"oneton/changelog"
	"oneton/index"
)

// view answers searches by reading the whole change log each time, so it is
// never behind.
type view struct{ log changelog.Log }

func (view) Wait(context.Context, uint64) error { return nil }
func (view) Notify()                            {}

func (v view) faces(ctx context.Context, s index.Scope) (map[string]changelog.Change, uint64, error) {
	faces := map[string]changelog.Change{}
	changes, next, err := v.log.Changes(ctx, 0, math.MaxInt32)
	if err != nil {
		return nil, 0, fmt.Errorf("read change log: %w", err)
	}
	for _, c := range changes {
		switch {
		case c.Tenant != s.Tenant || c.Gallery != s.Gallery:
		case c.Kind == changelog.PutFace:
			faces[c.Face] = c
		case c.Kind == changelog.DeleteFace:
			delete(faces, c.Face)
		case c.Kind == changelog.DropGallery:
			clear(faces)
		}
	}
	return faces, next, nil
}

func (v view) Subjects(ctx context.Context, s index.Scope) (int, error) {
	faces, _, err := v.faces(ctx, s)
	subjects := map[string]bool{}
	for _, f := range faces {
		subjects[f.Subject] = true
	}
	return len(subjects), err
}

func (v view) Search(ctx context.Context, q index.Query) (index.Result, error) {
	faces, position, err := v.faces(ctx, q.Scope)
	if err != nil {
		return index.Result{}, err
	}
	best := map[string]index.Hit{}
	for _, f := range faces {
		cosine, err := q.Probe.Cosine(f.Template)
		if err != nil {
			return index.Result{}, fmt.Errorf("compare: %w", err)
		}
		h := index.Hit{Subject: f.Subject, Face: f.Face, Cosine: cosine}
		if old, seen := best[f.Subject]; cosine >= q.Threshold && matches(f.Metadata, q.Filter) && (!seen || old.Cosine < cosine) {
			best[f.Subject] = h
		}
	}
	r := index.Result{Position: position}
	for _, h := range best {
		r.Hits = append(r.Hits, h)
	}
	slices.SortFunc(r.Hits, func(a, b index.Hit) int { return cmp.Compare(b.Cosine, a.Cosine) })
	r.Hits = r.Hits[:min(q.K, len(r.Hits))]
	return r, nil
}

func matches(metadata map[string]string, filter map[string][]string) bool {
	for key, values := range filter {
		if !slices.Contains(values, metadata[key]) {
			return false
		}
	}
	return true
}
