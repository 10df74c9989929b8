package postgres

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"oneton/changelog"
	"oneton/store"
)

// maxPosition is the highest that a column holds.
const maxPosition = uint64(math.MaxInt64)

const endOfLog = `SELECT coalesce(max(seq), 0) FROM changes`

// The rows of the log with what they are about. Of a row of which the server
// cannot read all, the next query may still read a part.
const (
	changeTables = ` FROM changes c LEFT JOIN (faces f JOIN galleries g ON g.id = f.gallery AND g.tenant IS NOT NULL AND f.aside_at IS NULL`
	theirSubject = ` LEFT JOIN subjects s ON s.gallery = f.gallery AND s.id = f.subject`
	ownSubject   = ` LEFT JOIN (subjects m JOIN galleries h ON h.id = m.gallery AND h.tenant IS NOT NULL) ON c.kind = ` + putMetadata + ` AND m.changed = `
	// only makes sure that no other face than that of change $1 is read.
	only = `) ON f.enrolled = (SELECT enrolled FROM changes WHERE seq = $1)`

	wholeColumns = `SELECT c.seq, c.kind, coalesce(c.tenant, g.tenant, h.tenant), coalesce(c.gallery, f.gallery, m.gallery), coalesce(c.face, f.id),
		f.space, coalesce(f.subject, m.id), f.template, f.checksum, coalesce(s.metadata, m.metadata)::text, coalesce(s.checksum, m.checksum)`
	changesAfter = wholeColumns + changeTables + theirSubject + `) ON f.enrolled = c.enrolled` + ownSubject + `c.seq
		WHERE c.seq > $1 ORDER BY c.seq LIMIT $2`
	changeWhole = wholeColumns + changeTables + theirSubject + only + ownSubject + `$1 WHERE c.seq = $1`
	changeFace  = `SELECT c.seq, c.kind, coalesce(c.tenant, g.tenant), coalesce(c.gallery, f.gallery), coalesce(c.face, f.id),
		f.space, f.subject, f.template, f.checksum, NULL, NULL::bigint` + changeTables + only + ` WHERE c.seq = $1`
	changeAlone = `SELECT seq, kind, tenant, gallery, coalesce(face, ''), NULL, NULL, NULL::bytea, NULL::bigint, NULL, NULL::bigint FROM changes WHERE seq = $1`

	// putMetadata is changelog.PutMetadata.
	putMetadata = "4"
)

// Changes implements changelog.Log. Puts carry the face, or the metadata, as
// they are now; those of faces and subjects that are gone, and of faces that are
// aside, are left out.
func (s *Store) Changes(ctx context.Context, after uint64, limit int) ([]changelog.Change, uint64, error) {
	entries, err := list(ctx, s, "read changes", scanChange, changesAfter, min(after, maxPosition), max(limit, 0))
	next := after
	if len(entries) > 0 {
		next = entries[len(entries)-1].Seq
	}
	if errors.Is(err, store.ErrDamaged) {
		entries, next, err = s.changesOneByOne(ctx, after, limit)
	}
	if err != nil {
		return nil, after, err
	}
	live := entries[:0]
	for _, c := range entries {
		// Without a gallery there is only the number of what is gone.
		if c.Gallery != "" || c.Damage != nil {
			live = append(live, c)
		}
	}
	return live, next, nil
}

// changesOneByOne reads the log's rows of the next limit positions each by
// itself, so that what cannot be read costs no other row.
func (s *Store) changesOneByOne(ctx context.Context, after uint64, limit int) (entries []changelog.Change, next uint64, err error) {
	end, err := s.Position(ctx)
	if err != nil {
		return nil, after, err
	}
	next = max(after, min(end, after+uint64(max(limit, 0)))) //nolint:gosec // not negative
	for seq := after + 1; seq <= next; seq++ {
		c, err := s.changeAt(ctx, seq)
		if errors.Is(err, store.ErrNotFound) {
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
	for _, query := range []string{changeWhole, changeFace, changeAlone} {
		c, err := one(ctx, s, "read change", scanChange, query, seq)
		if errors.Is(err, store.ErrDamaged) {
			damage = err
			continue
		}
		if damage != nil {
			c.Damage = damage
		}
		return c, err
	}
	return changelog.Change{Seq: seq, Damage: damage}, nil
}

// Position implements changelog.Log. It asks the server, since another process
// may have written.
func (s *Store) Position(ctx context.Context) (uint64, error) {
	return one(ctx, s, "read position", pgx.RowTo[uint64], endOfLog)
}

// PositionOf is the position of the gallery's last change, or 0 before any, and
// never beyond the log's; an unknown gallery is ErrNotFound.
func (s *Store) PositionOf(ctx context.Context, gallery store.GalleryID) (uint64, error) {
	return one(ctx, s, "read position of gallery", pgx.RowTo[uint64],
		`SELECT least(position, (`+endOfLog+`)) FROM galleries WHERE id = $1 AND tenant IS NOT NULL`, gallery)
}

func scanChange(row pgx.CollectableRow) (c changelog.Change, err error) {
	var kind int64
	var tenant, gallery, id, pack, subject, metadata pgtype.Text
	var template []byte
	var checksum, sum *int64
	if err := row.Scan(&c.Seq, &kind, &tenant, &gallery, &id, &pack, &subject, &template, &checksum, &metadata, &sum); err != nil {
		return c, err
	}
	c.Tenant, c.Gallery, c.Face = store.TenantID(tenant.String), store.GalleryID(gallery.String), store.FaceID(id.String)
	c.Pack, c.Subject = pack.String, store.SubjectID(subject.String)
	if kind < int64(changelog.PutFace) || kind > int64(changelog.PutMetadata) {
		c.Damage = fmt.Errorf("%w: the change is of kind %d", store.ErrDamaged, kind)
		return c, nil
	}
	c.Kind = changelog.Kind(kind)
	switch {
	case c.Kind == changelog.DropGallery && c.Face != "":
		c.Kind, c.Damage = 0, fmt.Errorf("%w: the change drops a gallery and names a face", store.ErrDamaged)
	case c.Kind == changelog.PutFace && id.Valid:
		c.Template, c.Damage = store.ReadTemplate(store.Face{ID: c.Face, Gallery: c.Gallery, Subject: c.Subject, Pack: c.Pack}, template, checksum)
	case c.Kind != changelog.PutMetadata || !subject.Valid:
		return c, nil
	}
	if c.Damage == nil {
		c.Metadata, c.Damage = store.ReadMetadata(c.Gallery, c.Subject, []byte(metadata.String), sum)
	}
	return c, nil
}
