package postgres

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"

	"oneton/store"
)

// Look opens the database only to look at it, by transactions that read, while
// others use it: writes are store.ErrReadOnly, and Migrate compares. It is
// store.ErrNewerSchema or store.ErrOlderSchema where another version of the
// program has left the database, and one of this package's errors where it cannot
// be reached.
func Look(ctx context.Context, cfg Config) (*Store, error) {
	pool, err := poolConfig(cfg)
	if err != nil {
		return nil, fmt.Errorf("read database URL: %w", err)
	}
	pool.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	pool.MaxConns = 1
	s := &Store{timeout: pool.ConnConfig.ConnectTimeout, looks: true, closing: make(chan struct{}), stopped: make(chan struct{}), purged: make(chan struct{})}
	close(s.stopped)
	close(s.purged)
	if s.readers, err = pgxpool.NewWithConfig(ctx, pool); err != nil {
		return nil, s.failed(ctx, "look at database", err)
	}
	part, err := own()
	if err == nil {
		err = usable(ctx, s.readers)
	}
	if err == nil {
		err = part.compare(ctx, pool.ConnConfig)
	}
	if err != nil {
		err = s.failed(ctx, "look at database", opening(err))
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// compare compares the schema that the database has with this program's.
func (s schema) compare(ctx context.Context, cfg *pgx.ConnConfig) (err error) {
	db := stdlib.OpenDB(*cfg)
	defer func() { err = errors.Join(err, db.Close()) }()
	p, err := s.provider(db)
	if err != nil {
		return fmt.Errorf("read migrations: %w", err)
	}
	sources := p.ListSources()
	known := sources[len(sources)-1].Version
	var there bool
	if err := db.QueryRowContext(ctx, `SELECT to_regclass($1) IS NOT NULL`, s.table).Scan(&there); err != nil {
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

// refusals are the codes, and classes of codes, with which a server refuses a
// connection.
var refusals = map[string]error{
	"28":    ErrCredentials, // invalid authorisation: also an address that pg_hba.conf does not name
	"42501": ErrCredentials, // insufficient privilege
	"3D":    ErrNoDatabase,
	"57P03": ErrAway, // it starts or stops
	"53":    ErrAway, // insufficient resources, such as connections
}

// opening adds to err why the database could not be opened, as far as that is
// known.
func opening(err error) error {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		for _, code := range []string{e.Code, e.Code[:min(2, len(e.Code))]} {
			if cause := refusals[code]; cause != nil {
				return fmt.Errorf("%w: %w", cause, err)
			}
		}
		return err
	}
	if _, ok := errors.AsType[*pgconn.ConnectError](err); !ok {
		return err
	}
	if untrusted(err) {
		return fmt.Errorf("%w: %w", ErrTLS, err)
	}
	return fmt.Errorf("%w: %w", ErrAway, err)
}

// untrusted tells whether err is of TLS.
func untrusted(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	var authority x509.UnknownAuthorityError
	var host x509.HostnameError
	return errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &authority) || errors.As(err, &host) ||
		strings.Contains(err.Error(), "refused TLS connection") // which the driver has no error of
}
