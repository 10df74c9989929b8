package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"oneton/store"
)

// Look opens the database in the file only to look at it, whether or not a
// process has it open: nothing is written, neither in it nor beside it, writes
// are store.ErrReadOnly, and Migrate compares. It is store.ErrNewerSchema or
// store.ErrOlderSchema where another version of the program has left the file.
func Look(ctx context.Context, path string) (*Store, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, fmt.Errorf("look at database %s: %w", path, err)
	}
	part, err := own()
	if err != nil {
		return nil, err
	}
	readers, err := connect(path, "ro", 1, func(q url.Values) {
		// A log without the file that indexes it cannot be read without making that.
		q.Set("immutable", "1")
		if exists(path+"-wal") && exists(path+"-shm") {
			q.Del("immutable")
			q.Set("readonly_shm", "1")
		}
	})
	if err != nil {
		return nil, fmt.Errorf("look at database %s: %w", path, err)
	}
	s := &Store{path: path, readers: prepared(readers), looks: true, closing: make(chan struct{}), stopped: make(chan struct{})}
	close(s.stopped)
	if err := part.compare(ctx, readers); err != nil {
		return nil, errors.Join(fmt.Errorf("look at database %s: %w", path, explain(err)), s.Close())
	}
	return s, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// compare compares the schema that the database has with this program's.
func (s schema) compare(ctx context.Context, db *sql.DB) error {
	p, err := s.provider(db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := p.ListSources()
	known := sources[len(sources)-1].Version
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?)`, s.table).Scan(&there); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if !there {
		return store.CompareSchemas(0, known)
	}
	found, _, err := p.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	return store.CompareSchemas(found, known)
}
