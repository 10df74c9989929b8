// Package webhook tells receivers of a tenant's choice what has happened, as the
// specification of Standard Webhooks has it: each event is written in the transaction
// that causes it, and sent, signed, until a receiver takes it or its schedule is over.
// It is sent at least once; its id stays the same, so that a receiver that keeps ids
// takes it once. Events come in no promised order.
package webhook

import (
	"context"
	"embed"
	"fmt"
	"net/http"
	"time"

	"oneton/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables in the database, which must be done before a service is
// used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "webhook", migrations)
}

// Type is a kind of event.
type Type struct {
	// Name is dotted words of letters, digits and underscores, as attempt.closed.
	Name string
	// Means says what has happened, in a sentence for the documents.
	Means string
	// Result is set for those whose data is a signed result: an object with a compact JWS
	// as its member jwsResult, which every format can send. What was sent of it is erased
	// when all receivers have taken it.
	Result bool
}

// Service keeps endpoints, takes events and delivers them. It is safe for concurrent
// use.
type Service struct {
	cfg    Config
	db     store.DB
	jobs   Jobs
	types  []Type
	seals  seals
	guard  *guard
	client *http.Client
	// Requests under way are bounded of each tenant, and so are those for a challenge.
	tenants, asking *slots
}

// share is which part of the places one tenant may have.
const share = 8

// New returns a service of these types of events, whose endpoints' keys are sealed
// under the newest of the keys and opened under each. It lets jobs know what a
// delivery does. The database has been migrated.
func New(cfg Config, keys Keys, db store.DB, jobs Jobs, types ...Type) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{
		cfg: cfg, db: db, jobs: jobs, types: append([]Type{Test}, types...),
		tenants: newSlots(max(1, cfg.Places/share)), asking: newSlots(asked),
	}
	for _, t := range s.types {
		if !typeName.MatchString(t.Name) {
			return nil, fmt.Errorf("declare events %q: %w", t.Name, ErrType)
		}
	}
	var err error
	if s.seals, err = newSeals(keys); err != nil {
		return nil, err
	}
	if s.guard, err = newGuard(cfg); err != nil {
		return nil, err
	}
	s.client = newClient(cfg, s.guard)
	jobs.Handle(kind, s.kind())
	return s, nil
}

// Types are the kinds of events that there are.
func (s *Service) Types() []Type { return s.types }

// Close ends connections that nobody uses.
func (s *Service) Close() { s.client.CloseIdleConnections() }

// now is the time, as databases keep it.
func (s *Service) now() time.Time { return s.cfg.Now().UTC().Truncate(time.Microsecond) }
