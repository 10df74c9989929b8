package access_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"oneton/access"
	"oneton/audit"
	"oneton/store"
	"oneton/store/sqlite"
)

var pepper = []byte("a pepper of thirty-two bytes, ok?")

var scopes = []access.Scope{{Name: "search", Allows: "search"}, {Name: "enrol", Allows: "add people"}, {Name: "delete", Allows: "delete people"}}

func open(t *testing.T) (*access.Access, *sqlite.Store, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "oneton.db")
	db, err := sqlite.Open(t.Context(), sqlite.Config{Path: path})
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	require.NoError(t, audit.Migrate(t.Context(), db))
	a, err := access.New([][]byte{pepper}, db, scopes...)
	require.NoError(t, err)
	for _, tenant := range []string{"ours", "theirs"} {
		_, err = a.CreateTenant(t.Context(), store.TenantID(tenant), tenant)
		require.NoError(t, err)
	}
	return a, db, path
}

func TestKeyAuthenticatesItsTenant(t *testing.T) {
	a, _, _ := open(t)
	text, key, err := a.Create(t.Context(), "ours", "laptop", []string{"search", "enrol"})
	require.NoError(t, err)
	require.Regexp(t, `^ot_[0-9a-z]{16}_[0-9a-z]{52}$`, text)

	p, err := a.Authenticate(t.Context(), text)
	require.NoError(t, err)
	require.Equal(t, access.Principal{Tenant: "ours", KeyID: key.ID, Scopes: []string{"search", "enrol"}}, p)
	require.True(t, p.Can("search"))
	require.False(t, p.Can("delete"))

	p, err = a.Principal(t.Context(), key.ID)
	require.NoError(t, err)
	require.Equal(t, store.TenantID("ours"), p.Tenant)
}

func TestAllScopesCanEverything(t *testing.T) {
	p := access.Principal{Scopes: []string{access.All}}
	for _, scope := range scopes {
		require.True(t, p.Can(scope.Name), scope.Name)
	}
}

// Keys are made by the catalogue, which has every API's scopes; one that was made
// when it had more goes on with what it has.
func TestCatalogue(t *testing.T) {
	a, db, _ := open(t)
	require.Equal(t, []string{"search", "enrol", "delete", "*"}, a.Scopes())
	for _, scope := range a.Scopes() {
		_, _, err := a.Create(t.Context(), "ours", "laptop", []string{scope})
		require.NoError(t, err)
	}
	for _, asked := range [][]string{nil, {"search", "Search"}, {"search", ""}, {"counter:count"}} {
		_, _, err := a.Create(t.Context(), "ours", "laptop", asked)
		require.ErrorIs(t, err, access.ErrScope)
		require.ErrorContains(t, err, "search, enrol, delete, *")
	}
	more, err := access.New([][]byte{pepper}, db, append(slices.Clip(scopes), access.Scope{Name: "counter:count"})...)
	require.NoError(t, err)
	text, _, err := more.Create(t.Context(), "ours", "laptop", []string{"counter:count", "enrol"})
	require.NoError(t, err)
	p, err := a.Authenticate(t.Context(), text)
	require.NoError(t, err)
	require.Equal(t, []string{"counter:count", "enrol"}, p.Scopes)
	require.True(t, p.Can("counter:count"))
	for _, name := range []string{"search", "*", ""} {
		_, err = access.New([][]byte{pepper}, db, append(slices.Clip(scopes), access.Scope{Name: name})...)
		require.ErrorIs(t, err, access.ErrScope, name)
	}
}

// The MAC that is kept is RFC 2104's of the secret, and the secret itself is
// in no file of the database.
func TestSecretIsNotKept(t *testing.T) {
	a, db, path := open(t)
	text, key, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)
	secret := text[strings.LastIndex(text, "_")+1:]

	mac := hmac.New(sha256.New, pepper)
	mac.Write([]byte(secret))
	stored, err := access.NewKeyTable(db).Key(t.Context(), key.ID)
	require.NoError(t, err)
	require.Equal(t, mac.Sum(nil), stored.MAC)

	require.NoError(t, db.Close())
	files, err := filepath.Glob(path + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		content, err := os.ReadFile(f)
		require.NoError(t, err)
		require.NotContains(t, string(content), secret, f)
	}
}

func TestRefusedKeys(t *testing.T) {
	a, _, _ := open(t)
	ours, oursKey, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)
	theirs, theirsKey, err := a.Create(t.Context(), "theirs", "laptop", []string{access.All})
	require.NoError(t, err)
	_, oursSecret, ok := access.Split(ours)
	require.True(t, ok)

	for name, text := range map[string]string{
		"empty":                "",
		"prefix alone":         "ot_",
		"id alone":             string("ot_" + oursKey.ID),
		"no secret":            string("ot_" + oursKey.ID + "_"),
		"another key's secret": access.Text(theirsKey.ID, oursSecret),
		"unknown id":           access.Text(store.KeyID(strings.Repeat("0", 16)), oursSecret),
		"upper case":           strings.ToUpper(ours),
		"trailing space":       ours + " ",
		"truncated":            ours[:len(ours)-1],
		"longer":               ours + "0",
		"two keys":             ours + theirs,
		"another prefix":       "sk" + ours[2:],
		"huge":                 "ot_" + strings.Repeat("x", 1<<20) + "_y",
		"not UTF-8":            "ot_\xff_\xfe",
		"bytes in the id":      access.Text("0123456789abcde\xff", oursSecret),
		"NUL in the id":        access.Text("0123456789abcde\x00", oursSecret),
		"a letter of no key":   access.Text("0123456789abcdeu", oursSecret),
		"bytes in the secret":  access.Text(oursKey.ID, oursSecret[1:]+"\xff"),
		"a line more":          ours + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := a.Authenticate(t.Context(), text)
			require.ErrorIs(t, err, access.ErrUnauthorized)
		})
	}
	_, err = a.Principal(t.Context(), "nobody")
	require.ErrorIs(t, err, access.ErrUnauthorized)
}

func TestEveryByteOfTheTextCounts(t *testing.T) {
	a, _, _ := open(t)
	text, _, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)
	rapid.Check(t, func(t *rapid.T) {
		i := rapid.IntRange(0, len(text)-1).Draw(t, "byte")
		b := rapid.Byte().Filter(func(b byte) bool { return b != text[i] }).Draw(t, "value")
		_, err := a.Authenticate(context.Background(), text[:i]+string([]byte{b})+text[i+1:])
		require.ErrorIs(t, err, access.ErrUnauthorized)
	})
}

func TestRevokedKeyIsRefusedAtOnce(t *testing.T) {
	a, _, _ := open(t)
	text, key, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)

	require.ErrorIs(t, a.Revoke(t.Context(), store.Actor{Tenant: "theirs"}, key.ID), store.ErrNotFound)
	_, err = a.Authenticate(t.Context(), text)
	require.NoError(t, err, "another tenant cannot revoke it")

	require.NoError(t, a.Revoke(t.Context(), store.Actor{Tenant: "ours"}, key.ID))
	_, err = a.Authenticate(t.Context(), text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	_, err = a.Principal(t.Context(), key.ID)
	require.ErrorIs(t, err, access.ErrUnauthorized)

	keys, err := a.List(t.Context(), "ours")
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.False(t, keys[0].RevokedAt.IsZero())
}

func TestAnotherPepperKnowsNoKey(t *testing.T) {
	a, db, _ := open(t)
	text, _, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)
	other, err := access.New([][]byte{[]byte(strings.Repeat("p", access.MinPepper))}, db)
	require.NoError(t, err)
	_, err = other.Authenticate(t.Context(), text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
}

// Keys made under an older pepper stay valid as long as it is there, and new ones
// are made under the newest.
func TestKeysOfTwoPeppers(t *testing.T) {
	older, db, _ := open(t)
	newer := []byte(strings.Repeat("n", access.MinPepper))
	both, err := access.New([][]byte{newer, pepper}, db)
	require.NoError(t, err)
	only, err := access.New([][]byte{newer}, db)
	require.NoError(t, err)
	first, _, err := older.Create(t.Context(), "ours", "", []string{access.All})
	require.NoError(t, err)
	second, _, err := both.Create(t.Context(), "ours", "", []string{access.All})
	require.NoError(t, err)
	for text, valid := range map[string]map[*access.Access]bool{
		first:                        {older: true, both: true, only: false},
		second:                       {older: false, both: true, only: true},
		first[:len(first)-1] + "~":   {older: false, both: false, only: false},
		second[:len(second)-1] + "~": {older: false, both: false, only: false},
	} {
		for a, want := range valid {
			_, err := a.Authenticate(t.Context(), text)
			if want {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, access.ErrUnauthorized)
			}
		}
	}
	_, err = access.New(nil, db)
	require.ErrorIs(t, err, access.ErrPepper)
}

func TestRefusedArguments(t *testing.T) {
	a, db, _ := open(t)
	_, err := access.New([][]byte{pepper, pepper[:access.MinPepper-1]}, db)
	require.ErrorIs(t, err, access.ErrPepper)
	_, _, err = a.Create(t.Context(), "ours", "laptop", nil)
	require.ErrorIs(t, err, access.ErrScope)
	_, _, err = a.Create(t.Context(), "ours", "laptop", []string{"search", "Search"})
	require.ErrorIs(t, err, access.ErrScope)
	_, _, err = a.Create(t.Context(), "nobody", "laptop", []string{"search"})
	require.ErrorIs(t, err, store.ErrNotFound)
	_, err = a.CreateTenant(t.Context(), "ours", "again")
	require.ErrorIs(t, err, store.ErrExists)
	keys, err := a.List(t.Context(), "ours")
	require.NoError(t, err)
	require.Empty(t, keys, "a refused request leaves no key")
}

// A store that fails must not look like a wrong key.
func TestStoreFailureIsNotUnauthorized(t *testing.T) {
	a, db, _ := open(t)
	text, _, err := a.Create(t.Context(), "ours", "laptop", []string{access.All})
	require.NoError(t, err)
	require.NoError(t, db.Close())
	_, err = a.Authenticate(t.Context(), text)
	require.Error(t, err)
	require.NotErrorIs(t, err, access.ErrUnauthorized)
}

// A key with an end is refused from then on, by whatever names it; one that is
// replaced is refused at once, and what is in its place may what it might.
func TestEndingKeys(t *testing.T) {
	a, db, _ := open(t)
	by := store.Actor{Tenant: "ours"}
	draft := func(ends time.Time) access.Draft {
		d, err := a.Draft(by, "client", []string{"search"}, ends)
		require.NoError(t, err)
		_, err = a.Authenticate(t.Context(), d.Text)
		require.ErrorIs(t, err, access.ErrUnauthorized, "it is no key yet")
		require.NoError(t, db.Update(t.Context(), "make key", d.Insert))
		return d
	}
	ended := draft(time.Now().Add(-time.Second))
	_, err := a.Authenticate(t.Context(), ended.Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	_, err = a.Principal(t.Context(), ended.Key.ID)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	_, err = a.Replace(t.Context(), by, ended.Key.ID, time.Time{})
	require.ErrorIs(t, err, access.ErrUnauthorized)

	first := draft(time.Now().Add(time.Hour))
	_, err = a.Replace(t.Context(), store.Actor{Tenant: "theirs"}, first.Key.ID, time.Time{})
	require.ErrorIs(t, err, access.ErrUnauthorized)
	ends := time.Now().Add(2 * time.Hour)
	second, err := a.Replace(t.Context(), by, first.Key.ID, ends)
	require.NoError(t, err)
	require.Equal(t, ends, second.Key.EndsAt)
	_, err = a.Authenticate(t.Context(), first.Text)
	require.ErrorIs(t, err, access.ErrUnauthorized)
	p, err := a.Authenticate(t.Context(), second.Text)
	require.NoError(t, err)
	require.Equal(t, access.Principal{Tenant: "ours", KeyID: second.Key.ID, Scopes: []string{"search"}}, p)
}
