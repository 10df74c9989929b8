package postgres

import (
	"context"
	"math"

	"github.com/jackc/pgx/v5"

	"oneton/changelog"
	"oneton/face"
)

// maxPosition is the highest that a column holds.
const maxPosition = uint64(math.MaxInt64)

const endOfLog = `SELECT coalesce(max(seq), 0) FROM changes`

// Changes implements changelog.Log. Puts carry the face as it is now; those of
// faces that are gone are left out.
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	entries, err := list(ctx, s, "read changes", scanChange, `
		SELECT c.seq, c.kind, coalesce(c.tenant, g.tenant, ''), coalesce(c.gallery, f.gallery, ''), coalesce(c.face, f.id, ''),
			coalesce(f.pack, ''), coalesce(f.subject, ''), f.template, s.metadata
		FROM changes c
		LEFT JOIN (faces f
			JOIN galleries g ON g.id = f.gallery AND g.tenant IS NOT NULL
			JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject
		) ON f.enrolled = c.enrolled
		WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`, min(after, maxPosition), max(limit, 0))
	if err != nil {
		return nil, after, err
	}
	next := after
	live := entries[:0]
	for _, c := range entries {
		next = c.Seq
		if c.Kind != changelog.PutFace || c.Face != "" {
			live = append(live, c)
		}
	}
	return live, next, nil
}

// Position implements changelog.Log. It asks the server, since another process
// may have written.
func (s *Store) Position(ctx context.Context) (uint64, error) {
	return one(ctx, s, "read position", pgx.RowTo[uint64], endOfLog)
}

func scanChange(row pgx.CollectableRow) (c changelog.Change, err error) {
	var template []byte
	if err := row.Scan(&c.Seq, &c.Kind, &c.Tenant, &c.Gallery, &c.Face,
		&c.Pack, &c.Subject, &template, &c.Metadata); err != nil || template == nil {
		return c, err
	}
	c.Template, err = face.TemplateFromBytes(template)
	return c, err
}
