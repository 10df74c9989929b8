package postgres

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"oneton/store"
)

// Engine is the name of this one in a schema.
const Engine = "postgres"

// Snapshot lets do read all that the database holds as of one moment. It changes
// nothing, also where an older program has made the database, and other processes
// go on writing: while it lasts, no vacuum removes what they delete.
func Snapshot(ctx context.Context, cfg Config, do func(store.Snapshot) error) error {
	return alone(ctx, cfg, "read database", func(conn *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
			schema, err := schemaOf(ctx, tx)
			if err != nil {
				return err
			}
			return do(snapshot{tx, schema})
		})
	})
}

// alone does work that may take long on a connection of its own.
func alone(ctx context.Context, cfg Config, doing string, do func(*pgx.Conn) error) error {
	pool, err := poolConfig(cfg)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	c := pool.ConnConfig
	for _, limit := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		c.RuntimeParams[limit] = "0"
	}
	conn, err := pgx.ConnectConfig(ctx, c)
	if err == nil {
		defer closeConn(conn)
		if err = afterConnect(ctx, conn); err == nil {
			err = do(conn)
		}
	}
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	return fmt.Errorf("%s: %w", doing, explain(err))
}

// snapshot is a transaction that only reads.
type snapshot struct {
	tx     pgx.Tx
	schema store.Schema
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
		columns[i] = quoted(t.Name, c.Name)
		if c.Kind == store.JSON {
			columns[i] += `::text`
		}
	}
	rows, err := s.tx.Query(ctx, `SELECT `+strings.Join(columns, `, `)+` FROM `+pgx.Identifier{t.Name}.Sanitize()+s.there(t.Name))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		row, err := rows.Values()
		if err != nil {
			return err
		}
		for i, c := range t.Columns {
			if row[i], err = cell(row[i]); err != nil {
				return fmt.Errorf("column %s: %w", c.Name, err)
			}
		}
		if !yield(row, nil) {
			return nil
		}
	}
	return rows.Err()
}

// there leaves out what was deleted and waits to be removed, and brings faces and
// changes in the order in which they came.
func (s snapshot) there(table string) string {
	if own, ok := there[table]; ok {
		return own
	}
	return s.schema.OfGalleries(table)
}

var there = map[string]string{
	"galleries": ` WHERE tenant IS NOT NULL`,
	"subjects":  ` WHERE gallery IN ` + lives,
	"faces":     ` WHERE gallery IN ` + lives + ` ORDER BY enrolled`,
	"photos":    ` WHERE face IN (SELECT enrolled FROM faces WHERE gallery IN ` + lives + `)`,
	"changes":   ` ORDER BY seq`,
}

const lives = `(SELECT id FROM galleries WHERE tenant IS NOT NULL)`

// cell is a column's value as a snapshot has it.
func cell(v any) (any, error) {
	switch v := v.(type) {
	case nil, string, []byte, int64, bool:
		return v, nil
	case int32:
		return int64(v), nil
	case int16:
		return int64(v), nil
	case time.Time:
		return v.UnixMicro(), nil
	}
	return nil, fmt.Errorf("%w: %v, a %T", store.ErrInvalid, v, v)
}

// numbered are the tables in which this engine calls a face's number otherwise.
var numbered = []string{"faces", "changes"}

// quoted is the column's name here.
func quoted(table, column string) string {
	if column == "n" && slices.Contains(numbered, table) {
		column = "enrolled"
	}
	return pgx.Identifier{column}.Sanitize()
}

func schemaOf(ctx context.Context, tx pgx.Tx) (store.Schema, error) {
	s := store.Schema{Engine: Engine, Versions: map[string]int64{}}
	rows, err := tx.Query(ctx, `SELECT c.relname, a.attname, a.atttypid::regtype::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = quote_ident(current_schema())::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped AND c.relname <> 'commits'
		ORDER BY c.relname, a.attnum`)
	if err != nil {
		return s, err
	}
	var table, column, declared string
	var versions []string
	if _, err := pgx.ForEachRow(rows, []any{&table, &column, &declared}, func() error {
		if table == goose.DefaultTablename || strings.HasSuffix(table, store.VersionTable("")) {
			if !slices.Contains(versions, table) {
				versions = append(versions, table)
			}
			return nil
		}
		if column == "enrolled" && slices.Contains(numbered, table) {
			column = "n"
		}
		kind, ok := kinds[declared]
		if !ok {
			return fmt.Errorf("%w: column %s.%s is declared as %s, which no snapshot can hold", store.ErrInvalid, table, column, declared)
		}
		if n := len(s.Tables); n == 0 || s.Tables[n-1].Name != table {
			s.Tables = append(s.Tables, store.Table{Name: table})
		}
		t := &s.Tables[len(s.Tables)-1]
		t.Columns = append(t.Columns, store.Column{Name: column, Kind: kind})
		return nil
	}); err != nil {
		return s, err
	}
	for _, name := range versions {
		part := strings.TrimSuffix(name, store.VersionTable(""))
		if name == goose.DefaultTablename {
			part = store.OwnPart
		}
		var v int64
		if err := tx.QueryRow(ctx, `SELECT coalesce(max(version_id), 0) FROM `+pgx.Identifier{name}.Sanitize()).Scan(&v); err != nil {
			return s, err
		}
		s.Versions[part] = v
	}
	rows, err = tx.Query(ctx, `SELECT DISTINCT c.relname, p.relname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
		WHERE k.contype = 'f' AND k.connamespace = quote_ident(current_schema())::regnamespace`)
	if err != nil {
		return s, err
	}
	refers := map[string][]string{}
	var parent string
	if _, err := pgx.ForEachRow(rows, []any{&table, &parent}, func() error {
		refers[table] = append(refers[table], parent)
		return nil
	}); err != nil {
		return s, err
	}
	s.Tables, err = store.Ordered(s.Tables, refers)
	return s, err
}

// kinds are those of the types that columns are declared as.
var kinds = map[string]store.Kind{
	"text": store.Text, "jsonb": store.JSON, "bytea": store.Bytes, "bigint": store.Integer, "integer": store.Integer, "smallint": store.Integer,
	"boolean": store.Boolean, "timestamp with time zone": store.Time,
}

// Newest is the version of the engine's own part of the schema.
func Newest() (int64, error) { return store.NewestMigration(migrationFiles, "migrations") }

// Load makes the parts' tables in a database that holds nothing, and lets do fill
// them: as a whole, or nothing of it. A database in which there is something is
// store.ErrExists, and one whose tables are of newer versions store.ErrNewerSchema.
func Load(ctx context.Context, cfg Config, parts map[string]store.Part, do func(store.Loading) error) error {
	pool, err := poolConfig(cfg)
	if err != nil {
		return fmt.Errorf("read database URL: %w", err)
	}
	if err := locked(ctx, pool.ConnConfig, func(c *pgx.ConnConfig, _ *pgx.Conn) error {
		for _, name := range store.PartNames(parts) {
			if err := prepare(ctx, c, name, parts[name]); err != nil {
				return fmt.Errorf("make tables of %s: %w", name, err)
			}
		}
		return nil
	}); err != nil {
		return fmt.Errorf("fill database: %w", explain(err))
	}
	return alone(ctx, cfg, "fill database", func(conn *pgx.Conn) error {
		err := pgx.BeginTxFunc(ctx, conn, pgx.TxOptions{}, func(tx pgx.Tx) error {
			// No server writes meanwhile, and one that wants to says that it cannot.
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(`+lockKey+`)`, logLock); err != nil {
				return err
			}
			s, err := schemaOf(ctx, tx)
			if err != nil {
				return err
			}
			l := loading{snapshot{tx, s}}
			if err := l.isEmpty(ctx); err != nil {
				return err
			}
			return do(l)
		})
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, `ANALYZE`) // without which the first queries would be planned for empty tables
		return err
	})
}

func prepare(ctx context.Context, c *pgx.ConnConfig, name string, p store.Part) (err error) {
	s := schema{p.Migrations, store.VersionTable(name)}
	if name == store.OwnPart {
		if s, err = own(); err != nil {
			return err
		}
	}
	return s.migrateTo(ctx, c, p.Version)
}

// loading is a transaction that fills tables.
type loading struct{ snapshot }

// isEmpty is store.ErrExists where a table has a row.
func (l loading) isEmpty(ctx context.Context) error {
	for _, t := range l.schema.Tables {
		var some bool
		if err := l.tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM `+pgx.Identifier{t.Name}.Sanitize()+`)`).Scan(&some); err != nil {
			return err
		}
		if some {
			return fmt.Errorf("%w: the database is not empty: there are rows in table %s", store.ErrExists, t.Name)
		}
	}
	return nil
}

// Insert implements store.Loading.
func (l loading) Insert(ctx context.Context, t store.Table, rows iter.Seq2[[]any, error]) error {
	columns := make([]string, len(t.Columns))
	for i, c := range t.Columns {
		columns[i] = strings.Trim(quoted(t.Name, c.Name), `"`)
	}
	next, stop := iter.Pull2(rows)
	defer stop()
	n := 0
	var failed error
	_, err := l.tx.CopyFrom(ctx, pgx.Identifier{t.Name}, columns, pgx.CopyFromFunc(func() ([]any, error) {
		row, err, more := next()
		if !more {
			return nil, nil
		}
		if n++; err != nil {
			failed = err
			return nil, err
		}
		for i, c := range t.Columns {
			if us, ok := row[i].(int64); ok && c.Kind == store.Time {
				row[i] = time.UnixMicro(us)
			}
		}
		return row, nil
	}))
	if failed != nil { // which the server was told, and tells back
		err = failed
	}
	if err != nil {
		return fmt.Errorf("fill table %s: at row %d: %w", t.Name, n, explain(err))
	}
	return nil
}
