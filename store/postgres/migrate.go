package postgres

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"oneton/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// oldestServer is the first version that tells whether a transaction whose
// answer was lost has been committed, in the form that is used here.
const oldestServer = 130000

// schema is the migrations of a part of the tables, and where it is kept which of
// them were made.
type schema struct {
	files fs.FS
	table string
}

// own is the schema of the engine's own tables.
func own() (schema, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	return schema{files, goose.DefaultTablename}, err
}

// Migrate implements store.DB.
func (s *Store) Migrate(ctx context.Context, room string, migrations fs.FS) error {
	select {
	case <-s.closing:
		return fmt.Errorf("migrate tables of %s: %w", room, store.ErrClosed)
	default:
	}
	if s.looks {
		return s.failed(ctx, "look at tables of "+room, schema{migrations, store.VersionTable(room)}.compare(ctx, s.readers.Config().ConnConfig))
	}
	err := locked(ctx, s.readers.Config().ConnConfig, func(cfg *pgx.ConnConfig, _ *pgx.Conn) error {
		return schema{migrations, store.VersionTable(room)}.migrate(ctx, cfg)
	})
	return s.failed(ctx, "migrate tables of "+room, err)
}

// migrate brings the engine's schema to the newest version this program knows.
func migrate(ctx context.Context, cfg *pgx.ConnConfig) error {
	part, err := own()
	if err != nil {
		return err
	}
	return locked(ctx, cfg, func(cfg *pgx.ConnConfig, conn *pgx.Conn) error {
		if err := part.migrate(ctx, cfg); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `DELETE FROM commits WHERE at < now() - interval '1 day'`) // of processes that are gone
		return err
	})
}

// locked lets processes that start at once migrate one after the other.
func locked(ctx context.Context, cfg *pgx.ConnConfig, do func(*pgx.ConnConfig, *pgx.Conn) error) error {
	cfg = cfg.Copy()
	cfg.RuntimeParams["statement_timeout"] = "0" // a migration may take its time
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return err
	}
	defer closeConn(conn)
	if err := usable(ctx, conn); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(`+lockKey+`)`, "migrations"); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	return do(cfg, conn)
}

// usable is ErrServer where the server cannot be what this store needs.
func usable(ctx context.Context, conn interface {
	QueryRow(ctx context.Context, query string, args ...any) pgx.Row
},
) error {
	var version int
	var encoding string
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).
		Scan(&version, &encoding); err != nil {
		return err
	}
	if version < oldestServer {
		return fmt.Errorf("%w: the server's version is %d and must be at least %d", ErrServer, version, oldestServer)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("%w: the database's encoding is %s and must be UTF8", ErrServer, encoding)
	}
	return nil
}

// migrate brings the schema to the newest version this program knows, for who
// holds the lock.
func (s schema) migrate(ctx context.Context, cfg *pgx.ConnConfig) error {
	return s.migrateTo(ctx, cfg, goose.MaxVersion)
}

// migrateTo brings the schema to the version, or to the newest below it.
func (s schema) migrateTo(ctx context.Context, cfg *pgx.ConnConfig, version int64) (err error) {
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := s.provider(db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	found, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	known = min(known, version)
	if err := store.CompareSchemas(found, known); errors.Is(err, store.ErrNewerSchema) {
		return err
	}
	if _, err := p.UpTo(ctx, known); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}

// provider makes the steps from an empty database to this program's schema.
func (s schema) provider(db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectPostgres, db, s.files, goose.WithTableName(s.table),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
