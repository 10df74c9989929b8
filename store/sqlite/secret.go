package sqlite

import (
	"context"
	"errors"

	"oneton/store"
)

// Fingerprint is that of the secret which the database's keys are made under,
// or ErrNotFound while nobody has said.
func (s *Store) Fingerprint(ctx context.Context) (fingerprint []byte, err error) {
	err = s.readers.QueryRowContext(ctx, `SELECT fingerprint FROM secret`).Scan(&fingerprint)
	return fingerprint, s.read(ctx, "read fingerprint", err)
}

// AgreeFingerprint keeps the fingerprint, unless one is kept, and returns the
// one that is: of several processes that call it, all are told the same.
func (s *Store) AgreeFingerprint(ctx context.Context, fingerprint []byte) ([]byte, error) {
	agreed, err := s.Fingerprint(ctx)
	if !errors.Is(err, store.ErrNotFound) {
		return agreed, err
	}
	// No process starts without it, so it may have the reserve.
	err = s.erase(ctx, "keep fingerprint", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO secret (one, fingerprint) VALUES (1, ?) ON CONFLICT DO NOTHING`, fingerprint)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s.Fingerprint(ctx)
}

// ReplaceFingerprint keeps the fingerprint instead of the one that is kept.
func (s *Store) ReplaceFingerprint(ctx context.Context, fingerprint []byte) error {
	return s.erase(ctx, "replace fingerprint", func(tx tx) error {
		_, err := tx.exec(`INSERT INTO secret (one, fingerprint) VALUES (1, ?)
			ON CONFLICT (one) DO UPDATE SET fingerprint = excluded.fingerprint`, fingerprint)
		return err
	})
}
