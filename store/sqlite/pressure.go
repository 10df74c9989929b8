package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"oneton/store"
)

// Load tells how large the files are, and what the connections are at.
func (s *Store) Load(context.Context) (store.Load, error) {
	var l store.Load
	for path, size := range map[string]*int64{s.path: &l.File, s.path + "-wal": &l.Log} {
		info, err := os.Stat(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return l, fmt.Errorf("measure database: %w", err)
		}
		*size = info.Size()
	}
	for name, db := range map[string]*sql.DB{"readers": s.readers.on, "writer": s.writer} {
		st := db.Stats()
		l.Pools = append(l.Pools, store.PoolLoad{Name: name, Busy: st.InUse, Idle: st.Idle, Waits: st.WaitCount, Waited: st.WaitDuration})
	}
	return l, nil
}
