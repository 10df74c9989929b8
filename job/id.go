package job

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// ID names a job: 24 hex digits, unique among all tenants' and rising with time.
type ID string

const (
	idBytes   = 12
	idSeconds = 4 // of them
)

// newID is the second, up to the year 2106, and 64 random bits.
func newID(now time.Time) ID {
	var b [idBytes]byte
	binary.BigEndian.PutUint32(b[:], uint32(now.Unix())) //nolint:gosec // until 2106
	_, _ = rand.Read(b[idSeconds:])                      // which never fails
	return ID(hex.EncodeToString(b[:]))
}

// ValidID tells whether a text can be a job's ID.
func ValidID(s string) bool {
	if len(s) != hex.EncodedLen(idBytes) {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
