package store

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzPlainMetadata holds the one pass against encoding/json and the canonical form.
func FuzzPlainMetadata(f *testing.F) {
	for _, text := range []string{
		`{}`, `{"site":"7"}`, `{"a": "b", "c": ""}`, `{"":"","a":"\u00e9","é":"Zoë"}`,
		`{"b":"1","a":"2"}`, `{"a":"1","a":"2"}`, `{"a":"1",}`, `{"a":"1"}}`, `{"a":"1"} `, `{"a":1}`, `{,}`, `{"a"  :"1"}`,
		"{\"a\":\"\xff\"}", "{\"a\":\"\x01\"}", `{"a":"<\u003c>"}`, `null`, `{`, ``, `{"a`, `{"a":`, `{"a":"1"`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, form, ok := plainMetadata(text, nil)
		var want map[string]string
		err := json.Unmarshal(text, &want)
		if ok {
			require.NoError(t, err)
			require.Equal(t, want, m)
			require.Equal(t, canonical(text), string(form))
		}
		sum := MetadataChecksum("g", "s", text)
		read, damage := ReadMetadata("g", "s", text, &sum)
		if err != nil {
			require.ErrorIs(t, damage, ErrDamaged)
			return
		}
		require.NoError(t, damage)
		require.Equal(t, want, read)
		sum++
		_, damage = ReadMetadata("g", "s", text, &sum)
		require.ErrorIs(t, damage, ErrDamaged)
	})
}

// TestPlainMetadata tells that what both stores write is read in one pass.
func TestPlainMetadata(t *testing.T) {
	for _, text := range []string{`{}`, `{"name":"Zoë","site":"7"}`, `{"name": "Zoë", "site": "7"}`} {
		_, _, ok := plainMetadata([]byte(text), nil)
		require.True(t, ok, text)
	}
}
