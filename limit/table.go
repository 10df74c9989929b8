package limit

import (
	"context"
	"embed"
	"maps"
	"slices"
	"sync"
	"time"

	"oneton/store"
)

// Table counts in a database, by its time, for all who share it.
type Table struct {
	db store.DB

	mu sync.Mutex
	// swept is when rows of windows long ended were removed last.
	swept time.Time
}

// NewTable counts in the database, whose tables Migrate has made.
func NewTable(db store.DB) *Table { return &Table{db: db} }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the table in the database, which must be done before it is used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "limit", migrations)
}

// sweepInterval is how often rows of windows that have ended are removed.
const sweepInterval = time.Hour

// Add implements Counter: one transaction, which shares its commit with other writers.
func (t *Table) Add(ctx context.Context, length time.Duration, more func() map[store.TenantID]int64) (map[store.TenantID]Count, error) {
	sweep := t.sweep()
	counts := make(map[store.TenantID]Count)
	err := t.db.Update(ctx, "count requests", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		asked := more()
		for _, tenant := range slices.Sorted(maps.Keys(asked)) {
			w, err := store.OneOf(tx, func(row store.Row) (w window, err error) {
				err = row.Scan(&w.used, &w.ends)
				return w, err
			}, `INSERT INTO limit_windows (tenant, used, ends_at) VALUES ($1, $2, $3)
				ON CONFLICT (tenant) DO UPDATE SET
					used = excluded.used + CASE WHEN limit_windows.ends_at > $4 THEN limit_windows.used ELSE 0 END,
					ends_at = CASE WHEN limit_windows.ends_at > $4 THEN limit_windows.ends_at ELSE excluded.ends_at END
				RETURNING used, ends_at`, tenant, asked[tenant], now.Add(length), now)
			if err != nil {
				return err
			}
			counts[tenant] = Count{w.used, w.ends.Sub(now)}
		}
		if sweep {
			_, err = tx.Exec(`DELETE FROM limit_windows WHERE ends_at <= $1`, now)
		}
		return err
	})
	return counts, err
}

// sweep tells whether it is time to remove what has ended.
func (t *Table) sweep() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Sub(t.swept) < sweepInterval {
		return false
	}
	t.swept = now
	return true
}
