package credential

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oneton/access"
	"oneton/store"
)

// Sweep removes what has ended by the time: unverified tenants with all that is in
// them, codes a day after their end, keys a month after theirs or after they were
// revoked, and limits that hold nobody. It tells how many tenants.
func (s *Service) Sweep(ctx context.Context, now time.Time) (tenants int, err error) {
	const keysKept = 30 * 24 * time.Hour
	ended, err := store.List(ctx, s.db, "find ended tenants", func(row store.Row) (t store.TenantID, err error) {
		err = row.Scan(&t)
		return t, err
	}, `SELECT tenant FROM credential_unverified WHERE ends_at <= $1`, now)
	if err != nil {
		return 0, err
	}
	for _, t := range ended {
		// It leaves no row of the audit record: whoever asks for many must not fill it.
		_, err := s.db.DeleteTenant(ctx, t)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return tenants, fmt.Errorf("remove ended tenant: %w", err)
		}
		tenants++
	}
	err = s.db.Remove(ctx, "remove ended codes", func(tx store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM credential_challenges WHERE ends_at < $1`, now.Add(-kept)); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM credential_limits WHERE free_at < $1`, now)
		return err
	})
	if err == nil {
		_, err = access.NewKeyTable(s.db).DeleteEnded(ctx, now.Add(-keysKept))
	}
	return tenants, err
}
