package sqlite

import "context"

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
