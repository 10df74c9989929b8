package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"time"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"oneton/store"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// Processes that open a new file at once disturb each other's first
// migrations; one of them succeeds, and the others see that after a pause.
const (
	migrateAttempts = 10
	migratePause    = 50 * time.Millisecond
)

// migrate brings the schema to the newest version this program knows.
func migrate(ctx context.Context, path string) (err error) {
	// Migrations may change the schema where it stands, and nothing else may.
	db, err := connect(path, "rw", 1, func(q url.Values) { q.Del("_defensive") })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for attempt := 1; ; attempt++ {
		err := migrateOnce(ctx, db)
		if err == nil || !disturbed(err) || attempt == migrateAttempts {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(migratePause):
		}
	}
}

// disturbed tells whether err can come of another process's migration: the
// file is locked, or a table is there since a moment ago.
func disturbed(err error) bool {
	var e *sqlite.Error
	return errors.As(err, &e) && (e.Code()&primary == sqlite3.SQLITE_BUSY || e.Code() == sqlite3.SQLITE_ERROR ||
		e.Code()&primary == sqlite3.SQLITE_CONSTRAINT)
}

func migrateOnce(ctx context.Context, db *sql.DB) error {
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

// migrations are the steps from an empty file to this program's schema.
func migrations(db *sql.DB) (*goose.Provider, error) {
	files, err := fs.Sub(migrationFiles, "migrations")
	if err != nil {
		return nil, err
	}
	return goose.NewProvider(goose.DialectSQLite3, db, files,
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
