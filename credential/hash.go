package credential

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// minKey is the least length of a key: one shorter than the hash weakens it (RFC
// 2104).
const minKey = sha256.Size

// hasher makes keyed hashes, under the first of its keys; what was made under
// another is found, too. Addresses and codes are few enough to be tried one after
// the other, so that without a key a hash would hide nothing.
type hasher [][]byte

func newHasher(keys [][]byte) (hasher, error) {
	if len(keys) == 0 {
		return nil, fmt.Errorf("take no key: %w", ErrKey)
	}
	for _, k := range keys {
		if len(k) < minKey {
			return nil, fmt.Errorf("take a key of %d bytes, at least %d are needed: %w", len(k), minKey, ErrKey)
		}
	}
	return keys, nil
}

// make is the hash of texts for a purpose; each counts with its length.
func (h hasher) make(purpose string, texts ...string) string { return under(h[0], purpose, texts) }

// each is the hash under every key, the first's first.
func (h hasher) each(purpose string, texts ...string) []string {
	all := make([]string, len(h))
	for i, key := range h {
		all[i] = under(key, purpose, texts)
	}
	return all
}

// made tells whether a hash is of the texts, in a time that tells neither where it
// differs nor under which key it was made.
func (h hasher) made(hash, purpose string, texts ...string) bool {
	found := false
	for _, candidate := range h.each(purpose, texts...) {
		found = hmac.Equal([]byte(candidate), []byte(hash)) || found
	}
	return found
}

func under(key []byte, purpose string, texts []string) string {
	mac := hmac.New(sha256.New, key)
	for _, t := range append([]string{purpose}, texts...) {
		fmt.Fprintf(mac, "%d:%s", len(t), t)
	}
	return hex.EncodeToString(mac.Sum(nil))
}
