package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Queries are parsed once, pragmas each time, and no more are kept than may be; all give
// what they would otherwise, and a store that is closed leaves no log behind.
func TestStatementsAreKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	s, err := Open(t.Context(), Config{Path: path})
	require.NoError(t, err)
	before := len(s.readers.kept)
	for range 3 {
		var n int
		require.NoError(t, s.readers.QueryRowContext(t.Context(), `SELECT ? + 1`, 1).Scan(&n))
		require.Equal(t, 2, n)
		require.NoError(t, s.readers.QueryRowContext(t.Context(), `PRAGMA foreign_keys`).Scan(&n))
		require.Equal(t, 1, n)
		require.Error(t, s.readers.QueryRowContext(t.Context(), `SELECT nothing FROM nowhere`).Scan(&n))
	}
	require.Len(t, s.readers.kept, before+1)
	text := `SELECT 1`
	for range mostStatements {
		var n int
		text += ` `
		require.NoError(t, s.readers.QueryRowContext(t.Context(), text).Scan(&n))
	}
	require.Len(t, s.readers.kept, mostStatements)
	require.NoError(t, s.Close())
	require.NoFileExists(t, path+"-wal")
}
