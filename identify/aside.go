package identify

import (
	"context"
	"fmt"
	"time"

	"oneton/audit"
	"oneton/store"
)

// SetAside takes a face out of searches and comparisons without deleting it, or brings
// it back, and returns the position in the change log from which on it is so.
func (s *Service) SetAside(ctx context.Context, by store.Actor, gallery string, subject store.SubjectID, face store.FaceID, aside bool) (uint64, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return 0, err
	}
	at, verb := time.Time{}, audit.FaceBroughtBack
	if aside {
		at, verb = s.now(), audit.FaceSetAside
	}
	deed := audit.By(by, verb, gallery+"/"+string(subject)+"/"+string(face))
	changed, position, err := s.store.SetAside(ctx, g.ID, subject, face, at, deed.Record)
	if err != nil {
		return 0, fmt.Errorf("set face aside: %w", s.missing(ctx, g, subject, KindFace, string(face), err))
	}
	if changed {
		s.committed()
	}
	return position, nil
}

// AsideFace is a face that was set aside.
type AsideFace struct {
	Subject store.SubjectID
	Face    store.FaceID
	At      time.Time
}

// Aside lists a gallery's faces that were set aside, by their ids.
func (s *Service) Aside(ctx context.Context, by store.Actor, gallery string, p store.Page) ([]AsideFace, error) {
	g, err := s.Gallery(ctx, by, gallery)
	if err != nil {
		return nil, err
	}
	if err := p.Check(); err != nil {
		return nil, fmt.Errorf("list faces set aside: %w", err)
	}
	return store.List(ctx, s.store, "list faces set aside", func(row store.Row) (f AsideFace, err error) {
		err = row.Scan(&f.Subject, &f.Face, &f.At)
		return f, err
	}, `SELECT subject, id, aside_at FROM faces WHERE gallery = $1 AND aside_at IS NOT NULL AND id > $2 ORDER BY id LIMIT $3`, g.ID, p.After, max(p.Limit, 0))
}
