package facesession

import (
	"time"

	"oneton/store"
)

// room is a CrowdedError where the tenant has as many sessions under way as it may.
// Those that are over count no more, since nothing of a size is left of them.
func (s *Service) room(r store.Reader, tenant store.TenantID) error {
	if s.cfg.MostOpen == 0 {
		return nil
	}
	now, err := r.Now()
	if err != nil {
		return err
	}
	return r.Each(func(row store.Row) error {
		var ends time.Time // of the one with whose end there is room for one more
		if err := row.Scan(&ends); err != nil {
			return err
		}
		return &CrowdedError{Most: s.cfg.MostOpen, After: ends.Sub(now)}
	}, `SELECT ends_at FROM face_sessions WHERE tenant = $1 AND ends_at > $2 AND phase <> $3 ORDER BY ends_at DESC LIMIT 1 OFFSET $4`,
		tenant, now, ended, s.cfg.MostOpen-1)
}
