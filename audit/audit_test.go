package audit_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/audit"
	"oneton/identify"
	"oneton/store"
	"oneton/store/storetest"
)

var epoch = time.Date(2027, 3, 1, 12, 0, 0, 123456000, time.UTC)

// list reads all deeds by pages of two.
func list(t *testing.T, db store.DB, q audit.Query) (all []audit.Deed) {
	t.Helper()
	for q.Limit = 2; ; {
		deeds, next, err := audit.NewDeeds(db).List(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(deeds), q.Limit)
		all = append(all, deeds...)
		if next == "" {
			return all
		}
		q.After = next
	}
}

func record(t *testing.T, db store.DB, deeds ...audit.Deed) {
	t.Helper()
	require.NoError(t, db.Update(t.Context(), "record", func(tx store.Tx) error {
		for _, d := range deeds {
			if err := d.Record(tx); err != nil {
				return err
			}
		}
		return nil
	}))
}

// started are two handles of one database, as two processes that start have them.
func started(t *testing.T, open storetest.Open) (a, b storetest.Store) {
	t.Helper()
	a, b = open(t), open(t)
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() { errs[i] = audit.Migrate(t.Context(), []storetest.Store{a, b}[i%2]) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	return a, b
}

func TestDeeds(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		a, b := started(t, open)
		require.Empty(t, list(t, a, audit.Query{}))
		by := store.Actor{Tenant: "t", Key: "k", Request: "r-1"}
		deeds := []audit.Deed{
			{At: epoch, Tenant: "t", Verb: audit.TenantCreated},
			audit.By(by, audit.GalleryCreated, "staff"),
			{At: epoch.Add(time.Hour), Tenant: "u", Verb: audit.KeyCreated, What: "k2"},
			{At: epoch.Add(time.Hour), Verb: audit.CalibrationSet, What: "default@3"},
			{At: epoch.Add(2 * time.Hour), Tenant: "t", Key: "k", Request: "r-2", Verb: audit.SubjectDeleted, What: "staff/p é"},
		}
		require.Zero(t, deeds[1].At)
		deeds[1].At = epoch.Add(time.Minute)
		record(t, a, deeds...)
		require.Equal(t, []audit.Deed{deeds[4], deeds[3], deeds[2], deeds[1], deeds[0]}, list(t, b, audit.Query{}), "the newest first")
		require.Equal(t, []audit.Deed{deeds[4], deeds[1], deeds[0]}, list(t, b, audit.Query{Tenant: "t"}))
		require.Equal(t, []audit.Deed{deeds[4], deeds[3], deeds[2]}, list(t, b, audit.Query{Since: epoch.Add(time.Hour)}))
		require.Empty(t, list(t, b, audit.Query{Tenant: "v"}))

		record(t, b, audit.Deed{At: epoch.Add(3 * time.Hour), Tenant: "t", Verb: audit.TenantDeleted})
		require.Equal(t, []audit.Deed{{At: epoch.Add(3 * time.Hour), Tenant: "t", Verb: audit.TenantDeleted}}, list(t, a, audit.Query{Tenant: "t"}),
			"nothing else is left of a deleted tenant")
		require.Len(t, list(t, a, audit.Query{}), 3, "others keep theirs")
	})
}

// A deed is of the moment at which it is done by the database's time, not of that at which
// a process said what it is to be.
func TestDeedsAreOfTheDatabasesTime(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, _ := started(t, open)
		first, second := audit.By(store.Actor{}, audit.CalibrationReset, "first"), audit.By(store.Actor{}, audit.CalibrationReset, "second")
		var now []time.Time
		for _, d := range []audit.Deed{second, first} {
			require.NoError(t, db.Update(t.Context(), "record", func(tx store.Tx) error {
				at, err := tx.Now()
				now = append(now, at)
				return errors.Join(err, d.Record(tx))
			}))
		}
		first.At, second.At = now[1], now[0]
		require.Equal(t, []audit.Deed{first, second}, list(t, db, audit.Query{}))
		require.True(t, first.At.After(second.At))
	})
}

func TestTrim(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		a, b := started(t, open)
		for _, id := range []store.TenantID{"busy", "calm"} {
			require.NoError(t, a.CreateTenant(t.Context(), store.Tenant{ID: id, CreatedAt: epoch}))
		}
		now := epoch.Add(audit.Kept)
		record(t, a,
			audit.Deed{At: epoch.Add(-time.Second), Tenant: "calm", Verb: audit.TenantCreated},
			audit.Deed{At: epoch, Tenant: "calm", Verb: audit.KeyCreated, What: "k"},
			audit.Deed{At: now, Tenant: "gone", Verb: audit.KeyCreated, What: "of a tenant that is gone"},
			audit.Deed{At: now, Tenant: "left", Verb: audit.TenantDeleted},
			audit.Deed{At: epoch.Add(-time.Second), Tenant: "long gone", Verb: audit.TenantDeleted},
			audit.Deed{At: now, Verb: audit.CalibrationSet, What: "default"},
		)
		const most, surplus = 5, 1500 // more than leave at once
		var busy []audit.Deed
		for i := range most + surplus {
			busy = append(busy, audit.Deed{At: now, Tenant: "busy", Verb: audit.GalleryCreated, What: fmt.Sprintf("g%04d", i)})
		}
		record(t, a, busy...)

		// Two processes that do it at once remove no more than one.
		var group sync.WaitGroup
		removed, errs := make([]int64, 2), make([]error, 2)
		for i, db := range []storetest.Store{a, b} {
			group.Go(func() { removed[i], errs[i] = audit.NewDeeds(db).TrimTo(t.Context(), now, most) })
		}
		group.Wait()
		require.NoError(t, errors.Join(errs...))
		require.Equal(t, int64(surplus+3), removed[0]+removed[1])
		var kept []string
		for _, d := range list(t, a, audit.Query{}) {
			kept = append(kept, string(d.Tenant)+" "+d.What)
		}
		require.Equal(t, []string{"busy g1504", "busy g1503", "busy g1502", "busy g1501", "busy g1500", " default", "left ", "calm k"}, kept)
		n, err := audit.NewDeeds(b).Trim(t.Context(), now)
		require.NoError(t, err)
		require.Zero(t, n)
		n, err = audit.NewDeeds(b).Trim(t.Context(), time.Unix(0, 0))
		require.NoError(t, err)
		require.Zero(t, n, "at a time that is doubted nothing is old")
	})
}

// TestActsLeaveDeeds: each act of the rooms' own tables with its row, or neither.
func TestActsLeaveDeeds(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, _ := started(t, open)
		ctx := t.Context()
		a, err := access.New([][]byte{make([]byte, access.MinPepper)}, db, access.Scope{Name: "search", Allows: "search"})
		require.NoError(t, err)
		told := func() (acts []string) {
			for _, d := range list(t, db, audit.Query{}) {
				require.Empty(t, d.Key)
				acts = append([]string{fmt.Sprint(d.Tenant, " ", d.Verb, " ", d.What)}, acts...)
			}
			return acts
		}
		_, err = a.CreateTenant(ctx, "t", "")
		require.NoError(t, err)
		_, err = a.CreateTenant(ctx, "t", "")
		require.ErrorIs(t, err, store.ErrExists)
		_, key, err := a.Create(ctx, "t", "till", []string{"search"})
		require.NoError(t, err)
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "t"}, key.ID))
		require.NoError(t, a.Revoke(ctx, store.Actor{Tenant: "t"}, key.ID), "nothing is left to revoke")
		require.ErrorIs(t, a.Revoke(ctx, store.Actor{Tenant: "t"}, "nobody's"), store.ErrNotFound)
		calibrations := identify.NewCalibrations(db)
		set := audit.By(store.Actor{}, audit.CalibrationSet, "default").Record
		require.NoError(t, calibrations.PutCalibration(ctx, "default", []byte(`{}`), set))
		require.Error(t, calibrations.PutCalibration(ctx, "default", []byte(`{`), set))
		reset := audit.By(store.Actor{}, audit.CalibrationReset, "default").Record
		require.NoError(t, calibrations.DeleteCalibration(ctx, "default", reset))
		require.ErrorIs(t, calibrations.DeleteCalibration(ctx, "default", reset), store.ErrNotFound)
		id := string(key.ID)
		require.Equal(t, []string{
			"t tenant.created ", "t key.created " + id, "t key.revoked " + id, " calibration.set default", " calibration.reset default",
		}, told())
		require.NoError(t, a.DeleteTenant(ctx, "t"))
		require.ErrorIs(t, a.DeleteTenant(ctx, "t"), store.ErrNotFound)
		require.Equal(t, []string{" calibration.set default", " calibration.reset default", "t tenant.deleted "}, told())
	})
}

// TestRemovalsGoBeforeDeeds: what is to be revoked or erased does not stay for want
// of a row about it.
func TestRemovalsGoBeforeDeeds(t *testing.T) {
	d := audit.By(store.Actor{Tenant: "t"}, audit.KeyRevoked, "k")
	for err, want := range map[error]int{store.ErrFull: 2, store.ErrDamaged: 2, store.ErrUncertain: 1, store.ErrNotFound: 1} {
		tries := 0
		got := audit.Removing(d, func(also ...func(store.Tx) error) error {
			if tries++; len(also) > 0 {
				return fmt.Errorf("remove: %w", err)
			}
			return nil
		})
		require.Equal(t, want, tries, err)
		if want == 1 {
			require.ErrorIs(t, got, err)
		} else {
			require.NoError(t, got)
		}
	}
}

// A deed is kept by its id, or was when its tenant's end took its place.
func TestHas(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, _ := started(t, open)
		end := audit.Entry{ID: "end", Deed: audit.Deed{At: epoch, Tenant: "acme", Verb: audit.TenantDeleted}}
		require.NoError(t, db.Update(t.Context(), "record", end.Record))
		entry := func(id string, tenant store.TenantID, after time.Duration) audit.Entry {
			return audit.Entry{ID: id, Deed: audit.Deed{At: epoch.Add(after), Tenant: tenant, Verb: audit.SubjectDeleted, What: "g/a"}}
		}
		for e, want := range map[audit.Entry]bool{
			end:                                true,
			entry("x", "acme", -time.Second):   true,
			entry("x", "acme", time.Second):    false,
			entry("x", "other", -time.Second):  false,
			entry("end", "other", time.Second): true,
		} {
			has, err := audit.NewDeeds(db).Has(t.Context(), e)
			require.NoError(t, err)
			require.Equal(t, want, has, "%+v", e)
		}
	})
}
