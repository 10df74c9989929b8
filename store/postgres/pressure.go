package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	"oneton/store"
)

// Load tells how large the database is, and what the connections are at.
func (s *Store) Load(ctx context.Context) (store.Load, error) {
	var l store.Load
	for name, pool := range map[string]*pgxpool.Pool{"readers": s.readers, "writer": s.writer} {
		st := pool.Stat()
		l.Pools = append(l.Pools, store.PoolLoad{
			Name: name, Busy: int(st.AcquiredConns()), Idle: int(st.IdleConns()), Waits: st.EmptyAcquireCount(), Waited: st.EmptyAcquireWaitTime(),
		})
	}
	err := s.readers.QueryRow(ctx, `SELECT pg_database_size(current_database())`).Scan(&l.File)
	return l, s.failed(ctx, "measure database", err)
}
