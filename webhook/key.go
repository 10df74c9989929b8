package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What secrets and keys begin with, as Standard Webhooks has them.
const (
	secretPrefix = "whsec_"
	publicPrefix = "whpk_"
)

// The sizes of secrets in bytes: of those that are made here, and of those that owners
// bring, as the standard takes them.
const (
	secretSize = 32
	minSecret  = 24
	maxSecret  = 64
)

// key signs for one endpoint, in both schemes of Standard Webhooks: by a secret that
// the receiver has too, and by a private key of which it has the public one.
type key struct {
	secret []byte
	seed   []byte // of ed25519, RFC 8032
}

func newKey() key {
	random := make([]byte, secretSize+ed25519.SeedSize)
	rand.Read(random) // which never fails
	k, _ := keyOf(random)
	return k
}

// newKeyWith is a key with the secret that an owner brings, or with a new one where
// that is empty.
func newKeyWith(secret string) (key, error) {
	k := newKey()
	if secret == "" {
		return k, nil
	}
	text, ok := strings.CutPrefix(secret, secretPrefix)
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil || strings.ContainsAny(text, "\r\n") || len(b) < minSecret || len(b) > maxSecret {
		return key{}, invalid("secret", "must be %s and then %d to %d bytes in base64, as Standard Webhooks has it", secretPrefix, minSecret, maxSecret)
	}
	k.secret = b
	return k, nil
}

// keyOf is the key that bytes returned; false when they are none.
func keyOf(b []byte) (key, bool) {
	size := len(b) - ed25519.SeedSize
	if size < minSecret || size > maxSecret {
		return key{}, false
	}
	return key{b[:size], b[size:]}, true
}

func (k key) bytes() []byte { return slices.Concat(k.secret, k.seed) }

// secretText is the secret as receivers are told it.
func (k key) secretText() string { return secretPrefix + base64.StdEncoding.EncodeToString(k.secret) }

// publicText is the public key as receivers are told it.
func (k key) publicText() string {
	public, _ := ed25519.NewKeyFromSeed(k.seed).Public().(ed25519.PublicKey)
	return publicPrefix + base64.StdEncoding.EncodeToString(public)
}

// signatures are the key's signatures, v1 and v1a, of a message that is sent at a
// time.
func (k key) signatures(id string, at time.Time, body []byte) []string {
	signed := append([]byte(id+"."+strconv.FormatInt(at.Unix(), 10)+"."), body...)
	h := hmac.New(sha256.New, k.secret)
	h.Write(signed)
	return []string{
		"v1," + base64.StdEncoding.EncodeToString(h.Sum(nil)),
		"v1a," + base64.StdEncoding.EncodeToString(ed25519.Sign(ed25519.NewKeyFromSeed(k.seed), signed)),
	}
}

// sign is the signature header under all of the keys.
func sign(keys []key, id string, at time.Time, body []byte) string {
	var all []string
	for _, k := range keys {
		all = append(all, k.signatures(id, at, body)...)
	}
	return strings.Join(all, " ")
}
