package sqlite_test

import (
	"context"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
	"oneton/store/sqlite"
)

// A start ends, and gives the other rows theirs, though a row is not found by the
// key that is read of it, as where the key or its index is damaged.
func TestChecksumsBesideADamagedKey(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	s, err := sqlite.Open(ctx, sqlite.Config{Path: filepath.Join(t.TempDir(), "oneton.db")})
	require.NoError(t, err)
	defer s.Close()
	require.NoError(t, s.Update(ctx, "write", func(tx store.Tx) error {
		for _, pack := range []string{"a", "b", "c"} {
			if _, err := tx.Exec(`INSERT INTO calibrations (pack, definition) VALUES ($1, '{}')`, pack); err != nil {
				return err
			}
		}
		return nil
	}))
	const columns = `SELECT pack, checksum FROM calibrations `
	read := func(row store.Row) (pack string, checksum *int64, err error) {
		err = row.Scan(&pack, &checksum)
		return pack, checksum, err
	}
	require.NoError(t, store.FillChecksums(ctx, s, "calibrations", "pack", func(row store.Row) (string, int64, error) {
		pack, _, err := read(row)
		if pack == "b" {
			pack = "damaged"
		}
		return pack, 7, err
	}, columns))
	with, err := store.List(ctx, s, "list", func(row store.Row) (string, error) {
		pack, _, err := read(row)
		return pack, err
	}, columns+`WHERE checksum = 7 ORDER BY pack`)
	require.NoError(t, err)
	require.Equal(t, []string{"a", "c"}, with)
}
