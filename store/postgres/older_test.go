package postgres_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/changelog"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/storetest"
)

// TestOlderDatabases opens those of every version that had a calibration.
func TestOlderDatabases(t *testing.T) {
	for version := int64(2); version <= 8; version++ {
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
