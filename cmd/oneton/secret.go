package main

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const secretSize = 32

// secret is what every key and token of this installation is made under. It
// is a file of random bytes beside the database; replicas share a copy.
type secret []byte

// openSecret reads the secret in the file, and makes it at first use.
func openSecret(path string) (secret, error) {
	made := make(secret, secretSize)
	if _, err := rand.Read(made); err != nil {
		return nil, fmt.Errorf("make secret: %w", err)
	}
	if err := writeOnce(path, made); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("keep secret: %w", err)
	}
	s, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read secret: %w", err)
	}
	if len(s) != secretSize {
		return nil, fmt.Errorf("read secret: %s has %d bytes, must have %d", path, len(s), secretSize)
	}
	return s, nil
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
