package main

import (
	"context"
	"errors"
	"fmt"
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
	Close() error
}

// truth is what survives the process: the store, and who may use it.
type truth struct {
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
	s, err := openSecret(path)
	if err != nil {
		return nil, err
	}
	pepper, err := s.derive("API keys")
	if err != nil {
		return nil, err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return nil, err
	}
	a, err := access.New(pepper, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &truth{store: db, secret: s, access: a}, nil
}

func openDatabase(ctx context.Context, cfg config.Config) (database, error) {
	if cfg.Store.Driver == "postgres" {
		return postgres.Open(ctx, postgres.Config{URL: cfg.Store.URL})
	}
	return sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(cfg.Data, "oneton.db")})
}

func (t *truth) close() error { return t.store.Close() }
