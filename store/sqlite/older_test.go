package sqlite_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/sqlite"
	"oneton/store/storetest"
)

// TestOlderDatabases opens those of every version that had a calibration.
func TestOlderDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for version := int64(2); version <= 11; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			storetest.RunOlder(t, func(t *testing.T) storetest.Older {
				path := filepath.Join(t.TempDir(), "oneton.db")
				require.NoError(t, sqlite.MigrateTo(t.Context(), path, version))
				db := behind(t, path)
				exec := func(t *testing.T, query string, args ...any) {
					t.Helper()
					_, err := db.ExecContext(t.Context(), query, args...)
					require.NoError(t, err)
				}
				space := "pack"
				if version >= 9 {
					space = "space"
				}
				micros := func(at time.Time) any { return at.UnixMicro() }
				return storetest.Older{
					Exec: exec, Time: micros,
					Enrol: func(t *testing.T, f store.Face, box, landmarks, quality string) {
						exec(t, `INSERT INTO faces (id, gallery, subject, `+space+`, template, box, landmarks, quality, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
							f.ID, f.Gallery, f.Subject, f.Pack, f.Template.Bytes(), box, landmarks, quality, micros(f.CreatedAt))
						exec(t, `INSERT INTO changes (kind, n) SELECT ?, n FROM faces WHERE id = ?`, changelog.PutFace, f.ID)
					},
					Open: func(t *testing.T) storetest.Store { return open(t, path) },
				}
			})
		})
	}
}

// TestProgramsFromBeforeSpacesFail: one that still runs must not go on and miss
// whoever is in another space.
func TestProgramsFromBeforeSpacesFail(t *testing.T) {
	path := filepath.Join(t.TempDir(), "oneton.db")
	open(t, path)
	_, err := behind(t, path).ExecContext(t.Context(), `SELECT f.pack FROM changes c LEFT JOIN faces f ON f.n = c.n`)
	require.ErrorContains(t, err, "no such column")
}
