package imports_test

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/imports"
	"oneton/store"
)

func sumOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func TestMakeID(t *testing.T) {
	require.Equal(t, "Renee_O_Connor-"+sumOf("Renée O'Connor")[:8], imports.MakeID("Renée O'Connor"))
	require.Equal(t, "subject-"+sumOf("王小明")[:8], imports.MakeID("王小明"))
	require.Equal(t, strings.Repeat("x", 119)+"-"+sumOf(strings.Repeat("x", 1000))[:8], imports.MakeID(strings.Repeat("x", 1000)))
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.String().Draw(r, "name")
		require.True(r, store.ValidName(imports.MakeID(name)), "%q", imports.MakeID(name))
	})
}
