package facesession

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"

	"golang.org/x/crypto/chacha20poly1305"
)

// hashOf is by what an id, or a token, of at least 96 random bits is known to the
// database: nobody finds the one by the other.
func hashOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

// same tells whether a hash is of the token, in a time that tells nothing of it.
func same(hash, token string) bool {
	return hash != "" && subtle.ConstantTimeCompare([]byte(hash), []byte(hashOf(token))) == 1
}

// What is sealed for an id, each under a key of its own.
const (
	sealedPicture = "picture"
	sealedImage   = "image"
	sealedNonce   = "nonce"
	sealedResult  = "result"
)

// seals are the versions of the secret's key, the one to seal with first. What is
// sealed for an id opens with a version and the id together, and with neither alone: by
// XChaCha20-Poly1305 under a key that HKDF with SHA-256 derives of both (RFC 5869).
type seals [][]byte

// seal makes the content unreadable to whoever lacks the id. The place, such as the
// number of a step, is bound to it.
func (s seals) seal(id, what string, place int, content []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, s[0], []byte(id), what, chacha20poly1305.KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", what, err)
	}
	defer clear(key)
	aead, err := chacha20poly1305.NewX(key)
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", what, err)
	}
	nonce := make([]byte, aead.NonceSize(), aead.NonceSize()+len(content)+aead.Overhead())
	rand.Read(nonce) // which never fails
	return aead.Seal(nonce, nonce, content, bound(place)), nil
}

// open is the content that was sealed, or ErrSealed. The caller clears it.
func (s seals) open(id, what string, place int, sealed []byte) ([]byte, error) {
	for _, version := range s {
		key, err := hkdf.Key(sha256.New, version, []byte(id), what, chacha20poly1305.KeySize)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", what, err)
		}
		aead, err := chacha20poly1305.NewX(key)
		if err != nil {
			return nil, fmt.Errorf("open %s: %w", what, err)
		}
		if len(sealed) < aead.NonceSize() {
			break
		}
		content, err := aead.Open(nil, sealed[:aead.NonceSize()], sealed[aead.NonceSize():], bound(place))
		clear(key)
		if err == nil {
			return content, nil
		}
	}
	return nil, fmt.Errorf("open %s: %w", what, ErrSealed)
}

func bound(place int) []byte { return fmt.Append(nil, place) }
