// Package signature signs what clients are handed and others must be able to check:
// access tokens, and results. It keeps RSA keys in the database, which all processes
// on it share, and replaces them in good time.
//
// A key is published first, signs then, and stays published until all that it signed
// has expired. Nothing of it is remembered between two requests: a key that was made,
// replaced or revoked is so for every process at once.
package signature

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"oneton/store"
)

const (
	// Longest is how long anything that is signed may live.
	Longest = time.Hour
	// MaxAge is how long clients may keep the key set.
	MaxAge = 5 * time.Minute
	// kept is how long a key verifies after another signs: the longest life, and what
	// processes' clocks and the time between reading a key and signing may add.
	kept = Longest + 5*time.Minute
)

// Keys are an installation's, each of the versions for a purpose, the one to make
// new things with first; secret.Ring has them.
type Keys interface {
	Keys(purpose string) ([][]byte, error)
}

// Service signs and verifies.
type Service struct {
	cfg   Config
	table table
	seals seals

	// making lets one key at a time be made.
	making sync.Mutex
	// known are keys by their sealed texts, which are slow to open.
	mu    sync.Mutex
	known map[string]opened
}

// New returns the service of the database, under the installation's secret.
func New(cfg Config, keys Keys, db store.DB) (*Service, error) {
	seals, err := newSeals(keys)
	if err != nil {
		return nil, err
	}
	return &Service{cfg: cfg, table: table{db, cfg.Now}, seals: seals}, nil
}

// Issuer is who signs: what claims name as iss.
func (s *Service) Issuer() string { return s.cfg.Issuer }

// Sign returns a compact JWS of the claims, as encoding/json writes them. They need
// an exp that is within Longest from now, else ErrLife. It reads the database, and is
// not for within a transaction.
func (s *Service) Sign(ctx context.Context, claims any) (string, error) {
	return s.SignAt(ctx, func(time.Time) any { return claims })
}

// SignAt is Sign of claims that are made for now, by the clock that Verify goes by: all
// processes have the same.
func (s *Service) SignAt(ctx context.Context, claims func(now time.Time) any) (string, error) {
	r, err := s.ready(ctx)
	if err != nil {
		return "", err
	}
	payload, err := json.Marshal(claims(r.now))
	if err != nil {
		return "", fmt.Errorf("write claims: %w", err)
	}
	ends, err := expiry(payload)
	if err != nil || ends > float64(r.now.Add(Longest).Unix()) {
		return "", errors.Join(fmt.Errorf("sign: %w", ErrLife), err)
	}
	k, _ := r.signing()
	return compact(k.ID, k.private, payload)
}

// expiry is the exp of claims, in seconds (RFC 7519, section 2).
func expiry(claims []byte) (float64, error) {
	var c struct {
		Exp *float64 `json:"exp"`
	}
	if err := json.Unmarshal(claims, &c); err != nil {
		return 0, fmt.Errorf("read exp: %w", err)
	}
	if c.Exp == nil {
		return 0, errors.New("read exp: there is none")
	}
	return *c.Exp, nil
}

// Verify returns the claims of a compact JWS that one of the keys signed and that has
// not expired, or ErrInvalid. Whose they are is left to the caller.
func (s *Service) Verify(ctx context.Context, compact string) (claims []byte, err error) {
	j, err := parse(compact)
	if err != nil {
		return nil, err
	}
	r, err := s.ring(ctx)
	if err != nil {
		return nil, err
	}
	keys := r.published()
	i := slices.IndexFunc(keys, func(k Key) bool { return k.ID == j.kid })
	if i < 0 {
		return nil, fmt.Errorf("find signing key %s: %w", j.kid, ErrInvalid)
	}
	if err := j.by(&keys[i].private.PublicKey); err != nil {
		return nil, err
	}
	if ends, err := expiry(j.payload); err != nil || float64(r.now.UnixMicro()) >= 1e6*ends {
		return nil, fmt.Errorf("check exp: %w", ErrInvalid)
	}
	return j.payload, nil
}

// JWKS is the set of the keys that verify, the newest first.
func (s *Service) JWKS(ctx context.Context) (JWKS, error) {
	r, err := s.ready(ctx)
	if err != nil {
		return JWKS{}, err
	}
	set := JWKS{Keys: []JWK{}}
	for _, k := range slices.Backward(r.published()) {
		set.Keys = append(set.Keys, jwkOf(&k.private.PublicKey))
	}
	return set, nil
}

// List tells of all keys, by their age.
func (s *Service) List(ctx context.Context) ([]Key, error) {
	r, err := s.ring(ctx)
	return r.keys, err
}

// ring reads the keys.
func (s *Service) ring(ctx context.Context) (ring, error) {
	rows, now, err := s.table.rows(ctx)
	if err != nil {
		return ring{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]opened{}
	keys := make([]Key, 0, len(rows))
	for _, row := range rows {
		k := Key{ID: row.id, CreatedAt: row.created, SignsFrom: row.signsAt, number: row.number}
		name := row.id + string(row.sealed)
		o, ok := s.known[name]
		if !ok {
			if o, err = s.seals.open(row.id, row.sealed); err != nil {
				o = opened{}
			}
		}
		if known[name], k.opened = o, o; o.private == nil {
			k.Use = Foreign
		}
		keys = append(keys, k)
	}
	s.known = known
	return newRing(keys, now), nil
}

// ready is a ring with a key that signs, which is made where there is none.
func (s *Service) ready(ctx context.Context) (ring, error) {
	signs := func() (ring, bool, error) {
		r, err := s.ring(ctx)
		_, ok := r.signing()
		return r, ok, err
	}
	if r, ok, err := signs(); err != nil || ok {
		return r, err
	}
	s.making.Lock()
	defer s.making.Unlock()
	for {
		r, ok, err := signs()
		if err != nil || ok {
			return r, err
		}
		if _, _, err := s.make(ctx, r.next(), 0); err != nil {
			return ring{}, err
		}
	}
}

// make makes a key of that number, which signs after that time, unless there is one.
func (s *Service) make(ctx context.Context, number int64, after time.Duration) (id string, made bool, err error) {
	private, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		return "", false, fmt.Errorf("make signing key: %w", err)
	}
	id = jwkOf(&private.PublicKey).ID
	sealed, err := s.seals.seal(id, private)
	if err != nil {
		return "", false, err
	}
	made, err = s.table.add(ctx, row{number: number, id: id, sealed: sealed}, after)
	return id, made, err
}
