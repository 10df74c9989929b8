package node

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"oneton/config"
	"oneton/store"
)

const secretSize = 32

// These errors say why a process must not go on with its secret.
var (
	errNeedsSecret = errors.New("the database has been set up with one already, which its keys need: copy it from another server or a backup; " +
		"where it is lost, put 32 random bytes there and run 'oneton secret adopt'")
	errOtherSecret = errors.New("this is not the secret that the database was set up with, and no key made under that one would be valid: " +
		"copy that one here from another server or a backup; where it is lost, 'oneton secret adopt' lets the database take this one")
)

// secret is what every key and token of this installation is made under. It
// is a file of random bytes beside the database; replicas share a copy.
type secret []byte

func secretPath(cfg config.Config) string {
	if cfg.Secret != "" {
		return cfg.Secret
	}
	return filepath.Join(cfg.Data, "secret.key")
}

// agreedSecret reads the secret, or makes it for a database that nobody uses
// yet. The database knows the first one's fingerprint, and any other is
// refused: under it every key that the others made would be invalid. A database
// that older versions have used knows none, and adopts the first one it is
// shown.
func agreedSecret(ctx context.Context, db Database, path string) (s secret, adopted bool, err error) {
	used, known, err := setUp(ctx, db)
	if err != nil {
		return nil, false, err
	}
	s, err = readSecret(path)
	made := false
	if errors.Is(err, fs.ErrNotExist) {
		if used || known {
			return nil, false, fmt.Errorf("read secret: %s is missing: %w", path, errNeedsSecret)
		}
		s, made, err = makeSecret(path)
	}
	if err != nil {
		return nil, false, err
	}
	fingerprint, err := s.derive("fingerprint")
	if err != nil {
		return nil, false, err
	}
	agreed, err := db.AgreeFingerprint(ctx, fingerprint)
	if err == nil && !bytes.Equal(agreed, fingerprint) {
		err = fmt.Errorf("%s: %w", path, errOtherSecret)
		if made { // another process has been quicker, and nothing was made under this one
			err = errors.Join(err, os.Remove(path))
		}
	}
	if err != nil {
		return nil, false, fmt.Errorf("check secret: %w", err)
	}
	return s, used && !known, nil
}

// setUp tells whether a database has tenants, and whether it knows its secret.
func setUp(ctx context.Context, db Database) (used, known bool, err error) {
	tenants, err := db.Tenants(ctx, store.Page{Limit: 1})
	if err != nil {
		return false, false, err
	}
	_, err = db.Fingerprint(ctx)
	known = err == nil
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return len(tenants) > 0, known, err
}

// AdoptSecret puts the fingerprint of this machine's secret in the place of the
// one that the database knows, and returns the secret's file.
func AdoptSecret(ctx context.Context, cfg config.Config) (path string, err error) {
	path = secretPath(cfg)
	s, err := readSecret(path)
	if err != nil {
		return "", err
	}
	fingerprint, err := s.derive("fingerprint")
	if err != nil {
		return "", err
	}
	db, err := openDatabase(ctx, cfg)
	if err != nil {
		return "", err
	}
	return path, errors.Join(db.ReplaceFingerprint(ctx, fingerprint), db.Close())
}

func readSecret(path string) (secret, error) {
	s, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(s) != secretSize {
		return nil, fmt.Errorf("read secret: %s has %d bytes, must have %d", path, len(s), secretSize)
	}
	return s, nil
}

// makeSecret keeps a new secret in the file, or returns the one that another
// process has just put there.
func makeSecret(path string) (s secret, made bool, err error) {
	s = make(secret, secretSize)
	if _, err := rand.Read(s); err != nil {
		return nil, false, fmt.Errorf("make secret: %w", err)
	}
	err = writeOnce(path, s)
	if errors.Is(err, fs.ErrExist) {
		s, err := readSecret(path)
		return s, false, err
	}
	if err != nil {
		return nil, false, fmt.Errorf("keep secret: %w", err)
	}
	return s, true, nil
}

// writeOnce creates a file with its whole content, durable, or fails with
// fs.ErrExist and leaves what is there.
func writeOnce(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".secret-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	// Unlike a rename, a link never replaces another process's secret.
	return os.Link(f.Name(), path)
}

// derive makes the key for one purpose (HKDF, RFC 5869).
func (s secret) derive(purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s, nil, "oneton "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for %s: %w", purpose, err)
	}
	return key, nil
}
