package signature

import (
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"

	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// bits are a key's modulus, the least of RS256 (RFC 7518, section 3.3). It is
	// beyond reach for longer than keys are used (NIST SP 800-57, part 1, table 2).
	bits = 2048
	// idBytes are those of a key's id, two digits each.
	idBytes = 16
)

// JWKS is a JSON Web Key Set (RFC 7517, section 5).
type JWKS struct {
	Keys []JWK `json:"keys"`
}

// JWK is the public part of a key, for RS256.
type JWK struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	Algorithm string `json:"alg"`
	ID        string `json:"kid"`
	// Modulus and Exponent are big-endian and in base64url.
	Modulus  string `json:"n"`
	Exponent string `json:"e"`
}

func jwkOf(k *rsa.PublicKey) JWK {
	text := base64.RawURLEncoding.EncodeToString
	j := JWK{Type: "RSA", Use: "sig", Algorithm: algorithm, Modulus: text(k.N.Bytes()), Exponent: text(big.NewInt(int64(k.E)).Bytes())}
	j.ID = j.thumbprint()
	return j
}

// thumbprint is the first half of the key's (RFC 7638), in hexadecimal digits.
func (j JWK) thumbprint() string {
	sum := sha256.Sum256(fmt.Appendf(nil, `{"e":%q,"kty":%q,"n":%q}`, j.Exponent, j.Type, j.Modulus))
	return hex.EncodeToString(sum[:idBytes])
}

// seals keep private keys unreadable in the database, by XChaCha20-Poly1305: under
// the first of them, and opened by each.
type seals []cipher.AEAD

func newSeals(keys Keys) (seals, error) {
	versions, err := keys.Keys("signing keys")
	if err != nil {
		return nil, err
	}
	var all seals
	for _, v := range versions {
		aead, err := chacha20poly1305.NewX(v)
		if err != nil {
			return nil, fmt.Errorf("make seal of signing keys: %w", err)
		}
		all = append(all, aead)
	}
	return all, nil
}

// seal binds the key to its id.
func (s seals) seal(id string, k *rsa.PrivateKey) ([]byte, error) {
	text, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		return nil, fmt.Errorf("write private key: %w", err)
	}
	nonce := make([]byte, chacha20poly1305.NonceSizeX)
	rand.Read(nonce) // which never fails
	return s[0].Seal(nonce, nonce, text, []byte(id)), nil
}

// opened is a private key, and which of the seals it was under.
type opened struct {
	private *rsa.PrivateKey
	seal    int
}

// open is the key that was sealed, or ErrSealed.
func (s seals) open(id string, sealed []byte) (opened, error) {
	if len(sealed) > chacha20poly1305.NonceSizeX {
		nonce, text := sealed[:chacha20poly1305.NonceSizeX], sealed[chacha20poly1305.NonceSizeX:]
		for i, aead := range s {
			plain, err := aead.Open(nil, nonce, text, []byte(id))
			if err != nil {
				continue
			}
			parsed, err := x509.ParsePKCS8PrivateKey(plain)
			if k, ok := parsed.(*rsa.PrivateKey); err == nil && ok && jwkOf(&k.PublicKey).ID == id {
				return opened{k, i}, nil
			}
		}
	}
	return opened{}, fmt.Errorf("open signing key %.32q: %w", id, ErrSealed)
}
