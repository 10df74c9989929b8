// Package secret keeps what every key and token of an installation is made
// under: random bytes in a file beside the database, of which replicas share a
// copy and the database knows a fingerprint.
//
// The secret is a ring of versions, the oldest first. What was made under any of
// them is valid; new things are made under the newest that the database knows.
// So a version can be brought to every replica before any uses it.
package secret

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
)

const (
	// Size is a version's, in bytes.
	Size = 32
	// most is how many versions there may be: each is tried for what carries no
	// version of its own.
	most = 16
)

// Ring is the versions of a secret.
type Ring struct {
	// versions are the oldest first, and known is how many of them the database
	// knows.
	versions [][]byte
	known    int
}

// parse reads a ring of which the database knows nothing yet.
func parse(file []byte) (Ring, error) {
	if len(file) == 0 || len(file)%Size != 0 || len(file) > most*Size {
		return Ring{}, fmt.Errorf("%d bytes: %w", len(file), ErrFile)
	}
	var r Ring
	for i := 0; i < len(file); i += Size {
		version := file[i : i+Size]
		for _, v := range r.versions {
			if bytes.Equal(v, version) {
				return Ring{}, fmt.Errorf("a version that is there twice: %w", ErrFile)
			}
		}
		r.versions = append(r.versions, version)
	}
	return r, nil
}

// Keys are the keys of one purpose, 32 bytes each, derived by HKDF with SHA-256
// (RFC 5869): the one that new things are made with, and then every other that
// old ones may have been made with. Keys of two purposes tell nothing of each
// other.
func (r Ring) Keys(purpose string) ([][]byte, error) {
	var keys [][]byte
	newest := max(r.known, 1) - 1
	for i := range r.versions {
		// The newest that is known goes first, and the order goes on backwards.
		key, err := derive(r.versions[(newest-i+len(r.versions))%len(r.versions)], purpose)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Versions tells how many there are, and how many of them, from the oldest on, the
// database knows.
func (r Ring) Versions() (all, known int) { return len(r.versions), r.known }

// fingerprint tells a ring from every other, and gives nothing of it away: 32
// bytes for each version.
func (r Ring) fingerprint() ([]byte, error) {
	var all []byte
	for _, v := range r.versions {
		f, err := derive(v, "fingerprint")
		if err != nil {
			return nil, err
		}
		all = append(all, f...)
	}
	return all, nil
}

func derive(version []byte, purpose string) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, version, nil, "oneton "+purpose, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive key for %s: %w", purpose, err)
	}
	return key, nil
}
