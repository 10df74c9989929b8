package webhook

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// What secrets and keys begin with, as Standard Webhooks has them.
const (
	secretPrefix = "whsec_"
	publicPrefix = "whpk_"
)

// secretSize is a secret's, in bytes; the standard takes 24 to 64.
const secretSize = 32

// key signs for one endpoint, in both schemes of Standard Webhooks: by a secret that
// the receiver has too, and by a private key of which it has the public one.
type key struct {
	secret []byte
	seed   []byte // of ed25519, RFC 8032
}

const keySize = secretSize + ed25519.SeedSize

func newKey() key {
	random := make([]byte, keySize)
	rand.Read(random) // which never fails
	return keyOf(random)
}

// keyOf is the key that bytes returned.
func keyOf(b []byte) key { return key{b[:secretSize], b[secretSize:keySize]} }

func (k key) bytes() []byte { return append(append(make([]byte, 0, keySize), k.secret...), k.seed...) }

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
