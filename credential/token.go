package credential

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"oneton/access"
	"oneton/audit"
	"oneton/store"
)

// Token is a client token.
type Token struct {
	// Text is the token itself, which cannot be had again; empty where it is told of.
	Text   string
	ID     store.KeyID
	Tenant store.TenantID
	// Ends is zero for a key without an end, which an operator made.
	Ends time.Time
}

func issued(d access.Draft) Token {
	return Token{Text: d.Text, ID: d.Key.ID, Tenant: d.Key.Tenant, Ends: d.Key.EndsAt}
}

// Claim gives a token of the account of a pair that was verified within the last
// ten minutes, once for each verification: to whoever has its ticket or, without
// one, to the source that verified it, where that is certain; a source may try so in
// vain but so often. The account's tenant is made with the first token. Whether there
// is an account is not told: errors are ErrAddress, ErrUnverified and ErrLimited.
func (s *Service) Claim(ctx context.Context, from Caller, email, phone, ticket string) (Token, error) {
	p, err := parsePair(email, phone, s.cfg.Region)
	if err != nil {
		return Token{}, fmt.Errorf("give token: %w", err)
	}
	names := s.hash.each("pair", p.text())
	// A race with another first claim of the pair, or with the removal of its tenant,
	// is decided at the second look.
	const looks = 2
	for range looks {
		var t Token
		t, err = s.claim(ctx, from, names, ticket)
		if !errors.Is(err, store.ErrExists) && !errors.Is(err, store.ErrNotFound) {
			return t, err
		}
	}
	return Token{}, fmt.Errorf("give token: %w", err)
}

func (s *Service) claim(ctx context.Context, from Caller, names []string, ticket string) (Token, error) {
	now := s.now()
	spend := func(tx store.Tx) error { return s.spend(tx, now, from, names, ticket) }
	// Without a ticket, whoever is in the same network might wait for the moment after
	// another's verification.
	var uses []use
	if ticket == "" {
		uses = []use{s.use("claims", from.Source, s.cfg.Limits.Guesses)}
	}
	// Who has no right to it learns so before a tenant is made.
	err := s.db.Read(ctx, "give token", func(r store.Reader) error {
		if _, err := room(r, now, uses); err != nil {
			return err
		}
		_, err := s.claimed(r, now, from, names, ticket)
		return err
	})
	if errors.Is(err, ErrUnverified) && len(uses) > 0 {
		if limited := s.db.Update(ctx, "give token", func(tx store.Tx) error { return take(tx, now, uses) }); limited != nil {
			err = limited
		}
	}
	if err != nil {
		return Token{}, err
	}
	tenant, err := s.account(ctx, names)
	fresh := errors.Is(err, store.ErrNotFound)
	if fresh {
		tenant, err = tenantID("account"), nil
	}
	if err != nil {
		return Token{}, err
	}
	d, err := s.access.Draft(store.Actor{Tenant: tenant, Request: from.Request}, clientToken, s.cfg.Scopes, now.Add(s.cfg.Life))
	if err != nil {
		return Token{}, err
	}
	if !fresh {
		// Whoever verifies goes over to the newest key.
		known := func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE credential_accounts SET pair = $1 WHERE tenant = $2`, names[0], tenant)
			return err
		}
		err = s.db.Update(ctx, "give token", func(tx store.Tx) error { return store.Run(tx, []func(store.Tx) error{spend, known, d.Insert}) })
		return issued(d), err
	}
	return issued(d), s.newTenant(ctx, now, from, d, spend, func(tx store.Tx) error {
		_, err := tx.Exec(`INSERT INTO credential_accounts (pair, tenant, made_at) VALUES ($1, $2, $3)`, names[0], tenant, now)
		return err
	})
}

// claimed is the pair's row if it allows a token to be claimed, or ErrUnverified.
func (s *Service) claimed(r store.Reader, now time.Time, from Caller, names []string, ticket string) (challenge, error) {
	c, err := readChallenge(r, names)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return challenge{}, err
	}
	allowed := s.hash.made(c.claim, "ticket", ticket)
	if ticket == "" {
		allowed = from.Certain && s.hash.made(c.claimFrom, "source", from.Source)
	}
	if !allowed || c.claim == "" || !now.Before(c.claimUntil) {
		return challenge{}, ErrUnverified
	}
	return c, nil
}

// spend takes the claim away in the transaction that gives the token.
func (s *Service) spend(tx store.Tx, now time.Time, from Caller, names []string, ticket string) error {
	c, err := s.claimed(tx, now, from, names, ticket)
	if err != nil {
		return err
	}
	c.claim, c.claimFrom, c.claimUntil = "", "", time.Time{}
	return c.write(tx)
}

// Account is the tenant of a verified pair, or store.ErrNotFound.
func (s *Service) Account(ctx context.Context, email, phone string) (store.TenantID, error) {
	p, err := parsePair(email, phone, s.cfg.Region)
	if err != nil {
		return "", fmt.Errorf("find account: %w", err)
	}
	return s.account(ctx, s.hash.each("pair", p.text()))
}

func (s *Service) account(ctx context.Context, names []string) (tenant store.TenantID, err error) {
	for _, name := range names {
		tenant, err = store.One(ctx, s.db, "find account", func(row store.Row) (t store.TenantID, err error) {
			err = row.Scan(&t)
			return t, err
		}, `SELECT tenant FROM credential_accounts WHERE pair = $1`, name)
		if !errors.Is(err, store.ErrNotFound) {
			break
		}
	}
	return tenant, err
}

// Open gives a token at once, of a fresh tenant that ends with it: it never opens
// what is another's. The pair is looked at and not kept. Errors are ErrAddress,
// ErrOff and ErrLimited.
func (s *Service) Open(ctx context.Context, from Caller, email, phone string) (Token, error) {
	if s.cfg.Unverified == 0 {
		return Token{}, fmt.Errorf("give token: %w", ErrOff)
	}
	if _, err := parsePair(email, phone, s.cfg.Region); err != nil {
		return Token{}, fmt.Errorf("give token: %w", err)
	}
	now := s.now()
	uses := []use{s.use("opens", from.Source, s.cfg.Limits.Opens)}
	if err := s.db.Read(ctx, "give token", func(r store.Reader) error {
		_, err := room(r, now, uses)
		return err
	}); err != nil {
		return Token{}, err
	}
	tenant, ends := tenantID("unverified"), now.Add(s.cfg.UnverifiedLife)
	d, err := s.access.Draft(store.Actor{Tenant: tenant, Request: from.Request}, clientToken, s.cfg.Scopes, ends)
	if err != nil {
		return Token{}, err
	}
	return issued(d), s.newTenant(ctx, now, from, d, func(tx store.Tx) error {
		if err := take(tx, now, uses); err != nil {
			return err
		}
		if err := s.roomForTenant(tx, now); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO credential_unverified (tenant, ends_at) VALUES ($1, $2)`, tenant, ends)
		return err
	})
}

// roomForTenant is a *LimitError while there are as many unverified tenants as may
// be, but for those that have ended and wait to be removed.
func (s *Service) roomForTenant(r store.Reader, now time.Time) error {
	ends, err := store.OneOf(r, scanTime, `SELECT ends_at FROM credential_unverified WHERE ends_at > $1
		ORDER BY ends_at DESC LIMIT 1 OFFSET $2`, now, s.cfg.Unverified-1)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	return &LimitError{ends.Sub(now)}
}

func scanTime(row store.Row) (at time.Time, err error) {
	err = row.Scan(&at)
	return at, err
}

// Token tells of a key that is valid, or access.ErrUnauthorized.
func (s *Service) Token(ctx context.Context, text string) (Token, error) {
	p, err := s.access.Authenticate(ctx, text)
	if err != nil {
		return Token{}, err
	}
	key, err := access.NewKeyTable(s.db).Key(ctx, p.KeyID)
	return Token{ID: key.ID, Tenant: key.Tenant, Ends: key.EndsAt}, err
}

// Rotate gives a token in the place of one that is valid, which is revoked with it:
// of several that do it at once, one gets a token. One of an unverified pair ends
// when the one before would have. Errors are access.ErrUnauthorized, ErrNotIssued
// and ErrLimited.
func (s *Service) Rotate(ctx context.Context, from Caller, text string) (Token, error) {
	t, ends, err := s.own(ctx, text)
	if err != nil {
		return Token{}, fmt.Errorf("rotate token: %w", err)
	}
	now := s.now()
	if ends.IsZero() {
		ends = now.Add(s.cfg.Life)
	}
	uses := []use{s.use("rotations", string(t.Tenant), s.cfg.Limits.Rotations)}
	if err := s.limited(ctx, "rotate token", now, uses, nil, func(store.Tx) error { return nil }); err != nil {
		return Token{}, err
	}
	d, err := s.access.Replace(ctx, store.Actor{Tenant: t.Tenant, Key: t.ID, Request: from.Request}, t.ID, ends)
	return issued(d), err
}

// Revoke ends a token for good. Errors are access.ErrUnauthorized and ErrNotIssued.
func (s *Service) Revoke(ctx context.Context, from Caller, text string) error {
	t, _, err := s.own(ctx, text)
	if err != nil {
		return fmt.Errorf("revoke token: %w", err)
	}
	return s.access.Revoke(ctx, store.Actor{Tenant: t.Tenant, Key: t.ID, Request: from.Request}, t.ID)
}

// own is a valid token that this package gave, and when its tenant ends, zero for
// an account's.
func (s *Service) own(ctx context.Context, text string) (t Token, ends time.Time, err error) {
	if t, err = s.Token(ctx, text); err != nil {
		return Token{}, time.Time{}, err
	}
	ends, err = store.One(ctx, s.db, "find token", scanTime, `SELECT ends_at FROM credential_unverified WHERE tenant = $1
		UNION ALL SELECT NULL FROM credential_accounts WHERE tenant = $1`, t.Tenant)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrNotIssued
	}
	return t, ends, err
}

// clientToken is the name that lists of keys show.
const clientToken = "client token"

// tenantID is an id that nobody has.
func tenantID(kind string) store.TenantID {
	return store.TenantID(kind + "-" + strings.ToLower(rand.Text()))
}

// newTenant makes the tenant of a key with the key and what else belongs to it.
func (s *Service) newTenant(ctx context.Context, now time.Time, from Caller, d access.Draft, also ...func(store.Tx) error) error {
	t := store.Tenant{ID: d.Key.Tenant, CreatedAt: now}
	also = append(also, audit.By(store.Actor{Tenant: t.ID, Request: from.Request}, audit.TenantCreated, "").Record, d.Insert)
	if err := s.db.CreateTenant(ctx, t, also...); err != nil {
		return fmt.Errorf("make tenant: %w", err)
	}
	return nil
}
