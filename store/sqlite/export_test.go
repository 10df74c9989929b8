package sqlite

import (
	"context"
	"errors"
	"net/url"
)

// Exec runs a statement on the writer's connection.
func (s *Store) Exec(ctx context.Context, query string) error {
	return s.write(ctx, "exec", func(t tx) error {
		_, err := t.exec(query)
		return err
	})
}

// Pragma is a setting of the writer's connection.
func (s *Store) Pragma(ctx context.Context, name string) (value string, err error) {
	err = s.write(ctx, "read pragma", func(t tx) error {
		return t.row("PRAGMA " + name).Scan(&value)
	})
	return value, err
}

// MigrateTo makes a database as an older version had it.
func MigrateTo(ctx context.Context, path string, version int64) error {
	if err := create(path); err != nil {
		return err
	}
	db, err := connect(path, "rw", 1, func(q url.Values) { q.Del("_defensive") })
	if err != nil {
		return err
	}
	part, err := own()
	if err != nil {
		return errors.Join(err, db.Close())
	}
	p, err := part.provider(db)
	if err != nil {
		return errors.Join(err, db.Close())
	}
	_, err = p.UpTo(ctx, version)
	return errors.Join(err, db.Close())
}
