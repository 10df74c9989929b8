package access

import (
	"crypto/rand"
	"encoding/base32"
	"fmt"
	"strings"
)

// A key's text is ot_<id>_<secret>. Id and secret are in Crockford's base32
// alphabet, in lower case, so a text is safe in URLs and headers, is selected
// whole by a double click, and has no letters that are read as others.
const (
	prefix      = "ot"
	idBytes     = 10
	secretBytes = 32
)

var encoding = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// Text joins a key's id and its secret to the key's text.
func Text(id, secret string) string { return prefix + "_" + id + "_" + secret }

// Split takes a key's text apart. It tells nothing of whether the key exists.
func Split(text string) (id, secret string, ok bool) {
	parts := strings.Split(text, "_")
	if len(parts) != 3 || parts[0] != prefix ||
		len(parts[1]) != encoding.EncodedLen(idBytes) || len(parts[2]) != encoding.EncodedLen(secretBytes) {
		return "", "", false
	}
	return parts[1], parts[2], true
}

func random(n int) (string, error) {
	b := make([]byte, n)
	if _, err := rand.Read(b); err != nil {
		return "", fmt.Errorf("read random bytes: %w", err)
	}
	return encoding.EncodeToString(b), nil
}
