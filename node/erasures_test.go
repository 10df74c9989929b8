package node_test

import (
	"errors"
	"fmt"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/config"
	"oneton/node"
	"oneton/store"
	"oneton/store/storetest"
)

// listed yields the entries.
func listed(all []audit.Entry, end error) iter.Seq2[audit.Entry, error] {
	return func(yield func(audit.Entry, error) bool) {
		for _, e := range all {
			if !yield(e, nil) {
				return
			}
		}
		if end != nil {
			yield(audit.Entry{}, end)
		}
	}
}

// cells are a column's texts.
func cells(t *testing.T, cfg config.Config, table, column string) (all []any) {
	t.Helper()
	snapshot(t, cfg, func(s store.Snapshot) error {
		for row, err := range s.Rows(t.Context(), store.Table{Name: table, Columns: []store.Column{{Name: column, Kind: store.Text}}}) {
			require.NoError(t, err)
			all = append(all, row[0])
		}
		return nil
	})
	return all
}

// TestReplay does again whatever ends something, in a restored database of each engine:
// once, and nothing that the backup knew of.
func TestReplay(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			made := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
			cfg := populated(t, fresh, 3)
			text := func(n int) string { return fmt.Sprintf("ü\u2028\"\\ <%d>", n) } // as everyTable has it
			var all []audit.Entry
			add := func(verb audit.Verb, row int, what string) {
				all = append(all, audit.Entry{ID: fmt.Sprint("id", len(all)), Deed: audit.Deed{
					At: made.Add(time.Minute), Tenant: store.TenantID(text(row)), Key: "k", Request: "r", Verb: verb, What: what,
				}})
			}
			one, two := text(1), text(2)
			add(audit.PhotosDeleted, 1, one+"/"+one)
			add(audit.FaceDeleted, 1, one+"/"+one+"/"+one)
			add(audit.SubjectDeleted, 1, one+"/"+one)
			add(audit.UserDeleted, 1, one)
			add(audit.IdentityTokenRevoked, 1, one)
			add(audit.IdentityTokenRotated, 2, two)
			add(audit.WebhookDeleted, 1, one)
			add(audit.GalleryDeleted, 1, one)
			add(audit.TenantDeleted, 1, "")
			erasures := len(all)
			add(audit.SubjectDeleted, 2, "none/one")
			add(audit.SubjectDeleted, 2, two+"/none")
			add(audit.SubjectDeleted, 2, "no name")
			add(audit.WebhookDeleted, 2, "none")
			gone := len(all) - erasures
			add(audit.KeyRevoked, 3, text(3)) // whether it was is not told
			add(audit.GalleryCreated, 2, "other")
			for _, e := range all[:len(all)-1] {
				require.True(t, node.IsErasure(e.Deed), e.Verb)
			}
			require.False(t, node.IsErasure(all[len(all)-1].Deed))

			before := digests(t, cfg)
			r, err := node.Replay(t.Context(), cfg, made.Add(48*time.Hour), listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, len(all)-1, r.Before, "they are older than the backup")
			require.Zero(t, r.Erased+r.Gone)
			for table, digest := range digests(t, cfg) {
				if table != "faces" { // whose missing checksums any start adds
					require.Equal(t, before[table], digest, table)
				}
			}

			r, err = node.Replay(t.Context(), cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Erased: erasures + 1, Gone: gone, Imports: r.Imports}, r)
			require.NotContains(t, cells(t, cfg, "tenants", "id"), one)
			require.Contains(t, cells(t, cfg, "tenants", "id"), two, "others stay")
			require.Contains(t, cells(t, cfg, "deeds", "id"), all[5].ID, "it is in the record under its id")
			after := digests(t, cfg)
			for _, table := range []string{"subjects", "galleries", "tenants", "kyc_users", "identity_tokens", "webhook_endpoints"} {
				require.NotEqual(t, before[table], after[table], table)
			}

			broken := errors.New("broken")
			r, err = node.Replay(t.Context(), cfg, made, listed(all[1:6], nil))
			require.NoError(t, err)
			require.Equal(t, 5, r.Before, "and those in whose place the end of their tenant stands")
			other := all[len(all)-2]
			other.ID = "unknown"
			_, err = node.Replay(t.Context(), cfg, made, listed([]audit.Entry{other}, broken))
			require.ErrorIs(t, err, broken)
			require.NotContains(t, cells(t, cfg, "deeds", "id"), other.ID, "nothing is done before all is read")
			require.Equal(t, after["subjects"], digests(t, cfg)["subjects"])
		})
	}
}

// TestReplayOfReassignments ends, in a database of before people were merged, split and
// moved, whoever was deleted since with faces that had been somebody else's.
func TestReplayOfReassignments(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			cfg, ctx, made := fresh(), t.Context(), time.Now()
			truth, err := node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			_, err = truth.Access.CreateTenant(ctx, "acme", "")
			require.NoError(t, err)
			for _, g := range []store.Gallery{{ID: "1", Name: "g"}, {ID: "2", Name: "h"}} {
				g.Tenant, g.Pack = "acme", storetest.Pack
				require.NoError(t, truth.Store.CreateGallery(ctx, g))
			}
			ids := make(map[string][]store.FaceID)
			for subject, faces := range map[string]int{"alice": 1, "alicia": 2, "bob": 3, "carol": 1, "dan": 1, "eve": 1} {
				var enrolled []store.Face
				for range faces {
					f := storetest.NewFace(uuid.NewString())
					enrolled, ids[subject] = append(enrolled, f), append(ids[subject], f.ID)
				}
				_, err := truth.Store.Enrol(ctx, store.Subject{Gallery: "1", ID: store.SubjectID(subject)}, enrolled, nil, true)
				require.NoError(t, err)
			}
			require.NoError(t, truth.Close())

			var all []audit.Entry
			add := func(verb audit.Verb, what string) {
				all = append(all, audit.Entry{ID: fmt.Sprint("id", len(all)), Deed: audit.Deed{
					At: made.Add(time.Minute), Tenant: "acme", Verb: verb, What: what,
				}})
				require.True(t, node.IsErasure(all[len(all)-1].Deed))
			}
			add(audit.SubjectMerged, "g/alice g/alicia")
			add(audit.SubjectDeleted, "g/alicia")
			add(audit.SubjectSplit, "g/bob g/rob "+string(ids["bob"][0])+" "+uuid.NewString()) // one was added later
			add(audit.SubjectDeleted, "g/rob")
			add(audit.SubjectMoved, "g/carol h/caroline")
			moved := uuid.NewSHA1(uuid.MustParse(string(ids["carol"][0])), []byte("2")).String()
			add(audit.FaceDeleted, "h/caroline/"+moved)
			add(audit.SubjectMerged, "g/dan g/later") // who was enrolled later
			add(audit.SubjectDeleted, "g/later")
			done := len(all)
			add(audit.SubjectMerged, "g/later g/eve")
			add(audit.SubjectSplit, "g/eve g/later "+uuid.NewString())
			add(audit.SubjectMoved, "g/later h/later")
			add(audit.SubjectMoved, "g/eve none/eve")
			add(audit.SubjectMerged, "g/eve")

			r, err := node.Replay(ctx, cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Erased: done, Gone: len(all) - done}, r)
			r, err = node.Replay(ctx, cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Before: len(all)}, r)

			truth, err = node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, truth.Close()) }()
			left := make(map[string]int)
			for _, g := range []store.GalleryID{"1", "2"} {
				people, err := truth.Store.Subjects(ctx, g, store.Page{Limit: 100})
				require.NoError(t, err)
				for _, p := range people {
					left[string(g)+"/"+string(p.ID)] = p.Faces
				}
			}
			require.Equal(t, map[string]int{"1/bob": 2, "1/eve": 1, "2/caroline": 0}, left)
		})
	}
}

// TestReplayOfEndings deletes whose deletion has come due since the backup, whenever it was
// asked for, lets that of others come, and lets stay for whom it was taken back.
func TestReplayOfEndings(t *testing.T) {
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			cfg, ctx, made := fresh(), t.Context(), time.Now()
			truth, err := node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			_, err = truth.Access.CreateTenant(ctx, "acme", "")
			require.NoError(t, err)
			require.NoError(t, truth.Store.CreateGallery(ctx, store.Gallery{ID: "1", Name: "g", Tenant: "acme", Pack: storetest.Pack}))
			people := []store.SubjectID{"due", "due, in the backup", "later", "stays", "stays, in the backup"}
			for _, id := range people {
				_, err := truth.Store.Enrol(ctx, store.Subject{Gallery: "1", ID: id}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
				require.NoError(t, err)
			}
			for _, id := range []store.SubjectID{people[1], people[4]} {
				_, err := truth.Store.EndSubject(ctx, "1", id, time.Microsecond)
				require.NoError(t, err)
			}
			require.NoError(t, truth.Close())

			asked := made.Add(-time.Minute).UTC().Truncate(time.Microsecond)
			var all []audit.Entry
			for i, d := range []audit.Deed{
				{Verb: audit.SubjectEnding, What: "g/due 59s"},
				{Verb: audit.SubjectEnding, What: "g/later 2h0m0s"},
				{Verb: audit.SubjectEnding, What: "g/stays 1s"},
				{Verb: audit.SubjectKept, What: "g/stays"},
				{Verb: audit.SubjectKept, What: "g/stays, in the backup"},
				{Verb: audit.SubjectEnding, What: "g/none 1s"},
				{Verb: audit.SubjectKept, What: "g/none"},
				{Verb: audit.SubjectEnding, What: "g/later"},
			} {
				d.At, d.Tenant = asked, "acme"
				require.True(t, node.IsErasure(d))
				all = append(all, audit.Entry{ID: fmt.Sprint("id", i), Deed: d})
			}
			r, err := node.Replay(ctx, cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Erased: 5, Gone: 3, Ended: 2}, r)
			r, err = node.Replay(ctx, cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Before: len(all)}, r)

			truth, err = node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, truth.Close()) }()
			left, err := truth.Store.Subjects(ctx, "1", store.Page{Limit: 100})
			require.NoError(t, err)
			require.Len(t, left, 3)
			require.Equal(t, []store.SubjectID{left[0].ID, left[1].ID, left[2].ID}, people[2:])
			require.WithinDuration(t, asked.Add(2*time.Hour), left[0].EndsAt, time.Minute)
			require.Zero(t, left[1].EndsAt)
			require.Zero(t, left[2].EndsAt)
			deeds, _, err := audit.NewDeeds(truth.Store).List(ctx, audit.Query{Tenant: "acme", Limit: 100})
			require.NoError(t, err)
			var ended []string
			for _, d := range deeds {
				if d.Verb == audit.SubjectDeleted {
					ended = append(ended, d.What)
				}
			}
			require.ElementsMatch(t, []string{"g/due", "g/due, in the backup"}, ended)
		})
	}
}

// TestReplayInOrder does again in the order of their times what servers listed by clocks
// that differ: who was to be deleted and was then kept stays, and who was to be deleted
// when they had been merged with another is deleted with that one's face.
func TestReplayInOrder(t *testing.T) {
	for engine, fresh := range databases(t) {
		t.Run(engine, func(t *testing.T) {
			cfg, ctx, made := fresh(), t.Context(), time.Now().Add(-time.Hour)
			truth, err := node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			_, err = truth.Access.CreateTenant(ctx, "acme", "")
			require.NoError(t, err)
			require.NoError(t, truth.Store.CreateGallery(ctx, store.Gallery{ID: "1", Name: "g", Tenant: "acme", Pack: storetest.Pack}))
			for _, id := range []store.SubjectID{"ann", "bob", "kept"} {
				_, err := truth.Store.Enrol(ctx, store.Subject{Gallery: "1", ID: id}, []store.Face{storetest.NewFace(uuid.NewString())}, nil, true)
				require.NoError(t, err)
			}
			require.NoError(t, truth.Close())

			var all []audit.Entry
			add := func(after time.Duration, verb audit.Verb, what string) {
				all = append(all, audit.Entry{ID: fmt.Sprint("id", len(all)), Deed: audit.Deed{At: made.Add(after), Tenant: "acme", Verb: verb, What: what}})
			}
			add(2*time.Second, audit.SubjectKept, "g/kept")
			add(time.Second, audit.SubjectEnding, "g/kept 1m0s")
			add(2*time.Second, audit.SubjectEnding, "g/bob 1m0s")
			add(time.Second, audit.SubjectMerged, "g/ann g/bob")
			r, err := node.Replay(ctx, cfg, made, listed(all, nil))
			require.NoError(t, err)
			require.Equal(t, node.Replayed{Erased: 4, Ended: 1}, r)

			truth, err = node.OpenTruth(ctx, cfg)
			require.NoError(t, err)
			defer func() { require.NoError(t, truth.Close()) }()
			left, err := truth.Store.Subjects(ctx, "1", store.Page{Limit: 100})
			require.NoError(t, err)
			require.Len(t, left, 1)
			require.Equal(t, store.SubjectID("kept"), left[0].ID)
			require.Zero(t, left[0].EndsAt)
		})
	}
}
