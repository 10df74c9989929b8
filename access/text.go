package access

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"regexp"

	"oneton/store"
)

// A key's text is ot_<id>_<secret>. Id and secret are in Crockford's base32
// alphabet, in lower case, so a text is safe in URLs and headers, is selected
// whole by a double click, and has no letters that are read as others.
const (
	prefix      = "ot"
	idBytes     = 10
	secretBytes = 32
)

const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

var encoding = base32.NewEncoding(alphabet).WithPadding(base32.NoPadding)

// Text joins a key's id and its secret to the key's text.
func Text(id store.KeyID, secret string) string { return prefix + "_" + string(id) + "_" + secret }

// form is a key's text.
var form = regexp.MustCompile(fmt.Sprintf("^%[1]s_([%[2]s]{%[3]d})_([%[2]s]{%[4]d})$",
	prefix, alphabet, encoding.EncodedLen(idBytes), encoding.EncodedLen(secretBytes)))

// Split takes a key's text apart. It tells nothing of whether the key exists.
func Split(text string) (id store.KeyID, secret string, ok bool) {
	parts := form.FindStringSubmatch(text)
	if parts == nil {
		return "", "", false
	}
	return store.KeyID(parts[1]), parts[2], true
}

func random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return encoding.EncodeToString(b), nil
}
