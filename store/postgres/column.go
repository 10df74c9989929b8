package postgres

import (
	"encoding/json"
	"fmt"
	"time"

	"oneton/store"
)

// encode is v as a JSON column. It is made before a transaction begins: an
// argument that cannot be sent there costs other callers their writes.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", fmt.Errorf("%w: encode column: %w", store.ErrInvalid, err)
	}
	return string(b), nil
}

// encodeMetadata writes no metadata as an empty object.
func encodeMetadata(metadata map[string]string) (string, error) {
	if metadata == nil {
		metadata = map[string]string{}
	}
	return encode(metadata)
}

// now stands in for the zero time.
func now(t time.Time) time.Time {
	if t.IsZero() {
		return time.Now()
	}
	return t
}
