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
	part := schema{migrations, store.VersionTable(room)}
	if s.looks {
		return s.read(ctx, "look at tables of "+room, part.compare(ctx, s.readers.on))
	}
	err := migrate(ctx, s.path, part)
	if err != nil && lacksRoom(err) && s.reserve.release() {
		err = migrate(ctx, s.path, part)
		_ = s.reserve.fill() // what grows is refused until it can be had
	}
	if err != nil {
		return fmt.Errorf("migrate tables of %s: %w", room, explain(err))
	}
	return nil
}

// migrate brings the schema to the newest version this program knows.
func migrate(ctx context.Context, path string, part schema) (err error) {
	// Migrations may change the schema where it stands, and nothing else may.
	db, err := connect(path, "rw", 1, func(q url.Values) { q.Del("_defensive") })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	for attempt := 1; ; attempt++ {
		err := part.migrateOnce(ctx, db)
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

func (s schema) migrateOnce(ctx context.Context, db *sql.DB) error {
	p, err := s.provider(db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	found, known, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if err := store.CompareSchemas(found, known); errors.Is(err, store.ErrNewerSchema) {
		return err
	}
	if err := s.guard(ctx, db); err != nil {
		return err
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate schema: %w", err)
	}
	return nil
}

// guard sees to it that a second row of a version, which another process has just
// made too, has no effect. The table of versions is there.
func (s schema) guard(ctx context.Context, db *sql.DB) error {
	if s.table == goose.DefaultTablename {
		return nil
	}
	if _, err := db.ExecContext(ctx, `CREATE UNIQUE INDEX IF NOT EXISTS `+s.table+`_once ON `+s.table+` (version_id)`); err != nil {
		return fmt.Errorf("guard schema version: %w", err)
	}
	return nil
}

// provider makes the steps from an empty file to this program's schema.
func (s schema) provider(db *sql.DB) (*goose.Provider, error) {
	return goose.NewProvider(goose.DialectSQLite3, db, s.files, goose.WithTableName(s.table),
		goose.WithDisableGlobalRegistry(true), goose.WithLogger(goose.NopLogger()))
}
