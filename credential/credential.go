// Package credential gives client tokens to whoever shows that an email address and
// a phone number are theirs, by a code that was sent to each. A verified pair is an
// account with a tenant of its own, the same at every verification; a pair that
// nobody verified opens none but a fresh one, for a while.
//
// A client token is a key of package access with an end. What this package keeps of
// addresses, codes and sources are keyed hashes.
package credential

import (
	"context"
	"embed"
	"time"

	"oneton/access"
	"oneton/store"
)

// Messenger hands codes over for delivery. It returns once whoever delivers has
// taken the message, or an error; how long that takes must not depend on the code.
type Messenger interface {
	// Email sends the code, which is valid for the time, to an address.
	Email(ctx context.Context, address, code string, valid time.Duration) error
	// SMS sends it to a number in E.164.
	SMS(ctx context.Context, number, code string, valid time.Duration) error
}

// Caller is whose request it is, before it is known who that is.
type Caller struct {
	// Source is the network that a request comes from, as far as is known, and
	// Certain that nobody else shares it because of a proxy in between.
	Source  string
	Certain bool
	// Request names the request in the log.
	Request string
}

// Service asks, verifies and gives tokens. It is safe for concurrent use, also by
// several processes on one database.
type Service struct {
	cfg    Config
	db     access.Database
	access *access.Access
	hash   hasher
	sends  Messenger
}

// New returns a Service of the database, whose tables Migrate has made. Hashes are
// made under the first of the keys, which replicas share, and found under each. A
// key of less than 32 bytes is ErrKey.
func New(cfg Config, db access.Database, keys *access.Access, hashing [][]byte, sends Messenger) (*Service, error) {
	hash, err := newHasher(hashing)
	if err != nil {
		return nil, err
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Service{cfg: cfg, db: db, access: keys, hash: hash, sends: sends}, nil
}

// now is the time as every engine keeps it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables in the database, which must be done before they are used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "credential", migrations)
}
