package token

import (
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"

	"github.com/google/uuid"
)

// keySize is a key's, in bytes.
const keySize = 32

// KeyID names a version of the keys. It is public, and one-way.
type KeyID [8]byte

// String is the id in hexadecimal digits.
func (id KeyID) String() string { return hex.EncodeToString(id[:]) }

// MarshalText writes the id in hexadecimal digits.
func (id KeyID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (id *KeyID) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	if err != nil || len(b) != len(id) {
		return fmt.Errorf("%w: %.32q is no key's id", ErrKeys, text)
	}
	copy(id[:], b)
	return nil
}

// Keys are those of one tenant's tokens. Those of two tenants tell nothing of each
// other.
type Keys struct {
	Tenant string `json:"tenant"`
	// Versions has the one that new tokens are made under first.
	Versions []Version `json:"keys"`
}

// Version is one version of the keys.
type Version struct {
	ID KeyID `json:"id"`
	// Seal opens tokens, and makes their seal.
	Seal []byte `json:"seal"`
	// Transform compares with them; without it they can be opened only.
	Transform []byte `json:"transform,omitempty"`
}

// Derive makes a tenant's keys of an installation's, version by version; both have
// the same versions in the same order.
func Derive(seal, transform [][]byte, tenant string) (Keys, error) {
	if len(seal) == 0 || len(seal) != len(transform) {
		return Keys{}, fmt.Errorf("derive keys: %w: %d versions to seal with and %d to transform", ErrKeys, len(seal), len(transform))
	}
	k := Keys{Tenant: tenant}
	for i := range seal {
		id, err := derive(seal[i], nil, "identity token key id", len(KeyID{}))
		if err != nil {
			return Keys{}, err
		}
		v := Version{ID: KeyID(id)}
		if v.Seal, err = derive(seal[i], []byte(tenant), "identity token seal of a tenant", keySize); err != nil {
			return Keys{}, err
		}
		if v.Transform, err = derive(transform[i], []byte(tenant), "identity token transform of a tenant", keySize); err != nil {
			return Keys{}, err
		}
		k.Versions = append(k.Versions, v)
	}
	return k, k.Validate()
}

// OpenOnly are the same keys without those that compare.
func (k Keys) OpenOnly() Keys {
	k.Versions = slices.Clone(k.Versions)
	for i := range k.Versions {
		k.Versions[i].Transform = nil
	}
	return k
}

// Validate is ErrKeys when there is none, or one that is no key.
func (k Keys) Validate() error {
	if len(k.Versions) == 0 || k.Tenant == "" {
		return fmt.Errorf("check keys: %w: there is none, or no tenant", ErrKeys)
	}
	for i, v := range k.Versions {
		if len(v.Seal) != keySize || len(v.Transform) != keySize && len(v.Transform) != 0 {
			return fmt.Errorf("check keys: %w: version %s has other than %d bytes", ErrKeys, v.ID, keySize)
		}
		if slices.ContainsFunc(k.Versions[:i], func(o Version) bool { return o.ID == v.ID }) {
			return fmt.Errorf("check keys: %w: version %s is there twice", ErrKeys, v.ID)
		}
	}
	return nil
}

// version is the one of the id.
func (k Keys) version(id KeyID) (Version, error) {
	i := slices.IndexFunc(k.Versions, func(v Version) bool { return v.ID == id })
	if i < 0 {
		return Version{}, fmt.Errorf("find key %s: %w", id, ErrKey)
	}
	return k.Versions[i], nil
}

// outer is the key of the rotation that is the token's own.
func (v Version) outer(id uuid.UUID) ([]byte, error) {
	if len(v.Transform) == 0 {
		return nil, ErrOpenOnly
	}
	return derive(v.Transform, id[:], "identity token rotation", keySize)
}

func derive(key, salt []byte, purpose string, size int) ([]byte, error) {
	derived, err := hkdf.Key(sha256.New, key, salt, "oneton "+purpose, size)
	if err != nil {
		return nil, fmt.Errorf("derive %s: %w", purpose, err)
	}
	return derived, nil
}
