package signature

import (
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
)

const (
	// algorithm is RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, section 3.3), and no
	// other is ever taken.
	algorithm = "RS256"
	// longestText is that of a text that is looked at.
	longestText = 16 << 10
)

// text is base64url as JWS has it: without padding, and each text of one kind only.
var text = base64.RawURLEncoding.Strict()

// header is the JOSE header of all that the key signs.
func header(kid string) string { return `{"kid":"` + kid + `","alg":"` + algorithm + `"}` }

// compact is the compact serialisation (RFC 7515, section 7.1) of the payload.
func compact(kid string, k *rsa.PrivateKey, payload []byte) (string, error) {
	signed := text.EncodeToString([]byte(header(kid))) + "." + text.EncodeToString(payload)
	digest := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, k, crypto.SHA256, digest[:])
	if err != nil {
		return "", fmt.Errorf("sign: %w", err)
	}
	return signed + "." + text.EncodeToString(signature), nil
}

// jws is one that was read and not yet believed.
type jws struct {
	kid                string
	signed             string
	payload, signature []byte
}

// parse reads the compact serialisation, or is ErrInvalid. Only a header that is byte
// for byte of this room's making is read on: so none can choose an algorithm, bring
// a key or name where one is, or ask for an extension in crit.
func parse(compact string) (j jws, err error) {
	refused := func(what string) (jws, error) { return jws{}, fmt.Errorf("%s: %w", what, ErrInvalid) }
	if len(compact) > longestText || strings.ContainsAny(compact, "\r\n") { // which a decoder passes over
		return refused("read JWS")
	}
	parts := strings.Split(compact, ".")
	if len(parts) != 3 {
		return refused("read JWS")
	}
	head, err := text.DecodeString(parts[0])
	if err != nil {
		return refused("read JWS's header")
	}
	kid, _ := strings.CutPrefix(string(head), `{"kid":"`)
	j.kid = kid[:min(2*idBytes, len(kid))]
	if id, err := hex.DecodeString(j.kid); err != nil || string(head) != header(hex.EncodeToString(id)) {
		return refused("read JWS's header")
	}
	if j.payload, err = text.DecodeString(parts[1]); err != nil {
		return refused("read JWS's payload")
	}
	if j.signature, err = text.DecodeString(parts[2]); err != nil {
		return refused("read JWS's signature")
	}
	j.signed = parts[0] + "." + parts[1]
	return j, nil
}

// by is ErrInvalid unless the key signed it.
func (j jws) by(k *rsa.PublicKey) error {
	digest := sha256.Sum256([]byte(j.signed))
	if rsa.VerifyPKCS1v15(k, crypto.SHA256, digest[:], j.signature) != nil {
		return fmt.Errorf("check signature: %w", ErrInvalid)
	}
	return nil
}
