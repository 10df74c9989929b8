package facesession

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"oneton/identify"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
)

// New opens a session. What is nil is as the client's policy says.
type New struct {
	// Photo is whom the person is to match.
	Photo             []byte
	MaxAttempts       *int
	MinimumMatchLevel *int
	ReturnIncomplete  *bool
	OneToN            *OneToN
	Liveness          *bool
	// Nonce is the client's, up to MaxNonce characters, once only; the page may bring it
	// instead. Empty is none.
	Nonce string
}

const (
	// MaxPhoto is the largest photo, in bytes.
	MaxPhoto = 5 << 20
	// MaxNonce is the longest nonce, in characters.
	MaxNonce = 64
)

// phase is how far a session is.
type phase string

// The phases of a session.
const (
	// waiting is before an attempt.
	waiting phase = "waiting"
	// told is while a step has been told and its frames are waited for.
	told phase = "told"
	// checking is while a step's frames are checked.
	checking phase = "checking"
	// ended is after the last attempt, successful or not.
	ended phase = "ended"
)

// session is one that is open, as of a moment.
type session struct {
	hash      string
	tenant    store.TenantID
	client    store.KeyID
	terms     Policy
	endsAt    time.Time
	tab       string
	nonce     []byte
	phase     phase
	attempt   int
	plan      []StepKind
	step      int
	token     string
	toldAt    time.Time
	stepEnds  time.Time
	claimedAt time.Time
	code      Code
	result    []byte
	// id is what the caller showed, and now the database's time of the look.
	id  string
	now time.Time
}

// actor is for whom the service works in a session.
func (s session) actor() store.Actor { return store.Actor{Tenant: s.tenant, Key: s.client} }

// working lets what is done for the session take its tenant's turns.
func (s session) working(ctx context.Context) context.Context {
	return pool.WithTenant(ctx, string(s.tenant))
}

// opened is the tab's own, else ErrElsewhere.
func (s session) opened(binding string) error {
	if !same(s.tab, binding) {
		return ErrElsewhere
	}
	return nil
}

// lost tells whether the step's check has been waited for long enough.
func (s session) lost(cfg Config) bool { return !s.now.Before(s.claimedAt.Add(cfg.CheckTime)) }

const sessionColumns = `SELECT hash, tenant, client, terms, ends_at, tab, nonce, phase, attempt, plan, step, token, told_at, step_ends, claimed_at, code, result
	FROM face_sessions WHERE hash = $1 AND ends_at > $2`

func scanSession(row store.Row) (s session, err error) {
	var terms, plan string
	if err := row.Scan(&s.hash, &s.tenant, &s.client, &terms, &s.endsAt, &s.tab, &s.nonce, &s.phase, &s.attempt, &plan,
		&s.step, &s.token, &s.toldAt, &s.stepEnds, &s.claimedAt, &s.code, &s.result); err != nil {
		return s, err
	}
	if json.Unmarshal([]byte(terms), &s.terms) != nil || json.Unmarshal([]byte(plan), &s.plan) != nil {
		return s, fmt.Errorf("%w: face session", store.ErrDamaged)
	}
	return s, nil
}

// read is the open session of an id, or ErrGone.
func read(r store.Reader, id string) (session, error) {
	now, err := r.Now()
	if err != nil {
		return session{}, err
	}
	s, err := store.OneOf(r, scanSession, sessionColumns, hashOf(id), now)
	if errors.Is(err, store.ErrNotFound) {
		err = ErrGone
	}
	s.id, s.now = id, now
	return s, err
}

// hold is read, and nobody else changes the session before the transaction ends.
func hold(tx store.Tx, id string) (session, error) {
	now, err := tx.Now()
	if err != nil {
		return session{}, err
	}
	n, err := tx.Exec(`UPDATE face_sessions SET phase = phase WHERE hash = $1 AND ends_at > $2`, hashOf(id), now)
	if err == nil && n == 0 {
		err = ErrGone
	}
	if err != nil {
		return session{}, err
	}
	return read(tx, id)
}

// keep writes what can change of a session.
func (s session) keep(tx store.Tx) error {
	plan, err := json.Marshal(s.plan)
	if err != nil {
		return fmt.Errorf("keep plan: %w", err)
	}
	_, err = tx.Exec(`UPDATE face_sessions SET tab = $2, nonce = $3, phase = $4, attempt = $5, plan = $6, step = $7, token = $8, told_at = $9,
		step_ends = $10, claimed_at = $11, code = $12, result = $13 WHERE hash = $1`,
		s.hash, s.tab, s.nonce, s.phase, s.attempt, string(plan), s.step, s.token, s.toldAt, s.stepEnds, s.claimedAt, s.code, s.result)
	return err
}

// find is the open session of an id whose client may call; ErrGone or ErrUnauthorized.
func (s *Service) find(ctx context.Context, id string) (open session, err error) {
	if !validID(id) {
		return session{}, ErrGone
	}
	err = s.db.Read(ctx, "find face session", func(r store.Reader) (err error) {
		open, err = read(r, id)
		return err
	})
	if err != nil {
		return session{}, err
	}
	key, err := s.rooms.Clients.Key(ctx, open.client)
	if errors.Is(err, store.ErrNotFound) || err == nil && !key.Valid(open.now) {
		err = ErrUnauthorized
	}
	return open, err
}

// validID tells whether a text is an id as Open makes them.
func validID(id string) bool {
	parsed, err := uuid.Parse(id)
	return err == nil && parsed.String() == id
}

// Open opens a session of the actor's key, and returns its id, a UUID of 122 random
// bits: who has it can show their face in it, and nobody else can read anything of it.
// The photo, which is cleared, must show one person well enough to be compared; of one
// that does not, the error is identify's about idPhoto, and nothing is kept. ErrOff
// where no step can be checked, and ErrCrowded where too many are under way.
func (s *Service) Open(ctx context.Context, by store.Actor, n New) (id string, err error) {
	defer clear(n.Photo)
	if err := s.Ready(); err != nil {
		return "", err
	}
	terms, err := Policies{s.db}.Policy(ctx, by.Tenant, by.Key)
	if err != nil {
		return "", err
	}
	terms = n.over(terms)
	if err := terms.check(len(s.cfg.Levels)); err != nil {
		return "", err
	}
	if err := checkNonce(n.Nonce); err != nil {
		return "", err
	}
	if err := s.db.Read(ctx, "count face sessions", func(r store.Reader) error { return s.room(r, by.Tenant) }); err != nil {
		return "", err // before the photo costs anything
	}
	if err := s.suits(ctx, by, n.Photo); err != nil {
		return "", err
	}
	random, err := uuid.NewRandom()
	if err != nil {
		return "", fmt.Errorf("name face session: %w", err)
	}
	id = random.String()
	sealed, err := s.seals.seal(id, sealedPicture, reference, n.Photo)
	if err != nil {
		return "", err
	}
	text, err := json.Marshal(terms)
	if err != nil {
		return "", fmt.Errorf("open face session: %w", err)
	}
	err = s.db.Update(ctx, "open face session", func(tx store.Tx) error {
		if err := s.room(tx, by.Tenant); err != nil {
			return err
		}
		now, err := tx.Now()
		if err != nil {
			return err
		}
		ends := now.Add(s.cfg.Life)
		if _, err := tx.Exec(`INSERT INTO face_sessions (hash, tenant, client, terms, ends_at, tab, phase, attempt, plan, step, token, code)
			VALUES ($1, $2, $3, $4, $5, '', $6, 0, '[]', 0, '', '')`, hashOf(id), by.Tenant, by.Key, string(text), ends, waiting); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO face_session_pictures (session, place, score, content) VALUES ($1, $2, 0, $3)`, hashOf(id), reference, sealed); err != nil {
			return err
		}
		if n.Nonce == "" {
			return nil
		}
		open, err := read(tx, id)
		if err != nil {
			return err
		}
		if err := s.take(tx, &open, n.Nonce); err != nil {
			return err
		}
		return open.keep(tx)
	})
	return id, err
}

// over is the policy with what the session is to have otherwise.
func (n New) over(p Policy) Policy {
	set(&p.MaxAttempts, n.MaxAttempts)
	set(&p.MinimumMatchLevel, n.MinimumMatchLevel)
	set(&p.ReturnIncomplete, n.ReturnIncomplete)
	set(&p.OneToN, n.OneToN)
	set(&p.Liveness, n.Liveness)
	return p
}

func set[T any](at *T, value *T) {
	if value != nil {
		*at = *value
	}
}

// suits refuses a photo with which no face could be compared.
func (s *Service) suits(ctx context.Context, by store.Actor, content []byte) error {
	const argument = "idPhoto"
	if len(content) > MaxPhoto {
		return &identify.ArgumentError{Argument: argument, Err: fmt.Errorf("%w: %d bytes, the limit is %d", photo.ErrTooLarge, len(content), MaxPhoto)}
	}
	f, err := s.rooms.Faces.Portrait(pool.WithTenant(ctx, string(by.Tenant)), "", argument, content)
	if err == nil && !f.Comparable() {
		err = &identify.ArgumentError{Argument: argument, Err: &identify.QualityError{Reasons: f.Quality.Reasons}}
	}
	return err
}

func checkNonce(nonce string) error {
	if !store.ValidText(nonce) || utf8.RuneCountInString(nonce) > MaxNonce {
		return invalid("nonce", "must be at most %d characters of UTF-8", MaxNonce)
	}
	return nil
}

// take makes a nonce the session's, or is ErrNonceUsed.
func (s *Service) take(tx store.Tx, open *session, nonce string) error {
	first, err := comes(tx, s.once.macs([]byte("nonce"), []byte(open.tenant), []byte(open.client), []byte(nonce)), open.endsAt.Add(s.cfg.ResultLife))
	if err == nil && !first {
		err = ErrNonceUsed
	}
	if err != nil {
		return err
	}
	open.nonce, err = s.seals.seal(open.id, sealedNonce, 0, []byte(nonce))
	return err
}
