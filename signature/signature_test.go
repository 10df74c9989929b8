package signature_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/signature"
	"oneton/store"
	"oneton/store/storetest"
)

// ring is a secret of made-up versions, the one to make with first.
type ring []byte

func (r ring) Keys(string) (keys [][]byte, err error) {
	for _, first := range r {
		keys = append(keys, bytes.Repeat([]byte{first}, 32))
	}
	return keys, nil
}

// clock is one that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time { c.mu.Lock(); defer c.mu.Unlock(); return c.now }

func (c *clock) pass(d time.Duration) { c.mu.Lock(); defer c.mu.Unlock(); c.now = c.now.Add(d) }

var epoch = time.Date(2027, 3, 1, 12, 0, 0, 0, time.UTC)

type claims struct {
	Issuer string `json:"iss"`
	Exp    int64  `json:"exp"`
}

// process is one on the database, under that secret.
func process(t *testing.T, db store.DB, c *clock, secret ring) *signature.Service {
	t.Helper()
	cfg := signature.DefaultConfig()
	if c != nil {
		cfg.Now = c.Now
	}
	s, err := signature.New(cfg, secret, db)
	require.NoError(t, err)
	return s
}

func migrated(t *testing.T, open storetest.Open) store.DB {
	t.Helper()
	db := open(t)
	require.NoError(t, audit.Migrate(t.Context(), db))
	require.NoError(t, signature.Migrate(t.Context(), db))
	return db
}

func sign(t *testing.T, s *signature.Service, now time.Time) string {
	t.Helper()
	signed, err := s.Sign(t.Context(), claims{"oneton", now.Add(10 * time.Minute).Unix()})
	require.NoError(t, err)
	return signed
}

// published reads the set as a client gets it, by another library.
func published(t *testing.T, s *signature.Service) *jose.JSONWebKeySet {
	t.Helper()
	set, err := s.JWKS(t.Context())
	require.NoError(t, err)
	text, err := json.Marshal(set)
	require.NoError(t, err)
	var read jose.JSONWebKeySet
	require.NoError(t, json.Unmarshal(text, &read))
	return &read
}

// verifies tells whether another library verifies the text by the set.
func verifies(t *testing.T, set *jose.JSONWebKeySet, compact string) bool {
	t.Helper()
	j, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	for _, k := range set.Key(j.Signatures[0].Header.KeyID) {
		if _, err := j.Verify(k); err == nil {
			return true
		}
	}
	return false
}

func ids(t *testing.T, s *signature.Service) (ids []string) {
	t.Helper()
	for _, k := range published(t, s).Keys {
		ids = append(ids, k.KeyID)
	}
	return ids
}

// What is signed is as another library reads and verifies it, byte for byte as
// promised, and known to every process on the database.
func TestSign(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		a, b := process(t, migrated(t, open), nil, ring{1}), process(t, open(t), nil, ring{1})
		compact := sign(t, a, time.Now())
		head, payload, _ := strings.Cut(compact, ".")
		text, err := base64.RawURLEncoding.DecodeString(head)
		require.NoError(t, err)
		require.Regexp(t, `^\{"kid":"[0-9a-f]{32}","alg":"RS256"\}$`, string(text))
		payload, _, _ = strings.Cut(payload, ".")
		text, err = base64.RawURLEncoding.DecodeString(payload)
		require.NoError(t, err)
		require.Regexp(t, `^\{"iss":"oneton","exp":\d{10}\}$`, string(text))

		set := published(t, b)
		require.Len(t, set.Keys, 1)
		k := set.Keys[0]
		require.True(t, k.Valid() && k.IsPublic())
		require.Equal(t, "sig", k.Use)
		require.Equal(t, "RS256", k.Algorithm)
		public, ok := k.Key.(*rsa.PublicKey)
		require.True(t, ok)
		require.Equal(t, 2048, public.N.BitLen())
		thumbprint, err := k.Thumbprint(crypto.SHA256)
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString(thumbprint[:16]), k.KeyID)
		require.True(t, verifies(t, set, compact))
		got, err := b.Verify(t.Context(), compact)
		require.NoError(t, err)
		require.Equal(t, text, got)
		require.Equal(t, "oneton", a.Issuer())
	})
}

// What has expired is refused to the second, by one clock for all processes.
func TestExpiry(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch.Add(time.Millisecond)}
		s := process(t, migrated(t, open), c, ring{1})
		compact, err := s.SignAt(t.Context(), func(now time.Time) any {
			require.Equal(t, c.now, now)
			return claims{Exp: now.Add(time.Minute).Unix()}
		})
		require.NoError(t, err)
		c.pass(time.Minute - 2*time.Millisecond)
		_, err = s.Verify(t.Context(), compact)
		require.NoError(t, err)
		c.pass(time.Millisecond)
		_, err = s.Verify(t.Context(), compact)
		require.ErrorIs(t, err, signature.ErrInvalid)
	})
}

// Nothing is signed that its keys would not outlive.
func TestLongestLife(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		s := process(t, migrated(t, open), c, ring{1})
		_, err := s.Sign(t.Context(), claims{Exp: epoch.Add(signature.Longest).Unix()})
		require.NoError(t, err)
		for name, wrong := range map[string]any{
			"too long": claims{Exp: epoch.Add(signature.Longest).Unix() + 1}, "no end": map[string]any{"iss": "x"},
			"an end that is no number": map[string]any{"exp": "soon"}, "no object": 7,
		} {
			_, err := s.Sign(t.Context(), wrong)
			require.ErrorIs(t, err, signature.ErrLife, name)
		}
		_, err = s.Sign(t.Context(), func() {})
		require.Error(t, err)
	})
}

// Of processes that all need the first key at once, one makes it.
func TestFirstKeyAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := migrated(t, open)
		const each = 3
		all := []*signature.Service{process(t, db, nil, ring{1}), process(t, open(t), nil, ring{1}), process(t, open(t), nil, ring{1})}
		var wg sync.WaitGroup
		signed, errs := make([]string, each*len(all)), make([]error, each*len(all))
		for i := range signed {
			wg.Go(func() {
				signed[i], errs[i] = all[i%len(all)].Sign(context.Background(), claims{Exp: time.Now().Add(time.Minute).Unix()})
			})
		}
		wg.Wait()
		for i, compact := range signed {
			require.NoError(t, errs[i])
			for _, s := range all {
				_, err := s.Verify(t.Context(), compact)
				require.NoError(t, err)
			}
		}
		require.Len(t, ids(t, all[0]), 1)
	})
}

// A key is published a day before it signs, and for as long after another does as
// anything that it signed may live. Then it is erased.
func TestRotation(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		db := migrated(t, open)
		a, b := process(t, db, c, ring{1}), process(t, open(t), c, ring{1})
		tend := func() (made []string, removed int) {
			var wg sync.WaitGroup
			done, errs := make([]signature.Tended, 2), make([]error, 2)
			for i, s := range []*signature.Service{a, b} {
				wg.Go(func() { done[i], errs[i] = s.Tend(context.Background()) })
			}
			wg.Wait()
			for i := range done {
				require.NoError(t, errs[i])
				if removed += done[i].Removed; done[i].Made != "" {
					made = append(made, done[i].Made)
				}
			}
			return made, removed
		}
		const day = 24 * time.Hour
		made, _ := tend()
		require.Empty(t, made)
		first := ids(t, b)
		require.Len(t, first, 1, "the first key is there before anybody asks")

		c.pass(89*day - time.Second)
		made, _ = tend()
		require.Empty(t, made)
		c.pass(time.Second)
		made, _ = tend()
		require.Len(t, made, 1, "one process makes the next")
		require.Equal(t, []string{made[0], first[0]}, ids(t, a))
		again, _ := tend()
		require.Empty(t, again)
		waiting := published(t, b)
		c.pass(day - time.Second)
		last := sign(t, a, c.now)
		require.True(t, verifies(t, &jose.JSONWebKeySet{Keys: waiting.Key(first[0])}, last), "the new key only waits")
		c.pass(time.Second)
		next := sign(t, b, c.now)
		require.True(t, verifies(t, &jose.JSONWebKeySet{Keys: waiting.Key(made[0])}, next), "a set that was fetched a day ago verifies what the new key signs")
		for _, s := range []*signature.Service{a, b} {
			for _, compact := range []string{last, next} {
				_, err := s.Verify(t.Context(), compact)
				require.NoError(t, err)
			}
		}
		c.pass(signature.Longest)
		require.Equal(t, []string{made[0], first[0]}, ids(t, a), "what the old key signed last may be valid still")
		c.pass(5 * time.Minute)
		require.Equal(t, made, ids(t, a), "its time is over before it is erased")
		_, err := a.Verify(t.Context(), last)
		require.ErrorIs(t, err, signature.ErrInvalid)
		keys, err := a.List(t.Context())
		require.NoError(t, err)
		require.Equal(t, []signature.Use{signature.Ended, signature.Signing}, []signature.Use{keys[0].Use, keys[1].Use})
		_, removed := tend()
		require.NotZero(t, removed)
		keys, err = b.List(t.Context())
		require.NoError(t, err)
		require.Len(t, keys, 1)
		var deeds []string
		all, _, err := audit.NewDeeds(db).List(t.Context(), audit.Query{Limit: 10})
		require.NoError(t, err)
		for _, d := range all {
			deeds = append(deeds, string(d.Verb)+" "+d.What)
		}
		require.Equal(t, []string{"signing_key.created " + made[0], "signing_key.created " + first[0]}, deeds)
	})
}

func TestRotateByHand(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		s := process(t, migrated(t, open), c, ring{1})
		k, err := s.Rotate(t.Context(), false)
		require.NoError(t, err)
		require.Equal(t, signature.Signing, k.Use, "the first signs, whatever was asked for")
		old := sign(t, s, c.now)
		k, err = s.Rotate(t.Context(), false)
		require.NoError(t, err)
		require.Equal(t, signature.Waiting, k.Use)
		require.True(t, epoch.Add(48*time.Hour).After(k.SignsFrom) && epoch.Before(k.SignsFrom))
		again, err := s.Rotate(t.Context(), false)
		require.ErrorIs(t, err, signature.ErrWaiting)
		require.ErrorContains(t, err, k.ID)
		require.Equal(t, k.ID, again.ID)
		now, err := s.Rotate(t.Context(), true)
		require.NoError(t, err)
		require.Equal(t, signature.Signing, now.Use)
		require.True(t, verifies(t, &jose.JSONWebKeySet{Keys: published(t, s).Key(now.ID)}, sign(t, s, c.now)))
		_, err = s.Verify(t.Context(), old)
		require.NoError(t, err, "what was signed before is valid")
		c.pass(25 * time.Hour)
		require.Equal(t, []string{now.ID}, ids(t, s), "the one that waited for nothing has gone, too")
	})
}

// What a revoked key signed is refused by every process at once, and another signs.
func TestRevoke(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		a, b := process(t, migrated(t, open), c, ring{1}), process(t, open(t), c, ring{1})
		compact := sign(t, a, c.now)
		_, err := b.Verify(t.Context(), compact)
		require.NoError(t, err)
		require.ErrorIs(t, b.Revoke(t.Context(), strings.Repeat("0", 32)), signature.ErrUnknown)
		require.NoError(t, b.Revoke(t.Context(), ids(t, a)[0]))
		for _, s := range []*signature.Service{a, b} {
			_, err = s.Verify(t.Context(), compact)
			require.ErrorIs(t, err, signature.ErrInvalid)
		}
		require.True(t, verifies(t, published(t, b), sign(t, a, c.now)))

		// One that waited signs at once.
		k, err := a.Rotate(t.Context(), false)
		require.NoError(t, err)
		keys, err := a.List(t.Context())
		require.NoError(t, err)
		require.NoError(t, a.Revoke(t.Context(), keys[0].ID))
		require.Equal(t, []string{k.ID}, ids(t, b))
		require.True(t, verifies(t, published(t, b), sign(t, b, c.now)))
	})
}

// A key counts where this machine's secret opens it: so whoever writes in the database
// without the secret signs nothing, and a lost secret takes its keys along.
func TestKeysAreOfTheSecret(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		db := migrated(t, open)
		ours, theirs := process(t, db, c, ring{1}), process(t, open(t), c, ring{2})
		compact := sign(t, ours, c.now)
		first := ids(t, ours)
		_, err := theirs.Verify(t.Context(), compact)
		require.ErrorIs(t, err, signature.ErrInvalid)
		require.NotEqual(t, first, ids(t, theirs), "they sign with one of their own")
		require.Equal(t, first, ids(t, ours))
		keys, err := ours.List(t.Context())
		require.NoError(t, err)
		require.Equal(t, []signature.Use{signature.Signing, signature.Foreign}, []signature.Use{keys[0].Use, keys[1].Use})

		// A key that is put under another's id opens for nobody.
		require.NoError(t, db.Update(t.Context(), "swap", func(tx store.Tx) error {
			_, err := tx.Exec(`UPDATE signing_keys SET sealed = (SELECT sealed FROM signing_keys WHERE number = 1) WHERE number = 2`)
			return err
		}))
		keys, err = theirs.List(t.Context())
		require.NoError(t, err)
		require.Equal(t, signature.Foreign, keys[1].Use)
	})
}

// With a new version of the secret comes a new key, one for all processes, though some
// of them make under the older version still.
func TestNewSecretNewKey(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		db := migrated(t, open)
		before, after := process(t, db, c, ring{1, 2}), process(t, open(t), c, ring{2, 1})
		compact := sign(t, before, c.now)
		for range 3 {
			for _, s := range []*signature.Service{after, before} {
				_, err := s.Tend(t.Context())
				require.NoError(t, err)
			}
		}
		require.Len(t, ids(t, before), 2)
		_, err := after.Verify(t.Context(), compact)
		require.NoError(t, err)
		c.pass(26 * time.Hour)
		alone := process(t, db, c, ring{2})
		require.Equal(t, ids(t, after), ids(t, alone), "the older version can go")
		require.Len(t, ids(t, alone), 1)
	})
}

// A clock that was ahead for a while stops no rotation.
func TestClockSetBack(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := &clock{now: epoch}
		s := process(t, migrated(t, open), c, ring{1})
		sign(t, s, c.now)
		const year = 365 * 24 * time.Hour
		c.pass(year)
		ahead, err := s.Tend(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, ahead.Made)
		c.pass(-year)
		back, err := s.Tend(t.Context())
		require.NoError(t, err)
		require.NotEmpty(t, back.Made)
		c.pass(24 * time.Hour)
		require.True(t, verifies(t, &jose.JSONWebKeySet{Keys: published(t, s).Key(back.Made)}, sign(t, s, c.now)))
		again, err := s.Tend(t.Context())
		require.NoError(t, err)
		require.Empty(t, again.Made)
	})
}

// No private part is in the database where it can be read.
func TestPrivatePartsAreSealed(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := migrated(t, open)
		s := process(t, db, nil, ring{1})
		set := published(t, s)
		public, ok := set.Keys[0].Key.(*rsa.PublicKey)
		require.True(t, ok)
		sealed, err := store.One(t.Context(), db, "look", func(row store.Row) (b []byte, err error) {
			err = row.Scan(&b)
			return b, err
		}, `SELECT sealed FROM signing_keys`)
		require.NoError(t, err)
		require.Greater(t, len(sealed), 1000)
		require.NotContains(t, string(sealed), string(public.N.Bytes()), "a PKCS #8 text holds the modulus")
	})
}
