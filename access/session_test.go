package access_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/audit"
	"oneton/store"
	"oneton/store/storetest"
)

var times = access.SessionConfig{Idle: 30 * time.Minute, Most: 12 * time.Hour}

// replica is a process that shares a database with others.
type replica struct {
	*access.Access
	*access.Sessions

	db storetest.Store
}

// replicas are two of one database, with a tenant.
func replicas(t *testing.T, open storetest.Open, peppers ...[]byte) (a, b replica) {
	t.Helper()
	made := func() replica {
		db := open(t)
		require.NoError(t, audit.Migrate(t.Context(), db))
		require.NoError(t, access.Migrate(t.Context(), db))
		keys, err := access.New(append(peppers, pepper), db, scopes...)
		require.NoError(t, err)
		return replica{keys, access.NewSessions(times, keys), db}
	}
	a, b = made(), made()
	_, err := a.CreateTenant(t.Context(), "ours", "")
	require.NoError(t, err)
	return a, b
}

func (r replica) newKey(t *testing.T, scopes ...string) (text string, key store.Key) {
	t.Helper()
	text, key, err := r.Create(t.Context(), "ours", "laptop", scopes)
	require.NoError(t, err)
	return text, key
}

// ago has all sessions and links be so much older.
func (r replica) ago(t *testing.T, seen, ends time.Duration) {
	t.Helper()
	require.NoError(t, r.db.Update(t.Context(), "make older", func(tx store.Tx) error {
		now, err := tx.Now()
		if err != nil {
			return err
		}
		if _, err := tx.Exec(`UPDATE access_links SET ends = $1`, now.Add(ends)); err != nil {
			return err
		}
		_, err = tx.Exec(`UPDATE access_sessions SET seen = $1, ends = $2`, now.Add(-seen), now.Add(ends))
		return err
	}))
}

// A session is known to every process, tells what its key may now, and ends with sign-out,
// with the key, after nobody was there for a while, and in any case.
func TestSessions(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, b := replicas(t, open)
		text, key := a.newKey(t, "search", "enrol")
		_, _, err := a.Open(ctx, text[:len(text)-1]+"u")
		require.ErrorIs(t, err, access.ErrUnauthorized)
		token, s, err := a.Open(ctx, text)
		require.NoError(t, err)
		require.Equal(t, access.Principal{Tenant: "ours", KeyID: key.ID, Scopes: []string{"search", "enrol"}}, s.Principal)
		require.Equal(t, "laptop", s.KeyName)
		require.WithinDuration(t, time.Now().Add(times.Idle), s.IdleEnds, time.Minute)
		require.WithinDuration(t, time.Now().Add(times.Most), s.Ends, time.Minute)
		seen, err := b.Session(ctx, token, true)
		require.NoError(t, err)
		require.Equal(t, s.Principal, seen.Principal)
		for _, wrong := range []string{"", "0", token + "0", token[1:], strings.ToUpper(token), text, string(key.ID)} {
			_, err := b.Session(ctx, wrong, true)
			require.ErrorIs(t, err, access.ErrUnauthorized, wrong)
		}

		// Whoever reads the database has no token.
		require.NoError(t, b.db.Read(ctx, "look", func(r store.Reader) error {
			return r.Each(func(row store.Row) error {
				var mac string
				err := row.Scan(&mac)
				require.NotContains(t, mac, token)
				return err
			}, `SELECT mac FROM access_sessions`)
		}))

		// What a page asks by itself does not keep it; who is there does.
		a.ago(t, times.Idle-time.Minute, time.Hour)
		s, err = b.Session(ctx, token, false)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(time.Minute), s.IdleEnds, 30*time.Second)
		s, err = b.Session(ctx, token, true)
		require.NoError(t, err)
		require.WithinDuration(t, time.Now().Add(times.Idle), s.IdleEnds, 30*time.Second)
		a.ago(t, times.Idle+time.Second, time.Hour)
		_, err = b.Session(ctx, token, true)
		require.ErrorIs(t, err, access.ErrUnauthorized, "nobody was there too long")

		token, _, err = a.Open(ctx, text)
		require.NoError(t, err)
		a.ago(t, 0, -time.Second)
		_, err = a.Session(ctx, token, true)
		require.ErrorIs(t, err, access.ErrUnauthorized, "it lasted as long as one may")

		token, _, err = a.Open(ctx, text)
		require.NoError(t, err)
		other, _, err := b.Open(ctx, text)
		require.NoError(t, err)
		require.NoError(t, b.Close(ctx, token))
		require.NoError(t, b.Close(ctx, token))
		_, err = a.Session(ctx, token, true)
		require.ErrorIs(t, err, access.ErrUnauthorized, "signed out")
		_, err = a.Session(ctx, other, true)
		require.NoError(t, err)

		foreign, second := a.newKey(t, "*")
		apart, _, err := a.Open(ctx, foreign)
		require.NoError(t, err)
		require.NoError(t, b.CloseAll(ctx, key.ID))
		_, err = a.Session(ctx, other, true)
		require.ErrorIs(t, err, access.ErrUnauthorized, "signed out everywhere")
		_, err = a.Session(ctx, apart, true)
		require.NoError(t, err, "of another key")
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "ours"}, second.ID))
		_, err = b.Session(ctx, apart, true)
		require.ErrorIs(t, err, access.ErrUnauthorized, "of a revoked key")
	})
}

// Of more sessions than a key may have the oldest end, and another key's stay.
func TestSessionsAreBounded(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		a, b := replicas(t, open)
		text, _ := a.newKey(t, "*")
		other, _ := a.newKey(t, "*")
		apart, _, err := a.Open(t.Context(), other)
		require.NoError(t, err)
		var tokens []string
		for i := range 52 {
			token, _, err := []replica{a, b}[i%2].Open(t.Context(), text)
			require.NoError(t, err)
			tokens = append(tokens, token)
		}
		for i, token := range tokens {
			_, err := a.Session(t.Context(), token, true)
			if i < 2 {
				require.ErrorIs(t, err, access.ErrUnauthorized, i)
			} else {
				require.NoError(t, err, i)
			}
		}
		_, err = a.Session(t.Context(), apart, true)
		require.NoError(t, err)
	})
}

// A link signs in once, however many follow it at once, and soon; and not any more when
// its key was revoked or signed out everywhere.
func TestLinks(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, b := replicas(t, open)
		_, key := a.newKey(t, "*")
		link, err := a.Link(ctx, key.ID)
		require.NoError(t, err)
		var wg sync.WaitGroup
		errs := make([]error, 8)
		for i := range errs {
			wg.Go(func() { _, _, errs[i] = []replica{a, b}[i%2].Follow(ctx, link) })
		}
		wg.Wait()
		followed := 0
		for _, err := range errs {
			if err == nil {
				followed++
				continue
			}
			require.ErrorIs(t, err, access.ErrUnauthorized)
		}
		require.Equal(t, 1, followed)

		link, err = a.Link(ctx, key.ID)
		require.NoError(t, err)
		a.ago(t, 0, -time.Second)
		_, _, err = b.Follow(ctx, link)
		require.ErrorIs(t, err, access.ErrUnauthorized, "it has ended")

		link, err = a.Link(ctx, key.ID)
		require.NoError(t, err)
		require.NoError(t, a.CloseAll(ctx, key.ID))
		_, _, err = b.Follow(ctx, link)
		require.ErrorIs(t, err, access.ErrUnauthorized, "signed out everywhere")

		link, err = a.Link(ctx, key.ID)
		require.NoError(t, err)
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "ours"}, key.ID))
		_, _, err = b.Follow(ctx, link)
		require.ErrorIs(t, err, access.ErrUnauthorized, "of a revoked key")
		_, _, err = b.Follow(ctx, "")
		require.ErrorIs(t, err, access.ErrUnauthorized)
	})
}

// Sessions of before stay when the secret has a new version, and end with the last
// process that has the old one.
func TestSessionsOfTwoPeppers(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		a, _ := replicas(t, open)
		text, _ := a.newKey(t, "*")
		token, _, err := a.Open(t.Context(), text)
		require.NoError(t, err)
		newer := []byte(strings.Repeat("n", access.MinPepper))
		both, err := access.New([][]byte{newer, pepper}, a.db, scopes...)
		require.NoError(t, err)
		_, err = access.NewSessions(times, both).Session(t.Context(), token, true)
		require.NoError(t, err)
		only, err := access.New([][]byte{newer}, a.db, scopes...)
		require.NoError(t, err)
		_, err = access.NewSessions(times, only).Session(t.Context(), token, true)
		require.ErrorIs(t, err, access.ErrUnauthorized)
	})
}

// A key that is made by another may do no more than that one, and is valid no longer.
func TestIssue(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, b := replicas(t, open)
		_, maker := a.newKey(t, "search", "enrol")
		by := store.Actor{Tenant: "ours", Key: maker.ID}
		for _, beyond := range [][]string{{"delete"}, {"search", "delete"}, {access.All}} {
			_, _, err := a.Issue(ctx, by, "more", beyond, time.Time{})
			require.ErrorIs(t, err, access.ErrBeyond, beyond)
		}
		_, _, err := a.Issue(ctx, by, "none", []string{"fly"}, time.Time{})
		require.ErrorIs(t, err, access.ErrScope)
		_, _, err = a.Issue(ctx, by, "two\nlines", []string{"search"}, time.Time{})
		require.ErrorIs(t, err, access.ErrName)
		_, _, err = a.Issue(ctx, store.Actor{Tenant: "theirs", Key: maker.ID}, "", []string{"search"}, time.Time{})
		require.ErrorIs(t, err, access.ErrUnauthorized, "in another tenant")

		text, made, err := b.Issue(ctx, by, "door", []string{"search"}, time.Time{})
		require.NoError(t, err)
		p, err := a.Authenticate(ctx, text)
		require.NoError(t, err)
		require.Equal(t, access.Principal{Tenant: "ours", KeyID: made.ID, Scopes: []string{"search"}}, p)
		require.Equal(t, maker.ID, list(t, a.db, made.ID), "the audit names who made it")

		_, star := a.newKey(t, access.All)
		_, _, err = a.Issue(ctx, store.Actor{Tenant: "ours", Key: star.ID}, "", []string{access.All}, time.Time{})
		require.NoError(t, err)

		ends := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		d, err := a.Draft(store.Actor{Tenant: "ours"}, "short", []string{"search"}, ends)
		require.NoError(t, err)
		require.NoError(t, a.db.Update(ctx, "make key", d.Insert))
		short := store.Actor{Tenant: "ours", Key: d.Key.ID}
		for asked, want := range map[time.Time]time.Time{
			{}:                     ends,
			ends.Add(time.Hour):    ends,
			ends.Add(-time.Minute): ends.Add(-time.Minute),
		} {
			_, k, err := a.Issue(ctx, short, "", []string{"search"}, asked)
			require.NoError(t, err)
			require.Equal(t, want, k.EndsAt)
		}
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "ours"}, maker.ID))
		_, _, err = a.Issue(ctx, by, "late", []string{"search"}, time.Time{})
		require.ErrorIs(t, err, access.ErrUnauthorized)
		keys, err := a.Page(ctx, "ours", store.Page{Limit: 3})
		require.NoError(t, err)
		require.Len(t, keys, 3)
		rest, err := b.Page(ctx, "ours", store.Page{After: string(keys[2].ID), Limit: 100})
		require.NoError(t, err)
		all, err := a.List(ctx, "ours")
		require.NoError(t, err)
		require.Equal(t, all, append(keys, rest...))
	})
}

// Who revokes a key revokes what was made with it, and with that, unless asked not to; and
// a tenant makes no more keys than it may.
func TestKeysMadeByKeys(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, b := replicas(t, open)
		ours := store.Actor{Tenant: "ours"}
		text, root := a.newKey(t, access.All)
		require.Empty(t, root.MadeBy)
		texts, keys := []string{text}, []store.Key{root}
		for _, maker := range []int{0, 1, 2, 0} { // 1 by the root, 2 by 1, 3 by 2, 4 by the root
			text, made, err := b.Issue(ctx, store.Actor{Tenant: "ours", Key: keys[maker].ID}, "", []string{"search"}, time.Time{})
			require.NoError(t, err)
			require.Equal(t, keys[maker].ID, made.MadeBy)
			kept, err := access.NewKeyTable(a.db).Key(ctx, made.ID)
			require.NoError(t, err)
			require.Equal(t, keys[maker].ID, kept.MadeBy)
			require.Empty(t, kept.Damage)
			texts, keys = append(texts, text), append(keys, made)
		}
		valid := func() (valid []int) {
			for i, text := range texts {
				if _, err := a.Authenticate(ctx, text); err == nil {
					valid = append(valid, i)
				}
			}
			return valid
		}
		require.ErrorIs(t, a.Revoke(ctx, store.Actor{Tenant: "theirs"}, keys[1].ID), store.ErrNotFound)
		require.NoError(t, a.RevokeAlone(ctx, ours, keys[2].ID))
		require.Equal(t, []int{0, 1, 3, 4}, valid())
		require.NoError(t, a.Revoke(ctx, ours, keys[1].ID))
		require.Equal(t, []int{0, 4}, valid(), "also what a revoked one had made")
		successor := store.Actor{Tenant: "ours", Key: keys[4].ID}
		require.ErrorIs(t, a.Revoke(ctx, successor, root.ID), access.ErrMaker, "nobody revokes the own key by accident")
		require.Equal(t, []int{0, 4}, valid())
		deeds, _, err := audit.NewDeeds(a.db).List(ctx, audit.Query{Limit: 100})
		require.NoError(t, err)
		var revoked []string
		for _, d := range deeds {
			if d.Verb == audit.KeyRevoked {
				revoked = append(revoked, d.What)
			}
		}
		require.ElementsMatch(t, []string{string(keys[1].ID), string(keys[2].ID), string(keys[3].ID)}, revoked, "each once")
		d, err := a.Replace(ctx, ours, keys[4].ID, time.Time{})
		require.NoError(t, err)
		require.Equal(t, root.ID, d.Key.MadeBy, "what takes a key's place is of whoever made that")

		all, err := a.List(ctx, "ours")
		require.NoError(t, err)
		a.Bound(access.Config{Keys: len(all) + 1})
		maker := store.Actor{Tenant: "ours", Key: root.ID}
		_, last, err := a.Issue(ctx, maker, "", []string{"search"}, time.Time{})
		require.NoError(t, err)
		require.NoError(t, a.Revoke(ctx, ours, last.ID))
		_, _, err = a.Issue(ctx, maker, "", []string{"search"}, time.Time{})
		require.ErrorIs(t, err, access.ErrTooMany, "revoked ones count for a day")
		a.newKey(t, "search")
	})
}

// A key takes the place of the one that made it, which is revoked as often as one likes;
// only who says so revokes what a revoked one made.
func TestKeysAreRotated(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, _ := replicas(t, open)
		_, old := a.newKey(t, access.All)
		text, next, err := a.Issue(ctx, store.Actor{Tenant: "ours", Key: old.ID}, "", []string{access.All}, time.Time{})
		require.NoError(t, err)
		by := store.Actor{Tenant: "ours", Key: next.ID}
		require.ErrorIs(t, a.Revoke(ctx, by, old.ID), access.ErrMaker)
		require.NoError(t, a.RevokeAlone(ctx, by, old.ID))
		require.NoError(t, a.Revoke(ctx, by, old.ID))
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "ours"}, old.ID))
		_, err = a.Authenticate(ctx, text)
		require.NoError(t, err)
		require.NoError(t, a.RevokeWithMade(ctx, by, old.ID))
		_, err = a.Authenticate(ctx, text)
		require.ErrorIs(t, err, access.ErrUnauthorized)
		_, self := a.newKey(t, access.All)
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "ours", Key: self.ID}, self.ID), "the key itself")
		self, err = access.NewKeyTable(a.db).Key(ctx, self.ID)
		require.NoError(t, err)
		require.False(t, self.RevokedAt.IsZero())
	})
}

// A key that ended by itself counts for a day, as one that was revoked does.
func TestEndedKeysCountForADay(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, _ := replicas(t, open)
		_, root := a.newKey(t, access.All)
		keys := access.NewKeyTable(a.db)
		ended := func(id store.KeyID, ago time.Duration) {
			require.NoError(t, keys.CreateKey(ctx, store.Key{ID: id, Tenant: "ours", MAC: []byte{1}, Scopes: []string{"search"}, EndsAt: time.Now().UTC().Add(-ago)}))
		}
		all, err := a.List(ctx, "ours")
		require.NoError(t, err)
		a.Bound(access.Config{Keys: len(all) + 1})
		issue := func() error {
			_, _, err := a.Issue(ctx, store.Actor{Tenant: "ours", Key: root.ID}, "", []string{"search"}, time.Time{})
			return err
		}
		ended("yesterday", 25*time.Hour)
		require.NoError(t, issue())
		a.Bound(access.Config{Keys: len(all) + 2})
		ended("today", 23*time.Hour)
		require.ErrorIs(t, issue(), access.ErrTooMany)
	})
}

// What was revoked long ago goes, and what it had made stays, of whoever made it; so it is
// still revoked with that one.
func TestRevokedKeysGo(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		ctx := t.Context()
		a, _ := replicas(t, open)
		ours, keys := store.Actor{Tenant: "ours"}, access.NewKeyTable(a.db)
		_, root := a.newKey(t, access.All)
		chain, text := []store.Key{root}, ""
		for range 3 {
			var made store.Key
			var err error
			text, made, err = a.Issue(ctx, store.Actor{Tenant: "ours", Key: chain[len(chain)-1].ID}, "", []string{"search"}, time.Time{})
			require.NoError(t, err)
			chain = append(chain, made)
		}
		revoke := func(k store.Key) { require.NoError(t, a.RevokeAlone(ctx, ours, k.ID)) }
		revoke(chain[1])
		revoke(chain[2])
		n, err := keys.DeleteEnded(ctx, time.Now().Add(-time.Minute))
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = keys.DeleteEnded(ctx, time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, int64(2), n)
		_, err = keys.Key(ctx, chain[1].ID)
		require.ErrorIs(t, err, store.ErrNotFound)
		last, err := keys.Key(ctx, chain[3].ID)
		require.NoError(t, err)
		require.Equal(t, root.ID, last.MadeBy)
		require.Empty(t, last.Damage)
		require.True(t, last.RevokedAt.IsZero())

		require.NoError(t, a.Revoke(ctx, ours, root.ID))
		_, err = a.Authenticate(ctx, text)
		require.ErrorIs(t, err, access.ErrUnauthorized)
		n, err = keys.DeleteEnded(ctx, time.Now().Add(time.Minute))
		require.NoError(t, err)
		require.Equal(t, int64(2), n)

		_, root = a.newKey(t, access.All)
		_, made, err := a.Issue(ctx, store.Actor{Tenant: "ours", Key: root.ID}, "", []string{"search"}, time.Time{})
		require.NoError(t, err)
		revoke(root)
		_, err = keys.DeleteEnded(ctx, time.Now().Add(time.Minute))
		require.NoError(t, err)
		made, err = keys.Key(ctx, made.ID)
		require.NoError(t, err)
		require.Equal(t, root.ID, made.MadeBy, "it still tells that the operator did not make it")
	})
}

// list is whose the deed was that made a key.
func list(t *testing.T, db store.DB, made store.KeyID) store.KeyID {
	t.Helper()
	deeds, _, err := audit.NewDeeds(db).List(t.Context(), audit.Query{Limit: 100})
	require.NoError(t, err)
	for _, d := range deeds {
		if d.Verb == audit.KeyCreated && d.What == string(made) {
			return d.Key
		}
	}
	return ""
}
