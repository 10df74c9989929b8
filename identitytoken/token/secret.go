package token

import (
	"fmt"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The slow hash of secrets: Argon2id with the second recommended parameters of RFC
// 9106, section 4, which are above the least of OWASP's. It takes HashMemory bytes
// and about a tenth of a second of a core.
const (
	hashPasses  = 3
	hashLanes   = 4
	hashKiB     = 64 << 10
	HashMemory  = hashKiB << 10
	saltSize    = 16
	MaxSecret   = 1024
	MaxContext  = 256
	secretLayer = "identity token rotation of a secret"
)

// Stretch hashes a secret with the salt of one token. Secrets that look the same are
// the same: they are brought to Unicode's form C, as RFC 8265 asks of passwords. An
// empty secret is none, and its hash is nil. Callers bound how many run at once.
func Stretch(secret string, salt []byte) ([]byte, error) {
	if secret == "" {
		return nil, nil
	}
	stretched := argon2.IDKey(norm.NFC.Bytes([]byte(secret)), salt, hashPasses, hashKiB, hashLanes, keySize)
	key, err := derive(stretched, nil, secretLayer, keySize)
	if err != nil {
		return nil, fmt.Errorf("stretch secret: %w", err)
	}
	return key, nil
}
