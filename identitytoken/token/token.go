// Package token holds what an identity token is: a face's template that can be
// taken back, sealed. Whoever has the keys makes, opens and compares with tokens
// here, without a server; whether one was revoked a server alone knows.
//
// The template is turned by a random rotation of its own for each token, whose key
// is derived from the transform key, so that tokens of one face are alike to nobody
// who has not got that; where a secret is given, by a second one below it, whose
// key is the secret's slow hash. The cosine of two templates is that of the two
// turned alike. Around it lies a seal of authenticated encryption under the seal
// key, which binds the token to its tenant, pack, accuracy, context, expiry and id.
package token

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/crypto/chacha20poly1305"
)

const (
	// prefix begins the text of every token, so that people and scanners know one.
	prefix = "oti_"
	// form is the first byte of a token of this form: the algorithms, their
	// parameters and the order of the fields.
	form = 1
	// most is how long a text may be, well above that of the widest packs' tokens.
	most = 16 << 10
	// fixed is what is in a header before its texts, in bytes.
	fixed = 1 + len(KeyID{}) + len(uuid.UUID{}) + 8 + 1
)

// Claims are what a token says in the clear; the seal holds them.
type Claims struct {
	ID uuid.UUID
	// Expires is when the token ends, in whole seconds; zero is never.
	Expires time.Time
	// Accuracy is a place in Accuracies, from 1.
	Accuracy int
	// Pack and Version name what made the template.
	Pack, Version string
}

// Expired says whether the token's time is over.
func (c Claims) Expired(now time.Time) bool { return !c.Expires.IsZero() && !now.Before(c.Expires) }

// Sealed is a token that was read and not opened: what it claims may be false.
type Sealed struct {
	Claims
	// Key names the version of the keys under which it is sealed.
	Key KeyID

	header, nonce, box []byte
}

// Parse reads a token's text, or is ErrMalformed.
func Parse(text string) (Sealed, error) {
	encoded, ok := strings.CutPrefix(text, prefix)
	if !ok || len(text) > most {
		return Sealed{}, fmt.Errorf("read token: %w: it begins with %s and has at most %d characters", ErrMalformed, prefix, most)
	}
	b, err := base64.RawURLEncoding.DecodeString(encoded)
	// Line breaks and spare bits are passed over by the decoder; each token has one text.
	if err != nil || base64.RawURLEncoding.EncodeToString(b) != encoded {
		return Sealed{}, fmt.Errorf("read token: %w: it is base64url after %s", ErrMalformed, prefix)
	}
	s, err := parse(b)
	if err != nil {
		return Sealed{}, fmt.Errorf("read token: %w", err)
	}
	return s, nil
}

func parse(b []byte) (s Sealed, err error) {
	if len(b) < fixed || b[0] != form {
		return s, fmt.Errorf("%w: it is cut off, or of another form", ErrMalformed)
	}
	rest := b[1:]
	take := func(n int) []byte {
		taken := rest[:n]
		rest = rest[n:]
		return taken
	}
	copy(s.Key[:], take(len(s.Key)))
	copy(s.ID[:], take(len(s.ID)))
	if seconds := binary.BigEndian.Uint64(take(8)); seconds > lastSecond {
		return s, fmt.Errorf("%w: it ends after the year 9999", ErrMalformed)
	} else if seconds > 0 {
		s.Expires = time.Unix(int64(seconds), 0).UTC()
	}
	if s.Accuracy = int(take(1)[0]); !validAccuracy(s.Accuracy) {
		return s, fmt.Errorf("%w: it has accuracy %d", ErrMalformed, s.Accuracy)
	}
	for _, text := range []*string{&s.Pack, &s.Version} {
		if len(rest) < 1 || len(rest) < 1+int(rest[0]) || rest[0] == 0 {
			return s, fmt.Errorf("%w: it is cut off", ErrMalformed)
		}
		*text = string(take(1 + int(rest[0]))[1:])
	}
	s.header = b[:len(b)-len(rest)]
	if len(rest) < chacha20poly1305.NonceSizeX+chacha20poly1305.Overhead {
		return s, fmt.Errorf("%w: it is cut off", ErrMalformed)
	}
	s.nonce = take(chacha20poly1305.NonceSizeX)
	s.box = rest
	return s, nil
}

// lastSecond is the last of the year 9999.
const lastSecond = 253402300799

// header is the beginning of the token that claims c under the key.
func (c Claims) header(key KeyID) ([]byte, error) {
	if c.Pack == "" || len(c.Pack) > 255 || c.Version == "" || len(c.Version) > 255 {
		return nil, fmt.Errorf("%w: pack %.64q of version %.64q has no name of 1 to 255 bytes", ErrMalformed, c.Pack, c.Version)
	}
	if !validAccuracy(c.Accuracy) {
		return nil, fmt.Errorf("%w: %d", ErrAccuracy, c.Accuracy)
	}
	var seconds uint64
	if !c.Expires.IsZero() {
		at := c.Expires.Unix()
		if at < 1 || at > lastSecond {
			return nil, fmt.Errorf("%w: it ends at %d seconds", ErrMalformed, at)
		}
		seconds = uint64(at)
	}
	b := append([]byte{form}, key[:]...)
	b = append(b, c.ID[:]...)
	b = binary.BigEndian.AppendUint64(b, seconds)
	b = append(b, byte(c.Accuracy))
	for _, text := range []string{c.Pack, c.Version} {
		b = append(append(b, byte(len(text))), text...)
	}
	return b, nil
}

func text(parts ...[]byte) string {
	var all []byte
	for _, p := range parts {
		all = append(all, p...)
	}
	return prefix + base64.RawURLEncoding.EncodeToString(all)
}
