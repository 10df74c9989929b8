package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"oneton/store"
)

// checksumBatch is how many rows one transaction gives their checksum.
const checksumBatch = 1024

// unsummed are rows of a table that may have no checksum yet.
type unsummed struct {
	// keys are the primary key's columns, columns what sum reads of a row, and
	// column is where its checksum is.
	table, column string
	keys          []string
	columns       string
	sum           func(row pgx.CollectableRow) (r summedRow, err error)
}

// summedRow is a row's key with its checksum.
type summedRow struct {
	key      []any
	checksum int64
}

// summed are the tables whose rows have checksums.
var summed = []unsummed{
	{"faces", "checksum", []string{"enrolled"}, "enrolled, id, gallery, subject, space, template", func(row pgx.CollectableRow) (summedRow, error) {
		var enrolled int64
		var f store.Face
		var template []byte
		err := row.Scan(&enrolled, &f.ID, &f.Gallery, &f.Subject, &f.Pack, &template)
		_, damage := store.ReadTemplate(f, template, nil)
		return sumOf(store.Checksum(f.ID, f.Gallery, f.Subject, f.Pack, template), damage != nil, enrolled), err
	}},
	{"faces", "details", []string{"enrolled"}, "enrolled, id, box::text, landmarks::text, quality::text, created_at, aside_at", func(row pgx.CollectableRow) (summedRow, error) {
		var enrolled int64
		var f store.Face
		var box, landmarks, quality []byte
		err := row.Scan(&enrolled, &f.ID, &box, &landmarks, &quality, &f.CreatedAt, timeColumn{&f.AsideAt})
		sum := store.DetailsChecksum(f, box, landmarks, quality)
		return sumOf(sum, store.ReadDetails(f, box, landmarks, quality, nil).Damage != "", enrolled), err
	}},
	{"subjects", "checksum", []string{"gallery", "id"}, "gallery, id, metadata::text", func(row pgx.CollectableRow) (summedRow, error) {
		var sub store.Subject
		var metadata []byte
		err := row.Scan(&sub.Gallery, &sub.ID, &metadata)
		sum := store.MetadataChecksum(sub.Gallery, sub.ID, metadata)
		return sumOf(sum, store.ReadSubject(sub, metadata, nil).Damage != "", sub.Gallery, sub.ID), err
	}},
	{"galleries", "checksum", []string{"id"}, "id, coalesce(tenant, ''), name, pack, policy::text, created_at", func(row pgx.CollectableRow) (summedRow, error) {
		var g store.Gallery
		var policy []byte
		err := row.Scan(&g.ID, &g.Tenant, &g.Name, &g.Pack, &policy, &g.CreatedAt)
		return sumOf(store.GalleryChecksum(g, policy), store.ReadPolicy(g, policy, nil).Damage != "", g.ID), err
	}},
}

// sumOf is what a row gets that may have been damaged before.
func sumOf(checksum int64, damaged bool, key ...any) summedRow {
	if damaged {
		checksum = store.Unsound(checksum)
	}
	return summedRow{key, checksum}
}

// fillChecksums gives a checksum to the rows from before there were any. Those
// that are damaged already get one that does not fit them.
func (s *Store) fillChecksums(ctx context.Context) error {
	for _, rows := range summed {
		if err := s.fill(ctx, rows); err != nil && !errors.Is(err, store.ErrDamaged) {
			return err
		}
	}
	return nil
}

func (s *Store) fill(ctx context.Context, u unsummed) error {
	key := make([]string, len(u.keys))
	for i, column := range u.keys {
		key[i] = fmt.Sprintf(" AND %s = $%d", column, i+2)
	}
	update := `UPDATE ` + u.table + ` SET ` + u.column + ` = $1 WHERE ` + u.column + ` IS NULL` + strings.Join(key, "")
	for {
		found, err := list(ctx, s, "make checksums", u.sum,
			`SELECT `+u.columns+` FROM `+u.table+` WHERE `+u.column+` IS NULL LIMIT $1`, checksumBatch)
		if err != nil || len(found) == 0 {
			return err
		}
		if err := s.write(ctx, "make checksums", func(tx *tx) error {
			for _, r := range found {
				tx.queue(update, append([]any{r.checksum}, r.key...)...)
			}
			return tx.flush()
		}); err != nil {
			return err
		}
	}
}
