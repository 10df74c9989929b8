// Package access knows who may do what: it makes API keys, of which only a
// MAC is kept, and tells whose key a request carries. Dialects with tokens of
// their own build on the same keys.
package access

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"oneton/audit"
	"oneton/store"
)

// Database is where tenants and keys are kept.
type Database interface {
	store.DB
	// CreateTenant adds a tenant; store.ErrExists when its id is taken.
	CreateTenant(ctx context.Context, t store.Tenant, also ...func(store.Tx) error) error
	// DeleteTenant removes a tenant with everything of it, and returns the log's
	// position at which it did; store.ErrNotFound when there is none. What is also
	// done, here and in CreateTenant, is in the same transaction.
	DeleteTenant(ctx context.Context, id store.TenantID, also ...func(store.Tx) error) (uint64, error)
	// Tenant is the tenant of that id, or store.ErrNotFound.
	Tenant(ctx context.Context, id store.TenantID) (store.Tenant, error)
}

// MinPepper is the least length of a pepper, in bytes: a MAC key shorter than
// the hash weakens it (RFC 2104).
const MinPepper = sha256.Size

// Access makes and checks keys. It is safe for concurrent use.
type Access struct {
	// peppers are the newest first.
	peppers [][]byte
	tenants Database
	keys    KeyTable
	// scopes are the names of all that there are, and named those that stand for some.
	scopes []string
	named  []Scope
	// most is how many keys a tenant has for it to make another.
	most int
}

// Bound replaces the bounds of DefaultConfig, before anything else is called.
func (a *Access) Bound(c Config) { a.most = c.Keys }

// Scopes are the names of all scopes that a key may have, APIs' first.
func (a *Access) Scopes() []string { return slices.Clone(a.scopes) }

// New returns an Access whose MACs are made under the first of the peppers, the
// server's secret, and checked under each; without the pepper that a key was
// made under it is not valid. None, or one shorter than MinPepper, is ErrPepper.
// Keys may have the scopes, those of all APIs, and All; a name that two have is
// ErrScope.
func New(peppers [][]byte, db Database, scopes ...Scope) (*Access, error) {
	if len(peppers) == 0 {
		return nil, fmt.Errorf("take no pepper: %w", ErrPepper)
	}
	names, err := catalogue(scopes)
	if err != nil {
		return nil, err
	}
	a := &Access{tenants: db, keys: NewKeyTable(db), scopes: names, named: scopes, most: DefaultConfig().Keys}
	for _, p := range peppers {
		if len(p) < MinPepper {
			return nil, fmt.Errorf("take a pepper of %d bytes, at least %d are needed: %w", len(p), MinPepper, ErrPepper)
		}
		a.peppers = append(a.peppers, slices.Clone(p))
	}
	return a, nil
}

// Create makes a key with 32 random bytes of secret and returns its text,
// which cannot be had again. Scopes must be some of those that Scopes lists,
// or stand for some, else ErrScope; an unknown tenant is store.ErrNotFound. The key
// has no end of its own.
func (a *Access) Create(ctx context.Context, tenant store.TenantID, name string, scopes []string) (text string, key store.Key, err error) {
	scopes = Expand(a.named, scopes)
	if err := a.validateScopes(scopes); err != nil {
		return "", store.Key{}, err
	}
	if err := checkLabel(name); err != nil {
		return "", store.Key{}, err
	}
	if err := a.known(ctx, tenant); err != nil {
		return "", store.Key{}, err
	}
	d, err := a.Draft(store.Actor{Tenant: tenant}, name, scopes, time.Time{})
	if err == nil {
		err = a.keys.CreateKey(ctx, d.Key, d.record)
	}
	if err != nil {
		return "", store.Key{}, fmt.Errorf("create key: %w", err)
	}
	return d.Text, d.Key, nil
}

// Draft is a key that is none until Insert has made it, so that it can be part of
// what else is done in a transaction.
type Draft struct {
	// Text is the key's, which cannot be had again.
	Text string
	Key  store.Key
	by   store.Actor
}

// Insert makes the key, of a tenant that is there, and records it.
func (d Draft) Insert(tx store.Tx) error {
	if err := insert(tx, d.Key); err != nil {
		return err
	}
	return d.record(tx)
}

func (d Draft) record(tx store.Tx) error {
	return audit.By(d.by, audit.KeyCreated, string(d.Key.ID)).Record(tx)
}

// Draft prepares a key of the actor's tenant that is valid until it ends, which a zero
// time is never. Its scopes are taken as they are.
func (a *Access) Draft(by store.Actor, name string, scopes []string, ends time.Time) (Draft, error) {
	id, err := random(idBytes)
	if err != nil {
		return Draft{}, err
	}
	secret, err := random(secretBytes)
	if err != nil {
		return Draft{}, err
	}
	key := store.Key{
		ID: store.KeyID(id), Tenant: by.Tenant, Name: name, MAC: mac(a.peppers[0], secret),
		Scopes: slices.Clone(scopes), CreatedAt: time.Now().UTC(), EndsAt: ends,
	}
	return Draft{Text: Text(key.ID, secret), Key: key, by: by}, nil
}

// Replace makes a key with another's name and scopes that is valid until ends, and
// revokes that one, in one transaction: of several that replace one key, one does,
// and the others get ErrUnauthorized, as for a key that is not valid.
func (a *Access) Replace(ctx context.Context, by store.Actor, id store.KeyID, ends time.Time) (Draft, error) {
	old, err := a.keys.Key(ctx, id)
	var d Draft
	if err == nil {
		d, err = a.Draft(by, old.Name, old.Scopes, ends)
		d.Key.MadeBy = old.MadeBy
	}
	if err == nil {
		err = a.keys.ReplaceKey(ctx, by.Tenant, id, d.Insert, audit.By(by, audit.KeyRevoked, string(id)).Record)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = fmt.Errorf("%w: %w", ErrUnauthorized, err)
	}
	if err != nil {
		return Draft{}, fmt.Errorf("replace key %.64q: %w", id, err)
	}
	return d, nil
}

// Authenticate tells whose key a text is. A malformed, unknown, wrong,
// revoked or ended key is ErrUnauthorized; the secret is compared in constant time. A
// store's failure is the store's error.
func (a *Access) Authenticate(ctx context.Context, text string) (Principal, error) {
	id, secret, ok := Split(text)
	if !ok {
		return Principal{}, fmt.Errorf("read key: %w", ErrUnauthorized)
	}
	key, err := a.keys.Key(ctx, id)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return Principal{}, fmt.Errorf("look up key: %w", err)
	}
	// An unknown key has an empty MAC, which equals none.
	if !a.made(secret, key.MAC) || !key.Valid(time.Now()) {
		return Principal{}, fmt.Errorf("check key %s: %w", id, ErrUnauthorized)
	}
	return principal(key), nil
}

// Principal tells who a key speaks for without its secret, for tokens that
// were issued against it: a revoked, ended or unknown key is ErrUnauthorized.
func (a *Access) Principal(ctx context.Context, keyID store.KeyID) (Principal, error) {
	key, err := a.keys.Key(ctx, keyID)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return Principal{}, fmt.Errorf("look up key: %w", ErrUnauthorized)
	case err != nil:
		return Principal{}, fmt.Errorf("look up key: %w", err)
	case !key.Valid(time.Now()):
		return Principal{}, fmt.Errorf("check key %s: revoked or ended: %w", keyID, ErrUnauthorized)
	}
	return principal(key), nil
}

// errOver means that a key was revoked before.
var errOver = errors.New("access: revoked already")

// Revoke ends a key of the actor's tenant, those that it made, and those that these made:
// the next request with one, or with a token issued against it, is refused. Another
// tenant's key is store.ErrNotFound. A key that was revoked before is left with what it
// made, which may have been kept for a reason; and where the actor's key is among those
// that it made, nothing is revoked: ErrMaker.
func (a *Access) Revoke(ctx context.Context, by store.Actor, keyID store.KeyID) error {
	err := a.revoke(ctx, by, keyID, func(keys []store.Key) error {
		switch {
		case !keys[0].RevokedAt.IsZero():
			return errOver
		case slices.ContainsFunc(keys[1:], func(k store.Key) bool { return k.ID == by.Key }):
			return ErrMaker
		}
		return nil
	})
	if errors.Is(err, errOver) {
		return nil
	}
	return revokeError(by, keyID, err)
}

// RevokeWithMade is Revoke of a key, revoked before or not, with all that it made, also
// the actor's own.
func (a *Access) RevokeWithMade(ctx context.Context, by store.Actor, keyID store.KeyID) error {
	return revokeError(by, keyID, a.revoke(ctx, by, keyID, func([]store.Key) error { return nil }))
}

func (a *Access) revoke(ctx context.Context, by store.Actor, keyID store.KeyID, check func([]store.Key) error) error {
	return audit.Removing(audit.By(by, audit.KeyRevoked, string(keyID)), func(recorded ...func(store.Tx) error) error {
		return a.keys.RevokeWithMade(ctx, by.Tenant, keyID, check, func(tx store.Tx, id store.KeyID) error {
			if len(recorded) == 0 {
				return nil
			}
			return audit.By(by, audit.KeyRevoked, string(id)).Record(tx)
		})
	})
}

// RevokeAlone is Revoke of a key that leaves those that it made.
func (a *Access) RevokeAlone(ctx context.Context, by store.Actor, keyID store.KeyID) error {
	err := audit.Removing(audit.By(by, audit.KeyRevoked, string(keyID)), func(also ...func(store.Tx) error) error {
		return a.keys.RevokeKey(ctx, by.Tenant, keyID, also...)
	})
	return revokeError(by, keyID, err)
}

func revokeError(by store.Actor, keyID store.KeyID, err error) error {
	if err != nil {
		return fmt.Errorf("revoke key %.64q of tenant %.64q: %w", keyID, by.Tenant, err)
	}
	return nil
}

// List is the tenant's keys by id, revoked ones too. An unknown tenant is
// store.ErrNotFound.
func (a *Access) List(ctx context.Context, tenant store.TenantID) ([]store.Key, error) {
	if err := a.known(ctx, tenant); err != nil {
		return nil, err
	}
	keys, err := a.keys.Keys(ctx, tenant)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return keys, nil
}

func (a *Access) known(ctx context.Context, tenant store.TenantID) error {
	if _, err := a.tenants.Tenant(ctx, tenant); err != nil {
		return fmt.Errorf("find tenant %.64q: %w", tenant, err)
	}
	return nil
}

// CreateTenant adds a tenant of that id and name; store.ErrExists when the id
// is taken, and ErrName when it does not keep to store.NameRule.
func (a *Access) CreateTenant(ctx context.Context, id store.TenantID, name string) (store.Tenant, error) {
	if !store.ValidName(string(id)) {
		return store.Tenant{}, fmt.Errorf("make tenant %.64q: its id %s: %w", id, store.NameRule, ErrName)
	}
	if err := checkLabel(name); err != nil {
		return store.Tenant{}, err
	}
	t := store.Tenant{ID: id, Name: name, CreatedAt: time.Now().UTC()}
	if err := a.tenants.CreateTenant(ctx, t, ofTenant(id, audit.TenantCreated, "").Record); err != nil {
		return store.Tenant{}, fmt.Errorf("create tenant %q: %w", id, err)
	}
	return t, nil
}

// DeleteTenant removes a tenant with everything of it, also of what was done in it,
// but for that it was deleted. An unknown one is store.ErrNotFound.
func (a *Access) DeleteTenant(ctx context.Context, id store.TenantID) error {
	err := audit.Removing(ofTenant(id, audit.TenantDeleted, ""), func(also ...func(store.Tx) error) error {
		_, err := a.tenants.DeleteTenant(ctx, id, also...)
		return err
	})
	if err != nil {
		return fmt.Errorf("tenant %.64q: %w", id, err)
	}
	return nil
}

// ofTenant is a deed of the program's commands, which alone manage tenants and keys.
func ofTenant(id store.TenantID, verb audit.Verb, what string) audit.Deed {
	return audit.By(store.Actor{Tenant: id}, verb, what)
}

// maxLabel is the longest name for people to read, in bytes.
const maxLabel = 256

// checkLabel refuses a name that would not be one line of a list.
func checkLabel(name string) error {
	if len(name) > maxLabel || !utf8.ValidString(name) || strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return fmt.Errorf("check name %.64q: it must be at most %d bytes of printable UTF-8 in one line: %w", name, maxLabel, ErrName)
	}
	return nil
}

// made tells whether a MAC is of the secret, in a time that does not tell under
// which pepper.
func (a *Access) made(secret string, of []byte) bool {
	found := false
	for _, p := range a.peppers {
		found = hmac.Equal(mac(p, secret), of) || found
	}
	return found
}

func mac(pepper []byte, secret string) []byte {
	h := hmac.New(sha256.New, pepper)
	h.Write([]byte(secret))
	return h.Sum(nil)
}

func principal(k store.Key) Principal {
	return Principal{Tenant: k.Tenant, KeyID: k.ID, Scopes: k.Scopes}
}
