package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"oneton/store"
)

// These errors say why a database cannot be opened. Each comes together with what
// the server or the network said.
var (
	// ErrAway means that no server answers where the URL says: it is refused, not
	// found by name, silent, or not ready yet.
	ErrAway = errors.New("postgres: the server does not answer")

	// ErrCredentials means that the server lets nobody in with this user and
	// password, or from this machine.
	ErrCredentials = errors.New("postgres: the server refuses the user")

	// ErrNoDatabase means that the server has no database of this name.
	ErrNoDatabase = errors.New("postgres: the server has no such database")

	// ErrTLS means that a connection by TLS, as sslmode asks, cannot be had, or that
	// the server's certificate is not trusted.
	ErrTLS = errors.New("postgres: no trusted connection by TLS")

	// ErrServer means that the server or the database is of a kind that cannot be
	// used.
	ErrServer = errors.New("postgres: the server cannot be used")
)

var errFull = fmt.Errorf("%w: %w", store.ErrFull, store.ErrUnavailable)

// causes are the codes of PostgreSQL's appendix A that the store knows, and the
// classes of codes, which are a code's first two characters.
var causes = map[string]error{
	"23505": store.ErrExists,   // unique violation
	"23503": store.ErrNotFound, // foreign key violation
	// What is written is checked before, so these speak of what is referred to.
	"22021": store.ErrNotFound, // a text that no row can have
	"54000": store.ErrNotFound, // one too long for an index

	"23502": store.ErrInvalid,     // not-null violation
	"23514": store.ErrInvalid,     // check violation
	"22":    store.ErrInvalid,     // data exception, such as a number out of range
	"08":    store.ErrUnavailable, // connection exception
	"25006": store.ErrUnavailable, // read-only transaction
	"25P03": store.ErrUnavailable, // idle in a transaction for too long
	"28":    store.ErrUnavailable, // invalid authorisation
	"3D":    store.ErrUnavailable, // no such database
	"40":    store.ErrUnavailable, // transaction rollback
	"53100": errFull,              // disk full
	"53":    store.ErrUnavailable, // insufficient resources
	"55P03": store.ErrUnavailable, // lock not available
	"57":    store.ErrUnavailable, // operator intervention, and statements timed out
	"58":    store.ErrUnavailable, // system error
	"XX001": store.ErrDamaged,     // data corrupted
	"XX002": store.ErrDamaged,     // index corrupted
}

// explain adds to err the sentinel that stores answer for its cause.
func explain(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return store.ErrNotFound
	}
	if cause := cause(err); cause != nil {
		return fmt.Errorf("%w: %w", cause, err)
	}
	return err
}

func cause(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		const class = 2
		return cmp.Or(causes[e.Code], causes[e.Code[:min(class, len(e.Code))]])
	}
	if disconnected(err) {
		return store.ErrUnavailable
	}
	return nil
}

// disconnected tells whether err is of the connection and not of what was
// asked on it.
func disconnected(err error) bool {
	var connecting *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connecting) || errors.As(err, &network) || pgconn.SafeToRetry(err) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, pgconn.ErrConnClosed) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
}

// lost tells whether err is of a connection that had been made and has ended.
func lost(err error) bool {
	var connecting *pgconn.ConnectError
	if errors.As(err, &connecting) || errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.SeverityUnlocalized == "FATAL"
	}
	return err != nil && disconnected(err)
}

// failed wraps what a call under ctx returned, if it is an error.
func (s *Store) failed(ctx context.Context, doing string, err error) error {
	if err == nil {
		return nil
	}
	select {
	case <-s.closing:
		return fmt.Errorf("%s: %w", doing, store.ErrClosed)
	default:
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s: %w", doing, ctx.Err())
	}
	return fmt.Errorf("%s: %w", doing, explain(err))
}
