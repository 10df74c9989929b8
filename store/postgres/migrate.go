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

// migrate brings the schema to the newest version this program knows.
// Processes that start at once do it one after the other.
func migrate(ctx context.Context, cfg *pgx.ConnConfig) error {
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
	if err := migrateAlone(ctx, cfg); err != nil {
		return err
	}
	_, err = conn.Exec(ctx, `DELETE FROM commits WHERE at < now() - interval '1 day'`) // of processes that are gone
	return err
}

// migrateAlone is migrate for who holds the lock.
func migrateAlone(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := migrations(db)
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

// migrations are the steps from an empty database to this program's schema.
func migrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
