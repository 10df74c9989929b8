package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"os"
	"strings"

	"oneton/store"
)

// Newest is the version of the engine's own part of the schema.
func Newest() (int64, error) { return store.NewestMigration(migrationFiles, "migrations") }

// Load makes the file, which must not be there, with the parts' tables, and lets do
// fill it. It is not durable, and nothing to be opened, before Load returns nil;
// after an error it is to be removed. Rows that refer to nothing and a file that
// SQLite's own check finds fault with are errors, store.ErrDamaged.
func Load(ctx context.Context, path string, parts map[string]store.Part, do func(store.Loading) error) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("fill database %s: %w", path, explain(err))
		}
	}()
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	for _, name := range store.PartNames(parts) {
		if err := prepare(ctx, path, name, parts[name]); err != nil {
			return err
		}
	}
	// Nobody else has the file, and it is worth nothing before it is whole.
	db, err := connect(path, "rw", 1, func(q url.Values) {
		q.Del("_defensive") // which keeps the journal
		q.Set("_journal_mode", "OFF")
		q["_pragma"] = []string{"synchronous(OFF)", "foreign_keys(OFF)", "temp_store(MEMORY)", "cache_size(-65536)", "cell_size_check(ON)"}
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }() // unless it is committed
	s, err := snapshotOf(ctx, tx)
	if err != nil {
		return err
	}
	if err := do(loading{s}); err != nil {
		return err
	}
	if err := finish(ctx, tx); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	if err := errors.Join(check(ctx, db), db.Close()); err != nil {
		return err
	}
	return f.Sync()
}

// prepare makes the tables of a part in its version.
func prepare(ctx context.Context, path, name string, p store.Part) (err error) {
	s := schema{p.Migrations, store.VersionTable(name)}
	if name == store.OwnPart {
		if s, err = own(); err != nil {
			return err
		}
	}
	db, err := connect(path, "rw", 1, func(q url.Values) { q.Del("_defensive") })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	provider, err := s.provider(db)
	if err == nil {
		_, _, err = provider.GetVersions(ctx) // which makes the table of versions
	}
	if err == nil {
		err = s.guard(ctx, db)
	}
	if err == nil {
		_, err = provider.UpTo(ctx, p.Version)
	}
	if err != nil {
		return fmt.Errorf("make tables of %s: %w", name, err)
	}
	return nil
}

// loading is a transaction that fills tables.
type loading struct{ snapshot }

// Insert implements store.Loading.
func (l loading) Insert(ctx context.Context, t store.Table, rows iter.Seq2[[]any, error]) error {
	if err := l.insert(ctx, t, rows); err != nil {
		return fmt.Errorf("fill table %s: %w", t.Name, explain(err))
	}
	return nil
}

func (l loading) insert(ctx context.Context, t store.Table, rows iter.Seq2[[]any, error]) error {
	columns, values := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i], values[i] = `"`+c.Name+`"`, `?`
	}
	statement := `INSERT INTO "` + t.Name + `" (` + strings.Join(columns, `, `) + `) VALUES (` + strings.Join(values, `, `) + `)`
	insert, err := l.tx.PrepareContext(ctx, statement) //nolint:sqlclosecheck // it is, below
	if err != nil {
		return err
	}
	defer insert.Close()
	n := 0
	for row, err := range rows {
		n++
		if err == nil {
			_, err = insert.ExecContext(ctx, row...)
		}
		if err != nil {
			return fmt.Errorf("row %d: %w", n, err)
		}
	}
	return nil
}

// finish makes sure that no number of a face or a change is used again, whichever
// engine has counted them.
func finish(ctx context.Context, tx *sql.Tx) error {
	for _, name := range []string{"faces", "changes"} {
		if _, err := tx.ExecContext(ctx, `DELETE FROM sqlite_sequence WHERE name = ?`, name); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, `INSERT INTO sqlite_sequence (name, seq)
			SELECT ?, max(coalesce((SELECT max(seq) FROM changes), 0), coalesce((SELECT max(n) FROM faces), 0))`, name); err != nil {
			return err
		}
	}
	return nil
}

// Check is store.ErrDamaged when the file does not pass SQLite's own check, or a row
// refers to one that is not there.
func check(ctx context.Context, db *sql.DB) error {
	rows, err := db.QueryContext(ctx, `PRAGMA integrity_check`)
	found, err := list(rows, err, func(row scanner) (said string, err error) { err = row.Scan(&said); return said, err })
	if err != nil {
		return err
	}
	if len(found) != 1 || found[0] != "ok" {
		return fmt.Errorf("%w: SQLite's check of the file says: %s", store.ErrDamaged, strings.Join(found, "; "))
	}
	rows, err = db.QueryContext(ctx, `SELECT "table", coalesce(rowid, 0), parent FROM pragma_foreign_key_check LIMIT 1`)
	lost, err := list(rows, err, func(row scanner) (said string, err error) {
		var table, parent string
		var id int64
		err = row.Scan(&table, &id, &parent)
		return fmt.Sprintf("row %d of table %s refers to a row of %s that is not there", id, table, parent), err
	})
	if err != nil {
		return err
	}
	if len(lost) > 0 {
		return fmt.Errorf("%w: %s", store.ErrDamaged, cmp.Or(lost...))
	}
	return nil
}
