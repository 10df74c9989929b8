package access

import (
	"context"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"oneton/audit"
	"oneton/store"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Migrate makes the tables of sessions in the database, which must be done before
// they are used.
func Migrate(ctx context.Context, db store.DB) error {
	return store.Migrate(ctx, db, "access", migrations)
}

// SessionConfig says how long browsers stay signed in.
type SessionConfig struct {
	// Idle is for how long nobody may be at a session, and Most how long one lasts.
	Idle, Most time.Duration
}

// mostSessions is how many sessions a key has at once; a further one ends the oldest.
const mostSessions = 50

// linkLife is how long a link signs in.
const linkLife = 15 * time.Minute

// Sessions are browsers that signed in with a key. All processes that share the
// database know them, and they outlive a restart. It is safe for concurrent use.
type Sessions struct {
	cfg    SessionConfig
	access *Access
	db     store.DB
}

// NewSessions are of the keys of the access, in its database, whose tables Migrate
// has made.
func NewSessions(cfg SessionConfig, a *Access) *Sessions {
	return &Sessions{cfg: cfg, access: a, db: a.tenants}
}

// Session is one browser's.
type Session struct {
	Principal

	// KeyName is what the key is called.
	KeyName string
	// IdleEnds is when the session ends unless somebody is at it before, and Ends
	// when it does in any case.
	IdleEnds, Ends time.Time
}

// Open signs in with a key. The token, which cannot be had again, is what the browser
// shows then. A key that is not valid is ErrUnauthorized.
func (s *Sessions) Open(ctx context.Context, key string) (token string, opened Session, err error) {
	p, err := s.access.Authenticate(ctx, key)
	if err != nil {
		return "", Session{}, err
	}
	return s.open(ctx, func(store.Tx) (store.KeyID, error) { return p.KeyID, nil })
}

// Link is a text that signs a browser in with the key, once and soon.
func (s *Sessions) Link(ctx context.Context, key store.KeyID) (string, error) {
	text, err := random(secretBytes)
	if err != nil {
		return "", err
	}
	err = s.db.Update(ctx, "make link", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`DELETE FROM access_links WHERE ends <= $1`, now); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO access_links (mac, key_id, ends) VALUES ($1, $2, $3)`, s.macs(text)[0], key, now.Add(linkLife))
		return err
	})
	return text, err
}

// Follow signs in by a link. One that was followed, that has ended, or that there
// never was, is ErrUnauthorized.
func (s *Sessions) Follow(ctx context.Context, link string) (token string, opened Session, err error) {
	// Who guesses has nothing written.
	known := false
	for _, mac := range s.macs(link) {
		n, err := store.One(ctx, s.db, "look for link", func(row store.Row) (n int, err error) {
			err = row.Scan(&n)
			return n, err
		}, `SELECT count(*) FROM access_links WHERE mac = $1`, mac)
		if err != nil {
			return "", Session{}, err
		}
		known = known || n > 0
	}
	if !known {
		return "", Session{}, fmt.Errorf("follow link: %w", ErrUnauthorized)
	}
	return s.open(ctx, func(tx store.Tx) (store.KeyID, error) {
		now, err := tx.Now()
		if err != nil {
			return "", err
		}
		for _, mac := range s.macs(link) {
			key, err := store.OneOf(tx, func(row store.Row) (id store.KeyID, err error) {
				err = row.Scan(&id)
				return id, err
			}, `DELETE FROM access_links WHERE mac = $1 AND ends > $2 RETURNING key_id`, mac, now)
			if !errors.Is(err, store.ErrNotFound) {
				return key, err
			}
		}
		return "", fmt.Errorf("follow link: %w", ErrUnauthorized)
	})
}

// open makes a session of the key that is told in its transaction.
func (s *Sessions) open(ctx context.Context, of func(store.Tx) (store.KeyID, error)) (string, Session, error) {
	token, err := random(secretBytes)
	if err != nil {
		return "", Session{}, err
	}
	var opened Session
	err = s.db.Remove(ctx, "open session", func(tx store.Tx) error { // on a full disk, too: deletions need it
		id, err := of(tx)
		if err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		key, err := s.key(tx, id, now)
		if err != nil {
			return err
		}
		r := row{key: id, seen: now, ends: now.Add(s.cfg.Most)}
		opened = s.session(r, key)
		if err := s.sweep(tx, id, now); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO access_sessions (mac, key_id, opened, seen, ends) VALUES ($1, $2, $3, $3, $4)`,
			s.macs(token)[0], id, now, r.ends); err != nil {
			return err
		}
		return audit.By(store.Actor{Tenant: key.Tenant, Key: id}, audit.SessionOpened, string(id)).Record(tx)
	})
	if err != nil {
		return "", Session{}, err
	}
	return token, opened, nil
}

// sweep removes what has ended, and of the key's sessions those that leave no room for
// another.
func (s *Sessions) sweep(tx store.Tx, id store.KeyID, now time.Time) error {
	if _, err := tx.Exec(`DELETE FROM access_sessions WHERE ends <= $1 OR seen <= $2`, now, now.Add(-s.cfg.Idle)); err != nil {
		return err
	}
	_, err := tx.Exec(`DELETE FROM access_sessions WHERE key_id = $1 AND mac NOT IN
		(SELECT mac FROM access_sessions WHERE key_id = $1 ORDER BY opened DESC, mac LIMIT $2)`, id, mostSessions-1)
	return err
}

// Session tells whose a token is, and until when. Present says that somebody is at the
// browser, so that the session is not idle; without it the time runs on. A token of no
// session, or of one that has ended, or whose key is not valid any more, is
// ErrUnauthorized.
func (s *Sessions) Session(ctx context.Context, token string, present bool) (Session, error) {
	var (
		r   row
		key store.Key
		now time.Time
	)
	err := s.db.Read(ctx, "read session", func(reader store.Reader) (err error) {
		if now, err = reader.Now(); err != nil {
			return err
		}
		if r, err = s.find(reader, token); err != nil {
			return err
		}
		if end := r.idleEnds(s.cfg); !now.Before(end) {
			return store.ErrNotFound
		}
		key, err = s.key(reader, r.key, now)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return Session{}, fmt.Errorf("find session: %w", ErrUnauthorized)
	}
	if err != nil {
		return Session{}, err
	}
	if present && now.Sub(r.seen) > s.cfg.Idle/touches {
		r.seen = now
		if err := s.db.Update(ctx, "keep session", func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE access_sessions SET seen = $1 WHERE mac = $2 AND seen < $1`, now, r.mac)
			return err
		}); err != nil && !errors.Is(err, store.ErrFull) {
			return Session{}, err
		}
	}
	return s.session(r, key), nil
}

// touches is how often at most it is noted, in an idle session's time, that somebody
// is at it.
const touches = 15

// Close ends a session; one that has ended stays so.
func (s *Sessions) Close(ctx context.Context, token string) error {
	return s.db.Remove(ctx, "close session", func(tx store.Tx) error {
		for _, mac := range s.macs(token) {
			if _, err := tx.Exec(`DELETE FROM access_sessions WHERE mac = $1`, mac); err != nil {
				return err
			}
		}
		return nil
	})
}

// CloseAll ends all sessions of a key, and its links.
func (s *Sessions) CloseAll(ctx context.Context, key store.KeyID) error {
	return s.db.Remove(ctx, "close sessions", func(tx store.Tx) error {
		if _, err := tx.Exec(`DELETE FROM access_sessions WHERE key_id = $1`, key); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM access_links WHERE key_id = $1`, key)
		return err
	})
}

// row is a session as it is kept.
type row struct {
	mac        string
	key        store.KeyID
	seen, ends time.Time
}

// idleEnds is when it ends if nobody comes.
func (r row) idleEnds(cfg SessionConfig) time.Time {
	if idle := r.seen.Add(cfg.Idle); idle.Before(r.ends) {
		return idle
	}
	return r.ends
}

func (s *Sessions) session(r row, key store.Key) Session {
	ends := r.ends
	if !key.EndsAt.IsZero() && key.EndsAt.Before(ends) {
		ends = key.EndsAt
	}
	r.ends = ends
	return Session{Principal: principal(key), KeyName: key.Name, IdleEnds: r.idleEnds(s.cfg), Ends: ends}
}

// find is the session of a token, whatever the secret's version that it was made under.
func (s *Sessions) find(r store.Reader, token string) (row, error) {
	for _, mac := range s.macs(token) {
		found, err := store.OneOf(r, func(of store.Row) (row, error) {
			r := row{mac: mac}
			err := of.Scan(&r.key, &r.seen, &r.ends)
			return r, err
		}, `SELECT key_id, seen, ends FROM access_sessions WHERE mac = $1`, mac)
		if !errors.Is(err, store.ErrNotFound) {
			return found, err
		}
	}
	return row{}, store.ErrNotFound
}

// key is one that is valid, or ErrUnauthorized.
func (s *Sessions) key(r store.Reader, id store.KeyID, now time.Time) (store.Key, error) {
	key, err := store.OneOf(r, scanKey, keyColumns+`WHERE id = $1`, id)
	if err == nil && !key.Valid(now) || errors.Is(err, store.ErrNotFound) {
		return store.Key{}, fmt.Errorf("check key %.64q: %w", id, ErrUnauthorized)
	}
	return key, err
}

// macs are those of a text under each version of the secret, the newest first.
func (s *Sessions) macs(text string) []string {
	macs := make([]string, len(s.access.peppers))
	for i, pepper := range s.access.peppers {
		macs[i] = hex.EncodeToString(mac(pepper, "session "+text))
	}
	return macs
}
