package webhook

import (
	"crypto/cipher"
	"crypto/rand"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// Keys are an installation's, each of the versions for a purpose, the one to make
// new things with first; secret.Ring has them.
type Keys interface {
	Keys(purpose string) ([][]byte, error)
}

// seals keep endpoints' keys and credentials, and results, unreadable in the database, by
// XChaCha20-Poly1305: under the first of them, and opened by each.
type seals []cipher.AEAD

func newSeals(keys Keys) (seals, error) {
	versions, err := keys.Keys("webhook keys")
	if err != nil {
		return nil, err
	}
	var all seals
	for _, v := range versions {
		aead, err := chacha20poly1305.NewX(v)
		if err != nil {
			return nil, fmt.Errorf("make seal of webhook keys: %w", err)
		}
		all = append(all, aead)
	}
	return all, nil
}

// seal binds what it seals to what it is of, so that no other's can stand in its place.
func (s seals) seal(of string, plain []byte) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+len(plain)+chacha20poly1305.Overhead)
	rand.Read(nonce) // which never fails
	return s[0].Seal(nonce, nonce, plain, []byte(of))
}

// open is what was sealed, or ErrSealed.
func (s seals) open(of string, sealed []byte) ([]byte, error) {
	if len(sealed) >= chacha20poly1305.NonceSizeX {
		nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
		for _, aead := range s {
			if plain, err := aead.Open(nil, nonce, text, []byte(of)); err == nil {
				return plain, nil
			}
		}
	}
	return nil, fmt.Errorf("open what is sealed of %s: %w", of, ErrSealed)
}

// sealedAs is what an endpoint's keys, or its credentials, are sealed as.
func (e endpoint) sealedAs() string {
	if e.Format == Standard {
		return e.ID
	}
	return e.ID + " " + string(e.Format)
}

// key is one of the endpoint's that was sealed, or ErrSealed.
func (e endpoint) key(s seals, sealed []byte) (key, error) {
	plain, err := s.open(e.sealedAs(), sealed)
	k, ok := keyOf(plain)
	if err == nil && !ok {
		err = fmt.Errorf("read keys of endpoint %s: %w", e.ID, ErrSealed)
	}
	return k, err
}
