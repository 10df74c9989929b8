package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"sync"
)

// connection is one connection to the database, or a pool of them.
type connection interface {
	runner
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
	Close() error
}

// mostStatements is how many are kept of a connection. Those of a request's own shape,
// as of its filter, are few among them or are not kept.
const mostStatements = 512

// statements are a connection whose queries are parsed once: for most, that takes longer
// than to run.
type statements[C connection] struct {
	on C

	mu   sync.RWMutex
	kept map[string]*sql.Stmt
}

func prepared[C connection](on C) *statements[C] {
	return &statements[C]{on: on, kept: make(map[string]*sql.Stmt)}
}

// statement is the query's, or nil where it is run as it is: what is wrong with it is
// told then.
func (s *statements[C]) statement(ctx context.Context, query string) *sql.Stmt {
	s.mu.RLock()
	known, there := s.kept[query]
	full := len(s.kept) >= mostStatements
	s.mu.RUnlock()
	if there || full || !keepable(query) {
		return known
	}
	made, err := s.on.PrepareContext(ctx, query)
	if err != nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if known, there := s.kept[query]; there {
		_ = made.Close() //nolint:sqlclosecheck // at once: the other is kept
		return known
	}
	s.kept[query] = made
	return made
}

// close ends the connection, which does not end as long as it has statements.
func (s *statements[C]) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, st := range s.kept {
		errs = append(errs, st.Close())
	}
	clear(s.kept)
	return errors.Join(append(errs, s.on.Close())...)
}

// keepable tells whether a query does what it does when it is run: a pragma may do it
// when it is parsed.
func keepable(query string) bool {
	query = strings.TrimLeft(query, " \t\r\n")
	for _, verb := range []string{"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"} {
		if strings.HasPrefix(query, verb) {
			return true
		}
	}
	return false
}

// ExecContext runs a statement.
func (s *statements[C]) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	if st := s.statement(ctx, query); st != nil { //nolint:sqlclosecheck // it is kept for the next
		return st.ExecContext(ctx, args...)
	}
	return s.on.ExecContext(ctx, query, args...)
}

// QueryContext reads rows.
func (s *statements[C]) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	if st := s.statement(ctx, query); st != nil { //nolint:sqlclosecheck // it is kept for the next
		return st.QueryContext(ctx, args...)
	}
	return s.on.QueryContext(ctx, query, args...)
}

// QueryRowContext reads a row.
func (s *statements[C]) QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row {
	if st := s.statement(ctx, query); st != nil { //nolint:sqlclosecheck // it is kept for the next
		return st.QueryRowContext(ctx, args...)
	}
	return s.on.QueryRowContext(ctx, query, args...)
}
