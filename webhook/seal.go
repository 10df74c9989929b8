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

// seals keep endpoints' keys unreadable in the database, by XChaCha20-Poly1305: under
// the first of them, and opened by each.
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

// seal binds the key to the endpoint, so that no other's can stand in its place.
func (s seals) seal(endpoint string, k key) []byte {
	nonce := make([]byte, chacha20poly1305.NonceSizeX, chacha20poly1305.NonceSizeX+keySize+chacha20poly1305.Overhead)
	rand.Read(nonce) // which never fails
	return s[0].Seal(nonce, nonce, k.bytes(), []byte(endpoint))
}

// open is the key that was sealed, or ErrSealed.
func (s seals) open(endpoint string, sealed []byte) (key, error) {
	if len(sealed) == chacha20poly1305.NonceSizeX+keySize+chacha20poly1305.Overhead {
		nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
		for _, aead := range s {
			if opened, err := aead.Open(nil, nonce, text, []byte(endpoint)); err == nil {
				return keyOf(opened), nil
			}
		}
	}
	return key{}, fmt.Errorf("open keys of endpoint %s: %w", endpoint, ErrSealed)
}
