package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"oneton/changelog"
	"oneton/face"
)

// maxPosition is the highest that a column holds.
const maxPosition = uint64(math.MaxInt64)

// Changes implements changelog.Log. Puts carry the face as it is now; those of
// faces that are gone are left out.
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	rows, err := s.readers.QueryContext(ctx, `
		SELECT c.seq, c.kind, c.tenant, coalesce(c.gallery, f.gallery), coalesce(c.face, f.id),
			f.pack, f.subject, f.template, s.metadata
		FROM changes c
		LEFT JOIN faces f ON f.n = c.n
		LEFT JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject
		WHERE c.seq > ? ORDER BY c.seq LIMIT ?`, min(after, maxPosition), max(limit, 0))
	entries, err := list(rows, err, scanChange)
	if err != nil {
		return nil, after, s.read(ctx, "read changes", err)
	}
	next := after
	live := entries[:0]
	for _, c := range entries {
		next = c.Seq
		if c.Kind == changelog.PutFace {
			if c.Face == "" {
				continue
			}
			c.Tenant, err = s.tenantOf(ctx, c.Gallery)
			if errors.Is(err, sql.ErrNoRows) {
				// Deleted since, with the face.
				continue
			}
			if err != nil {
				return nil, after, s.read(ctx, "read changes", err)
			}
		}
		live = append(live, c)
	}
	return live, next, nil
}

// tenantOf remembers what it was told: a gallery stays its tenant's.
func (s *Store) tenantOf(ctx context.Context, gallery string) (tenant string, err error) {
	if known, ok := s.tenants.Load(gallery); ok {
		return known.(string), nil
	}
	err = s.readers.QueryRowContext(ctx, `SELECT tenant FROM galleries WHERE id = ? AND tenant IS NOT NULL`, gallery).Scan(&tenant)
	if err == nil {
		s.tenants.Store(gallery, tenant)
	}
	return tenant, err
}

// Position implements changelog.Log. It reads the file, since another process
// may have written it.
func (s *Store) Position(ctx context.Context) (position uint64, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM changes`).Scan(&position)
	return position, s.read(ctx, "read position", err)
}

func scanChange(row scanner) (c changelog.Change, err error) {
	var tenant, gallery, id, pack, subject sql.NullString
	// Bytes that are good until the next row, and not copied.
	var template, metadata sql.RawBytes
	if err := row.Scan(&c.Seq, &c.Kind, &tenant, &gallery, &id, &pack, &subject, &template, &metadata); err != nil {
		return c, err
	}
	c.Tenant, c.Gallery, c.Face, c.Pack, c.Subject = tenant.String, gallery.String, id.String, pack.String, subject.String
	if c.Kind != changelog.PutFace || !id.Valid {
		return c, nil
	}
	if c.Template, err = face.TemplateFromBytes(template); err != nil {
		return c, err
	}
	if err := json.Unmarshal(metadata, &c.Metadata); err != nil {
		return c, fmt.Errorf("decode metadata: %w", err)
	}
	return c, nil
}
