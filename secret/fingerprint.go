package secret

import (
	"context"
	"errors"

	"oneton/store"
)

// Fingerprints is the table of the one fingerprint that a database knows: that of
// the secret which its keys are made under.
type Fingerprints struct{ db store.DB }

// NewFingerprints is the database's.
func NewFingerprints(db store.DB) Fingerprints { return Fingerprints{db} }

// Fingerprint is the one that is kept, or store.ErrNotFound while nobody has said.
func (f Fingerprints) Fingerprint(ctx context.Context) ([]byte, error) {
	return store.One(ctx, f.db, "read fingerprint", func(row store.Row) (fingerprint []byte, err error) {
		err = row.Scan(&fingerprint)
		return fingerprint, err
	}, `SELECT fingerprint FROM secret`)
}

// AgreeFingerprint keeps the fingerprint, unless one is kept, and returns the
// one that is: of several processes that call it, all are told the same.
func (f Fingerprints) AgreeFingerprint(ctx context.Context, fingerprint []byte) ([]byte, error) {
	agreed, err := f.Fingerprint(ctx)
	if !errors.Is(err, store.ErrNotFound) {
		return agreed, err
	}
	if err := f.put(ctx, "keep fingerprint", `DO NOTHING`, fingerprint); err != nil {
		return nil, err
	}
	return f.Fingerprint(ctx)
}

// ReplaceFingerprint keeps the fingerprint instead of the one that is kept.
func (f Fingerprints) ReplaceFingerprint(ctx context.Context, fingerprint []byte) error {
	return f.put(ctx, "replace fingerprint", `DO UPDATE SET fingerprint = excluded.fingerprint`, fingerprint)
}

func (f Fingerprints) put(ctx context.Context, doing, taken string, fingerprint []byte) error {
	// No process starts without it.
	return f.db.Remove(ctx, doing, func(tx store.Tx) error {
		_, err := tx.Exec(`INSERT INTO secret (one, fingerprint) VALUES (1, $1) ON CONFLICT (one) `+taken, fingerprint)
		return err
	})
}
