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
	var version int
	var encoding string
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int, current_setting('server_encoding')`).
		Scan(&version, &encoding); err != nil {
		return err
	}
	if version < oldestServer {
		return fmt.Errorf("the server's version is %d and must be at least %d", version, oldestServer)
	}
	if encoding != "UTF8" {
		return fmt.Errorf("the database's encoding is %s and must be UTF8", encoding)
	}
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(`+lockKey+`)`, "migrations"); err != nil {
		return fmt.Errorf("wait for another migration: %w", err)
	}
	return do(cfg, conn)
}

// migrate brings the schema to the newest version this program knows, for who
// holds the lock.
func (s schema) migrate(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
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
	if found > known {
		return fmt.Errorf("%w: it is version %d and this program knows up to %d", store.ErrNewerSchema, found, known)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}

// provider makes the steps from an empty database to this program's schema.
func (s schema) provider(db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectPostgres, db, s.files, goose.WithTableName(s.table),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
