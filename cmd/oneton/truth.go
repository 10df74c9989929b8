package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"oneton/access"
	"oneton/config"
	"oneton/store/sqlite"
)

// truth is what survives the process: the store, and who may use it.
type truth struct {
	store  *sqlite.Store
	secret secret
	access *access.Access
}

func openTruth(ctx context.Context, cfg config.Config) (*truth, error) {
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	s, err := openSecret(cfg.Data)
	if err != nil {
		return nil, err
	}
	pepper, err := s.derive("API keys")
	if err != nil {
		return nil, err
	}
	db, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(cfg.Data, "oneton.db")})
	if err != nil {
		return nil, err
	}
	a, err := access.New(pepper, db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &truth{store: db, secret: s, access: a}, nil
}

func (t *truth) close() error { return t.store.Close() }
