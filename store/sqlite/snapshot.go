package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pressly/goose/v3"

	"oneton/store"
)

// Engine is the name of this one in a schema.
const Engine = "sqlite"

// Snapshot lets do read all that the file holds as of one moment. It changes
// nothing, also where an older program has made the file, and other processes go
// on writing: while it lasts their write-ahead log grows, and keeps what they
// erase.
func Snapshot(ctx context.Context, path string, do func(store.Snapshot) error) (err error) {
	db, err := connect(path, "ro", 1)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err == nil {
		defer func() { _ = tx.Rollback() }()
		var s snapshot
		if s, err = snapshotOf(ctx, tx); err == nil {
			return do(s)
		}
	}
	return fmt.Errorf("read database %s: %w", path, explain(err))
}

// snapshot is a transaction that only reads.
type snapshot struct {
	tx     *sql.Tx
	schema store.Schema
}

// snapshotOf reads the schema, with which the transaction begins.
func snapshotOf(ctx context.Context, tx *sql.Tx) (snapshot, error) {
	schema, err := schemaOf(ctx, tx)
	return snapshot{tx, schema}, err
}

// Schema implements store.Snapshot.
func (s snapshot) Schema() store.Schema { return s.schema }

// Rows implements store.Snapshot.
func (s snapshot) Rows(ctx context.Context, t store.Table) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		if err := s.rows(ctx, t, yield); err != nil {
			yield(nil, fmt.Errorf("read table %s: %w", t.Name, explain(err)))
		}
	}
}

func (s snapshot) rows(ctx context.Context, t store.Table, yield func([]any, error) bool) error {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = `+"` + c.Name + `"` // which takes away the type that the driver would read it as
	}
	rows, err := s.tx.QueryContext(ctx, `SELECT `+strings.Join(columns, `, `)+` FROM "`+t.Name+`"`+s.there(t.Name))
	if err != nil {
		return err
	}
	defer rows.Close()
	row, into := make([]any, len(columns)), make([]any, len(columns))
	for i := range row {
		into[i] = &row[i]
	}
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return err
		}
		for i, c := range t.Columns {
			if n, ok := row[i].(int64); ok && c.Kind == store.Boolean {
				row[i] = n != 0
			}
		}
		if !yield(row, nil) {
			return nil
		}
	}
	return rows.Err()
}

// there leaves out what was deleted and waits to be removed.
func (s snapshot) there(table string) string {
	if !slices.ContainsFunc(s.schema.Tables, func(t store.Table) bool { return t.Name == "galleries" }) {
		return ""
	}
	const lives = `(SELECT id FROM galleries WHERE tenant IS NOT NULL)`
	switch table {
	case "galleries":
		return ` WHERE tenant IS NOT NULL`
	case "subjects", "faces":
		return ` WHERE gallery IN ` + lives
	case "photos":
		there := ` WHERE face IN (SELECT n FROM faces WHERE gallery IN ` + lives + `)`
		if s.schema.Versions[store.OwnPart] >= droppedPhotos {
			there += ` AND NOT EXISTS (SELECT 1 FROM dropped_photos d WHERE d.face = photos.face)`
		}
		return there
	case "changes": // tell of it
		return ""
	}
	return s.schema.OfGalleries(table)
}

// droppedPhotos is the schema's version from which on photos are listed as dropped.
const droppedPhotos = 5

// reader asks, in a transaction or not.
type reader interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

func schemaOf(ctx context.Context, db reader) (store.Schema, error) {
	s := store.Schema{Engine: Engine, Versions: map[string]int64{}}
	rows, err := db.QueryContext(ctx, `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' AND name <> 'dropped_photos' ORDER BY name`)
	names, err := list(rows, err, func(row scanner) (name string, err error) { err = row.Scan(&name); return name, err })
	if err != nil {
		return s, err
	}
	refers := map[string][]string{}
	for _, name := range names {
		part, counts := strings.CutSuffix(name, store.VersionTable(""))
		if name == goose.DefaultTablename {
			part, counts = store.OwnPart, true
		}
		if counts {
			rows, err := db.QueryContext(ctx, `SELECT coalesce(max(version_id), 0) FROM "`+name+`"`)
			versions, err := list(rows, err, func(row scanner) (v int64, err error) { err = row.Scan(&v); return v, err })
			if err != nil {
				return s, err
			}
			s.Versions[part] = versions[0]
			continue
		}
		t := store.Table{Name: name}
		rows, err := db.QueryContext(ctx, `SELECT name, type FROM pragma_table_info(?) ORDER BY cid`, name)
		if t.Columns, err = list(rows, err, func(row scanner) (c store.Column, err error) {
			var declared string
			if err = row.Scan(&c.Name, &declared); err == nil {
				c.Kind, err = kindOf(name, c.Name, declared)
			}
			return c, err
		}); err != nil {
			return s, err
		}
		rows, err = db.QueryContext(ctx, `SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)`, name)
		if refers[name], err = list(rows, err, func(row scanner) (name string, err error) { err = row.Scan(&name); return name, err }); err != nil {
			return s, err
		}
		s.Tables = append(s.Tables, t)
	}
	s.Tables, err = store.Ordered(s.Tables, refers)
	return s, err
}

// kinds are those of columns that are declared as something else here.
var kinds = map[string]store.Kind{
	"tenants.created_at": store.Time, "keys.created_at": store.Time, "keys.revoked_at": store.Time, "keys.ends_at": store.Time,
	"galleries.created_at": store.Time, "subjects.created_at": store.Time, "subjects.updated_at": store.Time, "subjects.ends_at": store.Time, "faces.created_at": store.Time, "faces.aside_at": store.Time,
	"keys.scopes": store.JSON, "galleries.policy": store.JSON, "subjects.metadata": store.JSON, "faces.box": store.JSON,
	"faces.landmarks": store.JSON, "faces.quality": store.JSON, "calibrations.definition": store.JSON,
	"spaces.moving": store.Boolean,
}

// kindOf is what a column of the declared type holds.
func kindOf(table, column, declared string) (store.Kind, error) {
	if k, ok := kinds[table+"."+column]; ok {
		return k, nil
	}
	switch declared {
	case "TEXT":
		return store.Text, nil
	case "BLOB", "BYTEA":
		return store.Bytes, nil
	case "INTEGER", "BIGINT":
		return store.Integer, nil
	case "BOOLEAN":
		return store.Boolean, nil
	case "TIMESTAMPTZ":
		return store.Time, nil
	}
	return "", fmt.Errorf("%w: column %s.%s is declared as %s, which no snapshot can hold", store.ErrInvalid, table, column, declared)
}
