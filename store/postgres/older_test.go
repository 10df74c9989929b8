package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// TestOlderDatabases opens those of every version that had a calibration.
func TestOlderDatabases(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for version := int64(2); version <= 10; version++ {
		t.Run(fmt.Sprint(version), func(t *testing.T) {
			storetest.RunOlder(t, func(t *testing.T) storetest.Older {
				url, position := shared.Database(t), 0
				require.NoError(t, postgres.MigrateTo(t.Context(), url, version))
				space := "pack"
				if version >= 8 {
					space = "space"
				}
				return storetest.Older{
					Exec: func(t *testing.T, query string, args ...any) { t.Helper(); behind(t, url, query, args...) },
					Time: func(at time.Time) any { return at },
					Enrol: func(t *testing.T, f store.Face, box, landmarks, quality string) {
						position++
						behind(t, url, `INSERT INTO faces (enrolled, id, gallery, subject, `+space+`, template, box, landmarks, quality, created_at)
							VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, position, f.ID, f.Gallery, f.Subject, f.Pack, f.Template.Bytes(), box, landmarks, quality, f.CreatedAt)
						behind(t, url, `INSERT INTO changes (seq, kind, enrolled) VALUES (?, ?, ?)`, position, changelog.PutFace, position)
					},
					Open: func(t *testing.T) storetest.Store { return open(t, postgres.Config{URL: url}) },
				}
			})
		})
	}
}

// TestProgramsFromBeforeSpacesFail: one that still runs must not go on and miss
// whoever is in another space.
func TestProgramsFromBeforeSpacesFail(t *testing.T) {
	url := shared.Database(t)
	open(t, postgres.Config{URL: url})
	conn, err := pgx.Connect(t.Context(), url)
	require.NoError(t, err)
	defer func() { _ = conn.Close(t.Context()) }()
	_, err = conn.Exec(t.Context(), `SELECT f.pack FROM changes c LEFT JOIN faces f ON f.enrolled = c.enrolled`)
	require.ErrorContains(t, err, "does not exist")
}
