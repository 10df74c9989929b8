package kyc

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oneton/store"
)

// Kind is what a session is for.
type Kind string

// The kinds of a session.
const (
	Signup     Kind = "SIGNUP"
	Validation Kind = "VALIDATION"
)

// Kinds are all kinds.
func Kinds() []Kind { return []Kind{Signup, Validation} }

// Session is one that is open. Its token may be given to a client: it opens the
// session's own checks alone.
type Session struct {
	// ID is that of its attempt.
	ID     string
	Tenant store.TenantID
	// Key is the one that opened it; when that is revoked, the session ends.
	Key    store.KeyID
	Kind   Kind
	EndsAt time.Time
}

// macs are the keys under which tokens are kept, the one for new ones first.
type macs [][]byte

// of is the keyed hash of a token under each of the keys.
func (m macs) of(token string) []any {
	all := make([]any, len(m))
	for i, key := range m {
		h := hmac.New(sha256.New, key)
		h.Write([]byte(token))
		all[i] = hex.EncodeToString(h.Sum(nil))
	}
	return all
}

// OpenSession opens one with an attempt of its own, and returns its token, of 130
// random bits, which cannot be had again.
func (s *Service) OpenSession(ctx context.Context, by store.Actor, kind Kind) (token string, err error) {
	if !slices.Contains(Kinds(), kind) {
		return "", invalid("type", "must be SIGNUP or VALIDATION")
	}
	now := s.now()
	id := newID(now)
	token = rand.Text()
	err = s.db.Update(ctx, "open session", func(tx store.Tx) error {
		if _, err := tx.Exec(`INSERT INTO kyc_attempts (id, tenant, kind, status, face, person, metadata, created_at, updated_at)
			VALUES ($1, $2, $3, $4, '', '', '', $5, $5)`, id, by.Tenant, kind, Pending, now); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO kyc_sessions (mac, attempt, opener, ends_at) VALUES ($1, $2, $3, $4)`,
			s.macs.of(token)[0], id, by.Key, now.Add(s.cfg.Session)); err != nil {
			return err
		}
		return s.changed(tx, by, now, change{attempt: id, kind: kind, became: Pending})
	})
	return token, err
}

const sessionColumns = `SELECT a.id, a.tenant, s.opener, a.kind, s.ends_at FROM kyc_sessions s JOIN kyc_attempts a ON a.id = s.attempt `

func scanSession(row store.Row) (s Session, err error) {
	err = row.Scan(&s.ID, &s.Tenant, &s.Key, &s.Kind, &s.EndsAt)
	return s, err
}

// Session is the open one of a token, or ErrSession.
func (s *Service) Session(ctx context.Context, token string) (Session, error) {
	macs := s.macs.of(token)
	places := make([]string, len(macs))
	for i := range macs {
		places[i] = fmt.Sprintf("$%d", i+1)
	}
	open, err := store.One(ctx, s.db, "find session", scanSession, sessionColumns+`WHERE s.mac IN (`+strings.Join(places, ", ")+`)`, macs...)
	if errors.Is(err, store.ErrNotFound) || err == nil && !s.now().Before(open.EndsAt) {
		return Session{}, ErrSession
	}
	if err != nil {
		return Session{}, err
	}
	key, err := s.rooms.Keys.Key(ctx, open.Key)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Valid(s.now()) {
		return Session{}, ErrSession
	}
	return open, err
}

// CloseSession ends a session for good, and gives its attempt the status SUCCESS,
// FAILED or REVIEW. Of several who do it at once, one does; for the others it is
// ErrSession.
func (s *Service) CloseSession(ctx context.Context, by store.Actor, open Session, status Status) (attempt string, err error) {
	if !slices.Contains(Closings(), status) {
		return "", invalid("status", "must be SUCCESS, FAILED or REVIEW")
	}
	now := s.now()
	err = s.db.Update(ctx, "close session", func(tx store.Tx) error {
		n, err := tx.Exec(`DELETE FROM kyc_sessions WHERE attempt = $1 AND ends_at > $2`, open.ID, now)
		if err == nil && n == 0 {
			err = ErrSession
		}
		if err != nil {
			return err
		}
		return s.move(tx, by, now, change{attempt: open.ID, was: Pending, became: status})
	})
	return open.ID, err
}

// held is ErrSession when the session is not open any more; else none closes it
// before the transaction ends.
func held(tx store.Tx, open Session, now time.Time) error {
	n, err := tx.Exec(`UPDATE kyc_sessions SET ends_at = ends_at WHERE attempt = $1 AND ends_at > $2`, open.ID, now)
	if err == nil && n == 0 {
		err = ErrSession
	}
	return err
}

// Uses is how often an endpoint may be used in a session, and how often it may be yet.
type Uses struct{ Limit, Left int }

// Uses tells it, and takes none.
func (s *Service) Uses(ctx context.Context, open Session, e Endpoint) (Uses, error) {
	used, err := store.One(ctx, s.db, "count uses", scanCount, `SELECT used FROM kyc_uses WHERE attempt = $1 AND endpoint = $2`, open.ID, e)
	if errors.Is(err, store.ErrNotFound) {
		err = nil
	}
	return s.uses(used), err
}

func (s *Service) uses(used int64) Uses {
	return Uses{Limit: s.cfg.Uses, Left: max(0, s.cfg.Uses-int(used))}
}

// use takes one, or is ErrUses.
func (s *Service) use(tx store.Tx, open Session, e Endpoint) (Uses, error) {
	n, err := tx.Exec(`INSERT INTO kyc_uses (attempt, endpoint, used) VALUES ($1, $2, 1)
		ON CONFLICT (attempt, endpoint) DO UPDATE SET used = kyc_uses.used + 1 WHERE kyc_uses.used < $3`, open.ID, e, s.cfg.Uses)
	if err == nil && n == 0 {
		err = ErrUses
	}
	if err != nil {
		return s.uses(int64(s.cfg.Uses)), err
	}
	used, err := store.OneOf(tx, scanCount, `SELECT used FROM kyc_uses WHERE attempt = $1 AND endpoint = $2`, open.ID, e)
	return s.uses(used), err
}

func scanCount(row store.Row) (n int64, err error) {
	err = row.Scan(&n)
	return n, err
}
