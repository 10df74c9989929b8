package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"oneton/access"
	"oneton/changelog"
	"oneton/config"
	"oneton/identify"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/sqlite"
)

// database is all that a store does for a process.
type database interface {
	identify.Store
	changelog.Log
	access.Keys
	Tenants(ctx context.Context, p store.Page) ([]store.Tenant, error)
	DeleteTenant(ctx context.Context, id string) (uint64, error)
	// DeleteExpired deletes faces past their gallery's retention and tells
	// how many.
	DeleteExpired(ctx context.Context, now time.Time) (int, error)
	PutCalibration(ctx context.Context, pack string, definition []byte) error
	DeleteCalibration(ctx context.Context, pack string) error
	Close() error
}

// truth is what survives the process: the store, and who may use it.
type truth struct {
	// data is the folder of this machine's files.
	data   string
	store  database
	secret secret
	access *access.Access
}

func openTruth(ctx context.Context, cfg config.Config) (*truth, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	path := cfg.Secret
	if path == "" {
		path = filepath.Join(cfg.Data, "secret.key")
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	t := &truth{data: cfg.Data, store: db}
	if t.secret, err = secretOf(ctx, db, path); err == nil {
		var pepper []byte
		if pepper, err = t.secret.derive("API keys"); err == nil {
			t.access, err = access.New(pepper, db)
		}
	}
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return t, nil
}

// secretOf reads the secret, or makes it for a database that nobody uses yet:
// under another secret every key of the others would be invalid.
func secretOf(ctx context.Context, db database, path string) (secret, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		tenants, err := db.Tenants(ctx, store.Page{Limit: 1})
		if err != nil {
			return nil, err
		}
		if len(tenants) > 0 {
			return nil, fmt.Errorf("read secret: %s is missing, but the database has tenants whose keys need it; restore it from a backup or another replica", path)
		}
	}
	return openSecret(path)
}

func openDatabase(ctx context.Context, cfg config.Config) (database, error) {
	if cfg.Store.Driver == "postgres" {
		return postgres.Open(ctx, postgres.Config{URL: cfg.Store.URL})
	}
	return sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(cfg.Data, "oneton.db")})
}

func (t *truth) close() error { return t.store.Close() }
