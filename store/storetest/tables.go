package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/store"
)

// kept is a row of keys with a value of each kind that a column can have.
type kept struct {
	id, tenant string
	mac        []byte
	scopes     string
	created    time.Time
	revoked    time.Time
	checksum   *int64
}

func readKept(row store.Row) (k kept, err error) {
	err = row.Scan(&k.id, &k.tenant, &k.mac, &k.scopes, &k.created, &k.revoked, &k.checksum)
	return k, err
}

const keptColumns = `SELECT id, tenant, mac, CAST(scopes AS TEXT), created_at, revoked_at, checksum FROM keys `

// testTables checks what rooms with tables of their own rely on.
func testTables(t *testing.T, open Open) {
	a, b, ctx := opened(t, open), opened(t, open), t.Context()
	id := string(tenant(t, a))
	before := position(t, a)
	insert := func(tx store.Tx, k kept) error {
		n, err := tx.Exec(`INSERT INTO keys (id, tenant, name, mac, scopes, created_at, revoked_at, checksum) VALUES ($1, $2, $1, $3, $4, $5, $6, $7)`,
			k.id, k.tenant, k.mac, k.scopes, k.created, k.revoked, k.checksum)
		if err == nil && n != 1 {
			err = errors.New("one row is inserted")
		}
		return err
	}
	rows := func(db store.DB) []kept {
		all, err := store.List(ctx, db, "list", readKept, keptColumns+`WHERE tenant = $1 ORDER BY id`, id)
		require.NoError(t, err)
		return all
	}
	sum := int64(-1) << 40
	one := kept{id: "k1", tenant: id, mac: []byte{0, 255}, scopes: `["a"]`, created: epoch}
	two := kept{id: "k2", tenant: id, mac: []byte{1}, scopes: `[]`, created: epoch.Add(time.Microsecond), revoked: epoch.Add(time.Hour), checksum: &sum}

	require.Empty(t, rows(a))
	require.NoError(t, a.Update(ctx, "insert", func(tx store.Tx) error { return errors.Join(insert(tx, one), insert(tx, two)) }))
	require.Equal(t, []kept{one, two}, rows(b), "another handle sees it at once")
	require.Equal(t, before, position(t, a), "and the log tells nothing of it")

	// What fails leaves nothing, whatever it had done.
	refused := errors.New("refused")
	for name, fail := range map[string]func(tx store.Tx) error{
		"refusal": func(store.Tx) error { return refused },
		"panic":   func(store.Tx) error { panic("fault") },
		"taken":   func(tx store.Tx) error { return insert(tx, one) },
		"no tenant": func(tx store.Tx) error {
			return insert(tx, kept{id: "k3", tenant: "nobody", mac: []byte{1}, scopes: `[]`, created: epoch})
		},
		"no rows": func(tx store.Tx) error {
			_, err := store.OneOf(tx, readKept, keptColumns+`WHERE id = $1`, "k3")
			return err
		},
	} {
		want := map[string]error{"refusal": refused, "panic": store.ErrPanicked, "taken": store.ErrExists, "no tenant": store.ErrNotFound, "no rows": store.ErrNotFound}[name]
		for _, write := range []func(context.Context, string, func(store.Tx) error) error{a.Update, b.Remove} {
			err := write(ctx, "fail", func(tx store.Tx) error {
				if _, err := tx.Exec(`DELETE FROM keys WHERE id = $1`, "k2"); err != nil {
					return err
				}
				return fail(tx)
			})
			require.ErrorIs(t, err, want, name)
			require.ErrorContains(t, err, "fail: ")
		}
	}
	require.Equal(t, []kept{one, two}, rows(a))

	// A transaction sees what it has written, and may read before it writes.
	require.NoError(t, b.Remove(ctx, "remove", func(tx store.Tx) error {
		k, err := store.OneOf(tx, readKept, keptColumns+`WHERE id = $1`, "k1")
		require.Equal(t, one, k)
		if err != nil {
			return err
		}
		if n, err := tx.Exec(`DELETE FROM keys WHERE id >= $1`, k.id); err != nil || n != 2 {
			return errors.Join(errors.New("two rows are deleted"), err)
		}
		_, err = store.OneOf(tx, readKept, keptColumns+`WHERE id = $1`, "k2")
		require.ErrorIs(t, err, store.ErrNotFound)
		return nil
	}))
	require.Empty(t, rows(a))
	_, err := store.One(ctx, a, "read", readKept, keptColumns+`WHERE id = $1`, "k1")
	require.ErrorIs(t, err, store.ErrNotFound)
	none, err := store.List(ctx, a, "list", readKept, keptColumns+`WHERE id = $1`, "a\x00\xff")
	require.NoError(t, err, "no row can have it")
	require.Empty(t, none)

	ended, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, a.Update(ended, "insert", func(tx store.Tx) error { return insert(tx, one) }), context.Canceled)
	require.ErrorIs(t, a.Read(ended, "read", func(r store.Reader) error { return r.Each(func(store.Row) error { return nil }, keptColumns) }), context.Canceled)
	require.Empty(t, rows(b))
	require.NoError(t, a.Close())
	require.ErrorIs(t, a.Remove(ctx, "insert", func(tx store.Tx) error { return insert(tx, one) }), store.ErrClosed)
	_, err = store.List(ctx, a, "list", readKept, keptColumns)
	require.ErrorIs(t, err, store.ErrClosed)
}

// testRowsOfDropped checks that what a room has of a gallery that is deleted is removed
// before the gallery is, so that no transaction removes all of it.
func testRowsOfDropped(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	g := newGallery(t, s)
	kept := gallery(t, s, g.Tenant, "kept")
	rows := func() int {
		n, err := store.One(ctx, s, "count", func(row store.Row) (n int, err error) { err = row.Scan(&n); return n, err }, `SELECT count(*) FROM notes`)
		require.NoError(t, err)
		return n
	}
	require.NoError(t, s.Update(ctx, "make notes", func(tx store.Tx) error {
		// With a gallery such rows do not go: whoever removes it before them fails.
		if _, err := tx.Exec(`CREATE TABLE notes (n BIGINT NOT NULL, gallery TEXT NOT NULL REFERENCES galleries (id))`); err != nil {
			return err
		}
		for _, of := range []store.Gallery{g, kept} {
			for n := range 100 {
				if _, err := tx.Exec(`INSERT INTO notes (n, gallery) VALUES ($1, $2)`, n, of.ID); err != nil {
					return err
				}
			}
		}
		return nil
	}))
	_, err := s.DeleteGallery(ctx, g.Tenant, g.Name)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := s.DeleteExpired(ctx, time.Now()) // which removes what was dropped
		require.NoError(t, err)
		left, err := store.List(ctx, s, "look", func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err }, `SELECT id FROM galleries WHERE id = $1`, g.ID)
		require.NoError(t, err)
		return len(left) == 0
	}, time.Minute, 10*time.Millisecond)
	require.Equal(t, 100, rows(), "others keep theirs")
}
