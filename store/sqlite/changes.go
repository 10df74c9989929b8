package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"

	"oneton/changelog"
	"oneton/store"
)

// maxPosition is the highest that a column holds.
const maxPosition = uint64(math.MaxInt64)

// The rows of the log with what they are about. Of a row whose page, or whose
// face's or subject's, cannot be read, the next query may still read a part.
var changeQueries = []string{
	`SELECT c.seq, c.kind, c.tenant, coalesce(c.gallery, f.gallery, m.gallery), coalesce(c.face, f.id),
		f.space, coalesce(f.subject, m.id), f.template, f.checksum, coalesce(s.metadata, m.metadata), coalesce(s.checksum, m.checksum)
	FROM changes c
	LEFT JOIN faces f ON f.n = c.n AND f.aside_at IS NULL
	LEFT JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject
	LEFT JOIN subjects m ON c.kind = ` + putMetadata + ` AND m.changed = c.seq `,
	`SELECT c.seq, c.kind, c.tenant, coalesce(c.gallery, f.gallery), coalesce(c.face, f.id),
		f.space, f.subject, f.template, f.checksum, NULL, NULL
	FROM changes c LEFT JOIN faces f ON f.n = c.n AND f.aside_at IS NULL `,
	`SELECT seq, kind, tenant, gallery, coalesce(face, ''), NULL, NULL, NULL, NULL, NULL, NULL FROM changes c `,
}

// putMetadata is changelog.PutMetadata.
const putMetadata = "4"

// Changes implements changelog.Log. Puts carry the face, or the metadata, as
// they are now; those of faces and subjects that are gone, and of faces that are
// aside, are left out.
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	rows, err := s.readers.QueryContext(ctx, changeQueries[0]+`WHERE c.seq > ? ORDER BY c.seq LIMIT ?`, min(after, maxPosition), max(limit, 0))
	entries, err := list(rows, err, new(changeRow).scan)
	next := after
	if len(entries) > 0 {
		next = entries[len(entries)-1].Seq
	}
	if damaged(err) {
		entries, next, err = s.changesOneByOne(ctx, after, limit)
	}
	if err != nil {
		return nil, after, s.read(ctx, "read changes", err)
	}
	live := entries[:0]
	tenants := make(map[store.GalleryID]store.TenantID)
	for _, c := range entries {
		there := true
		if c.Kind == changelog.PutFace || c.Kind == changelog.PutMetadata {
			// Without a gallery there is only the number of what is gone.
			if c.Gallery == "" && c.Damage == nil {
				continue
			}
			c.Tenant, there, err = s.tenantOf(ctx, c, tenants)
			if damaged(err) { // then nobody can say whose it is, and it is lost
				c.Kind, c.Damage, there, err = 0, explain(err), true, nil
			}
			if err != nil {
				return nil, after, s.read(ctx, "read changes", err)
			}
		}
		if there {
			live = append(live, c)
		}
	}
	return live, next, nil
}

// changesOneByOne reads the log's rows of the next limit positions each by
// itself, so that a page that cannot be read costs no other page's rows.
func (s *Store) changesOneByOne(ctx context.Context, after uint64, limit int) (entries []changelog.Change, next uint64, err error) {
	end, err := s.Position(ctx)
	if err != nil {
		return nil, after, err
	}
	next = max(after, min(end, after+uint64(max(limit, 0))))
	for seq := after + 1; seq <= next; seq++ {
		c, err := s.changeAt(ctx, seq)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, after, err
		}
		entries = append(entries, c)
	}
	return entries, next, nil
}

// changeAt reads what it can of one row of the log.
func (s *Store) changeAt(ctx context.Context, seq uint64) (changelog.Change, error) {
	var damage error
	for _, query := range changeQueries {
		rows, err := s.readers.QueryContext(ctx, query+`WHERE c.seq = ?`, seq)
		found, err := list(rows, err, new(changeRow).scan)
		switch {
		case damaged(err):
			damage = explain(err)
			continue
		case err != nil:
			return changelog.Change{}, err
		case len(found) == 0:
			return changelog.Change{}, sql.ErrNoRows
		case damage != nil:
			found[0].Damage = damage
		}
		return found[0], nil
	}
	return changelog.Change{Seq: seq, Damage: damage}, nil
}

// tenantOf is the tenant of what was put; false means that its gallery, and it
// too, is gone. It notes what it was told: a gallery stays its
// tenant's.
func (s *Store) tenantOf(ctx context.Context, c changelog.Change, known map[store.GalleryID]store.TenantID) (tenant store.TenantID, there bool, err error) {
	if tenant, ok := known[c.Gallery]; ok {
		return tenant, true, nil
	}
	err = s.readers.QueryRowContext(ctx, `SELECT tenant FROM galleries WHERE id = ? AND tenant IS NOT NULL`, c.Gallery).Scan(&tenant)
	if errors.Is(err, sql.ErrNoRows) {
		// The gallery of a damaged row may be what is damaged.
		return "", c.Damage != nil, nil
	}
	if err == nil {
		known[c.Gallery] = tenant
	}
	return tenant, err == nil, err
}

// Position implements changelog.Log. It reads the file, since another process
// may have written it.
func (s *Store) Position(ctx context.Context) (position uint64, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT coalesce(max(seq), 0) FROM changes`).Scan(&position)
	return position, s.read(ctx, "read position", err)
}

// PositionOf is the position of the gallery's last change, or 0 before any, and
// never beyond the log's; an unknown gallery is ErrNotFound.
func (s *Store) PositionOf(ctx context.Context, gallery store.GalleryID) (position uint64, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT min(position, (SELECT coalesce(max(seq), 0) FROM changes))
		FROM galleries WHERE id = ? AND tenant IS NOT NULL`, gallery).Scan(&position)
	return position, s.read(ctx, "read position of gallery", err)
}

// changeRow is where the rows of one query of the log are read, one after another.
type changeRow struct {
	seq                                 uint64
	kind, checksum, sum                 any // of whatever type a damaged row has there
	tenant, gallery, id, space, subject sql.NullString
	// Bytes that are good until the next row, and not copied.
	template, metadata sql.RawBytes
}

func (r *changeRow) scan(row scanner) (c changelog.Change, err error) {
	if err := row.Scan(&r.seq, &r.kind, &r.tenant, &r.gallery, &r.id, &r.space, &r.subject, &r.template, &r.checksum, &r.metadata, &r.sum); err != nil {
		return c, err
	}
	c.Seq, c.Tenant, c.Gallery, c.Face = r.seq, store.TenantID(r.tenant.String), store.GalleryID(r.gallery.String), store.FaceID(r.id.String)
	c.Pack, c.Subject = r.space.String, store.SubjectID(r.subject.String)
	n, ok := r.kind.(int64)
	if c.Kind = changelog.Kind(n); !ok || n < int64(changelog.PutFace) || n > int64(changelog.PutMetadata) {
		c.Kind, c.Damage = 0, fmt.Errorf("%w: the change is of kind %v", store.ErrDamaged, r.kind)
	}
	switch {
	case c.Kind == changelog.DropGallery && c.Face != "":
		c.Kind, c.Damage = 0, fmt.Errorf("%w: the change drops a gallery and names a face", store.ErrDamaged)
	case c.Kind == changelog.PutFace && r.id.Valid:
		c.Template, c.Damage = store.ReadTemplate(store.Face{ID: c.Face, Gallery: c.Gallery, Subject: c.Subject, Pack: c.Pack}, r.template, checksumOf(r.checksum))
	case c.Kind != changelog.PutMetadata || !r.subject.Valid:
		return c, nil
	}
	if c.Damage == nil {
		c.Metadata, c.Damage = store.ReadMetadata(c.Gallery, c.Subject, r.metadata, checksumOf(r.sum))
	}
	return c, nil
}
