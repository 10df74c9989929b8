package webhook

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"oneton/audit"
	"oneton/store"
)

const (
	// MaxEndpoints is how many endpoints a tenant may have.
	MaxEndpoints = 50
	// maxDescription is the longest description, in bytes.
	maxDescription = 256
	// MaxOverlap is how long former keys may sign beside new ones.
	MaxOverlap = 7 * 24 * time.Hour
	// DefaultOverlap is how long they do where nobody says.
	DefaultOverlap = 24 * time.Hour
)

// Why nothing is sent to an endpoint.
const (
	// DisabledByOwner is by Update.
	DisabledByOwner = "owner"
	// DisabledGone is by an answer with the status 410.
	DisabledGone = "gone"
)

// typeName is a type's, as Standard Webhooks has them.
var typeName = regexp.MustCompile(`^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$`)

// Settable is what an owner says of an endpoint.
type Settable struct {
	// URL is where events are sent.
	URL string
	// Types are those that are sent; none is every type that the format has.
	Types []string
	// Description is for whoever reads lists of endpoints.
	Description string
	// Disabled is why nothing is sent to it; empty when it is enabled.
	Disabled string
	// Credentials are new ones, for the format Uqudo alone; nil leaves them.
	Credentials *Credentials
}

// NewEndpoint is one to add.
type NewEndpoint struct {
	Settable
	// Format is Standard where it is empty.
	Format Format
	// Secret is what its owner signs with at other places, too, for Standard alone:
	// whsec_ and 24 to 64 bytes in base64. Empty is a new one.
	Secret string
	// Verify asks what answers at the URL to return a challenge first.
	Verify bool
}

// Endpoint is where events of a tenant are sent.
type Endpoint struct {
	ID     string
	Format Format
	Settable
	// Authentication are its credentials without what is secret of them; nil in Standard,
	// and of those that cannot be opened; see ErrSealed.
	Authentication *Credentials
	// PublicKeys verify signatures v1a: the present key, and the former one while
	// it signs too. None is of keys that cannot be opened; see ErrSealed.
	PublicKeys []string
	// VerifiedAt is when what answers there returned a challenge; zero when it
	// was not asked.
	VerifiedAt           time.Time
	CreatedAt, UpdatedAt time.Time
}

// endpoint is an Endpoint's row.
type endpoint struct {
	Endpoint
	tenant         store.TenantID
	sealed, former []byte
	formerEnds     time.Time
}

const endpointColumns = `id, tenant, format, url, types, description, disabled, sealed, former, former_ends, verified_at, created_at, updated_at`

func scanEndpoint(row store.Row) (e endpoint, err error) {
	var types string
	err = row.Scan(&e.ID, &e.tenant, &e.Format, &e.URL, &types, &e.Description, &e.Disabled, &e.sealed, &e.former, &e.formerEnds, &e.VerifiedAt, &e.CreatedAt, &e.UpdatedAt)
	e.Types = strings.Fields(types)
	return e, err
}

// takes tells whether events of the type are sent to it.
func (e endpoint) takes(t Type) bool {
	return (e.Format == Standard || t.Result) && (len(e.Types) == 0 || slices.Contains(e.Types, t.Name))
}

// keys are those that sign at a time, the present one first.
func (e endpoint) keys(s seals, now time.Time) ([]key, error) {
	present, err := e.key(s, e.sealed)
	if err != nil {
		return nil, err
	}
	all := []key{present}
	if now.Before(e.formerEnds) {
		if former, err := e.key(s, e.former); err == nil { // which is no reason not to sign
			all = append(all, former)
		}
	}
	return all, nil
}

// shown is the endpoint with what its owner may read of its keys or credentials.
func (s *Service) shown(e endpoint) Endpoint {
	if e.Format == Uqudo {
		if c, err := e.credentials(s.seals); err == nil { // otherwise it has none to show
			public := c.public()
			e.Authentication = &public
		}
		return e.Endpoint
	}
	keys, _ := e.keys(s.seals, s.now()) // without keys it has none to show
	for _, k := range keys {
		e.PublicKeys = append(e.PublicKeys, k.publicText())
	}
	return e.Endpoint
}

// Add makes an endpoint, and returns its secret, which cannot be had again; it is
// empty where messages are not signed. Where what answers at the URL does not return
// the challenge that it was to, that is ErrUnverified.
func (s *Service) Add(ctx context.Context, by store.Actor, n NewEndpoint) (added Endpoint, secret string, err error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Endpoint{}, "", fmt.Errorf("name endpoint: %w", err)
	}
	e := endpoint{Endpoint: Endpoint{ID: id.String(), Format: cmp.Or(n.Format, Standard)}, tenant: by.Tenant}
	switch e.Format {
	case Standard:
		k, err := newKeyWith(n.Secret)
		if err != nil {
			return Endpoint{}, "", err
		}
		e.sealed, secret = s.seals.seal(e.sealedAs(), k.bytes()), k.secretText()
	case Uqudo:
		if n.Secret != "" {
			return Endpoint{}, "", invalid("secret", "is of the format %s alone", Standard)
		}
		e.sealed = s.seals.seal(e.sealedAs(), Credentials{}.bytes())
	default:
		return Endpoint{}, "", invalid("format", "must be %s or %s", Standard, Uqudo)
	}
	if err := s.set(&e, n.Settable); err != nil {
		return Endpoint{}, "", err
	}
	if n.Verify {
		if err := s.challenge(ctx, e); err != nil {
			return Endpoint{}, "", err
		}
		e.VerifiedAt = s.now()
	}
	e.CreatedAt = s.now()
	e.UpdatedAt = e.CreatedAt
	err = s.db.Update(ctx, "add webhook endpoint", func(tx store.Tx) error {
		n, err := store.OneOf(tx, func(row store.Row) (n int64, err error) {
			err = row.Scan(&n)
			return n, err
		}, `SELECT count(*) FROM webhook_endpoints WHERE tenant = $1`, by.Tenant)
		if err != nil {
			return err
		}
		if n >= MaxEndpoints {
			return fmt.Errorf("%w: a tenant may have %d", ErrTooMany, MaxEndpoints)
		}
		if _, err := tx.Exec(`INSERT INTO webhook_endpoints (`+endpointColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			e.ID, e.tenant, e.Format, e.URL, strings.Join(e.Types, " "), e.Description, e.Disabled, e.sealed, e.former, e.formerEnds, e.VerifiedAt, e.CreatedAt, e.UpdatedAt); err != nil {
			return err
		}
		return audit.By(by, audit.WebhookCreated, e.ID).Record(tx)
	})
	if err != nil {
		return Endpoint{}, "", err
	}
	return s.shown(e), secret, nil
}

// Endpoint is one of the tenant's.
func (s *Service) Endpoint(ctx context.Context, by store.Actor, id string) (Endpoint, error) {
	e, err := store.One(ctx, s.db, "read webhook endpoint", scanEndpoint, oneEndpoint, id, by.Tenant)
	return s.shown(e), err
}

const oneEndpoint = `SELECT ` + endpointColumns + ` FROM webhook_endpoints WHERE id = $1 AND tenant = $2`

// Endpoints lists the tenant's, the oldest first.
func (s *Service) Endpoints(ctx context.Context, by store.Actor, p store.Page) ([]Endpoint, error) {
	rows, err := store.List(ctx, s.db, "list webhook endpoints", scanEndpoint,
		`SELECT `+endpointColumns+` FROM webhook_endpoints WHERE tenant = $1 AND id > $2 ORDER BY id LIMIT $3`, by.Tenant, p.After, max(p.Limit, 0))
	all := make([]Endpoint, len(rows))
	for i, e := range rows {
		all[i] = s.shown(e)
	}
	return all, err
}

// Update replaces what an owner says of an endpoint by what change makes of it as it
// is; nothing comes between. With verify it is as in Add. What waits for a disabled
// endpoint ends, when its next try is due, as failed.
func (s *Service) Update(ctx context.Context, by store.Actor, id string, verify bool, change func(Endpoint) (Settable, error)) (Endpoint, error) {
	changed := func(e endpoint) (endpoint, error) {
		set, err := change(s.shown(e))
		if err == nil {
			err = s.set(&e, set)
		}
		return e, err
	}
	var verified string
	if verify {
		e, err := store.One(ctx, s.db, "read webhook endpoint", scanEndpoint, oneEndpoint, id, by.Tenant)
		if err != nil {
			return Endpoint{}, err
		}
		if e, err = changed(e); err != nil {
			return Endpoint{}, err
		}
		if err := s.challenge(ctx, e); err != nil {
			return Endpoint{}, err
		}
		verified = e.URL
	}
	var e endpoint
	err := s.db.Update(ctx, "change webhook endpoint", func(tx store.Tx) error {
		was, err := store.OneOf(tx, scanEndpoint, oneEndpoint, id, by.Tenant)
		if err != nil {
			return err
		}
		if e, err = changed(was); err != nil {
			return err
		}
		switch {
		case verify && e.URL != verified:
			return fmt.Errorf("verify %w: the endpoint was changed meanwhile", store.ErrConflict)
		case verify:
			e.VerifiedAt = s.now()
		case e.URL != was.URL:
			e.VerifiedAt = time.Time{}
		}
		e.UpdatedAt = s.now()
		if _, err := tx.Exec(`UPDATE webhook_endpoints SET url = $3, types = $4, description = $5, disabled = $6, sealed = $7, verified_at = $8, updated_at = $9 WHERE id = $1 AND tenant = $2`,
			id, by.Tenant, e.URL, strings.Join(e.Types, " "), e.Description, e.Disabled, e.sealed, e.VerifiedAt, e.UpdatedAt); err != nil {
			return err
		}
		return audit.By(by, audit.WebhookChanged, id).Record(tx)
	})
	return s.shown(e), err
}

// Rotate gives an endpoint new keys, with the owner's secret where that is not empty,
// and returns the secret, which cannot be had again. The former keys sign beside them
// for the overlap; those before them no more. ErrUnsigned when its messages are not
// signed.
func (s *Service) Rotate(ctx context.Context, by store.Actor, id, own string, overlap time.Duration) (rotated Endpoint, secret string, err error) {
	if overlap < 0 || overlap > MaxOverlap {
		return Endpoint{}, "", invalid("overlap", "must be 0 to %d seconds", int(MaxOverlap/time.Second))
	}
	k, err := newKeyWith(own)
	if err != nil {
		return Endpoint{}, "", err
	}
	var e endpoint
	err = s.db.Update(ctx, "rotate webhook keys", func(tx store.Tx) (err error) {
		if e, err = store.OneOf(tx, scanEndpoint, oneEndpoint, id, by.Tenant); err != nil {
			return err
		}
		if e.Format != Standard {
			return fmt.Errorf("%w: %s", ErrUnsigned, id)
		}
		now := s.now()
		if e.former, e.formerEnds = e.sealed, now.Add(overlap); overlap == 0 {
			e.former, e.formerEnds = nil, time.Time{}
		}
		e.sealed, e.UpdatedAt = s.seals.seal(e.sealedAs(), k.bytes()), now
		if _, err := tx.Exec(`UPDATE webhook_endpoints SET sealed = $3, former = $4, former_ends = $5, updated_at = $6 WHERE id = $1 AND tenant = $2`,
			id, by.Tenant, e.sealed, e.former, e.formerEnds, e.UpdatedAt); err != nil {
			return err
		}
		return audit.By(by, audit.WebhookRotated, id).Record(tx)
	})
	if err != nil {
		return Endpoint{}, "", err
	}
	return s.shown(e), k.secretText(), nil
}

// Remove removes an endpoint with its deliveries; nothing more is sent to it.
func (s *Service) Remove(ctx context.Context, by store.Actor, id string) error {
	// Many deliveries leave a part at a time, before the endpoint.
	if _, err := s.forget(ctx, `endpoint = $2 AND tenant = $3`, id, by.Tenant); err != nil {
		return err
	}
	return audit.Removing(audit.By(by, audit.WebhookDeleted, id), func(also ...func(store.Tx) error) error {
		return Forget(ctx, s.db, by.Tenant, id, also...)
	})
}

// Forget removes an endpoint, with the deliveries that are left of it.
func Forget(ctx context.Context, db store.DB, tenant store.TenantID, id string, also ...func(store.Tx) error) error {
	return db.Remove(ctx, "remove webhook endpoint", func(tx store.Tx) error {
		n, err := tx.Exec(`DELETE FROM webhook_endpoints WHERE id = $1 AND tenant = $2`, id, tenant)
		if err == nil && n == 0 {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return store.Run(tx, also)
	})
}

// set replaces what an owner says of an endpoint, and refuses what cannot be kept or
// sent to.
func (s *Service) set(e *endpoint, set Settable) error {
	if _, err := s.guard.parseURL(set.URL); err != nil {
		return err
	}
	if len(set.Description) > maxDescription || !utf8.ValidString(set.Description) || strings.ContainsRune(set.Description, 0) {
		return invalid("description", "must be a text of at most %d bytes", maxDescription)
	}
	var known []string
	for _, t := range s.types {
		if e.Format == Standard || t.Result {
			known = append(known, t.Name)
		}
	}
	for _, t := range set.Types {
		if !slices.Contains(known, t) {
			return invalid("types", "has %.64q; in the format %s there are %s", t, e.Format, strings.Join(known, ", "))
		}
	}
	set.Types = slices.Compact(slices.Sorted(slices.Values(set.Types)))
	if c := set.Credentials; c != nil {
		if e.Format != Uqudo {
			return invalid("authentication", "is of the format %s alone: what is sent in the format %s is signed", Uqudo, e.Format)
		}
		if err := c.validate(); err != nil {
			return err
		}
		e.sealed, set.Credentials = s.seals.seal(e.sealedAs(), c.bytes()), nil
	}
	e.Settable = set
	return nil
}
