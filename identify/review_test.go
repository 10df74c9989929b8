package identify_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/audit"
	"oneton/changelog"
	"oneton/identify"
	"oneton/index/exact"
	"oneton/store"
	"oneton/store/storetest"
)

// clock is a time that tests move.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

// on is the service on a store of an engine, with a gallery whose answers of several
// wait for a day.
func on(t *testing.T, db storetest.Store, c *clock) *identify.Service {
	t.Helper()
	return onIndex(t, db, c, func(x identify.Index) identify.Index { return x })
}

// onIndex searches an index by something else.
func onIndex(t *testing.T, db storetest.Store, c *clock, searched func(identify.Index) identify.Index) *identify.Service {
	t.Helper()
	require.NoError(t, errors.Join(audit.Migrate(t.Context(), db), identify.Migrate(t.Context(), db)))
	x, err := exact.New(exact.Config{})
	require.NoError(t, err)
	f := changelog.NewFollower(db, x, changelog.FollowerConfig{Poll: 10 * time.Millisecond})
	following, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- f.Run(following) }()
	t.Cleanup(func() {
		stop()
		require.ErrorIs(t, <-done, context.Canceled)
		require.NoError(t, x.Close())
	})
	s, err := identify.New(identify.Config{DefaultPack: pack, DefaultPolicy: policy(), Now: c.now}, scripted{table: table()}, searched(x), f, db)
	require.NoError(t, err)
	for _, id := range []store.TenantID{tenant, "other"} {
		require.NoError(t, db.CreateTenant(t.Context(), store.Tenant{ID: id}))
	}
	p := policy()
	p.Review = 24 * time.Hour
	_, err = s.CreateGallery(t.Context(), by, store.Gallery{Name: gallery, Policy: p})
	require.NoError(t, err)
	return s
}

// twice is somebody who is enrolled twice, and searched: several.
func twice(t *testing.T, s *identify.Service) identify.ProbeAnswer {
	t.Helper()
	actor := by
	actor.Key, actor.Request = "k1", "r1"
	a, err := s.Search(t.Context(), actor, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 9})}})
	require.NoError(t, err)
	require.Equal(t, identify.Several, a.Probes[0].Outcome)
	return a.Probes[0]
}

func reviews(t *testing.T, s *identify.Service, decided bool) []identify.Review {
	t.Helper()
	all, err := s.Reviews(t.Context(), by, gallery, decided, store.Page{Limit: 2000})
	require.NoError(t, err)
	return all
}

// An answer of several waits, is decided once by whoever is first, and is in the audit
// without the people's ids; a photo is kept only where the gallery keeps photos, and no
// longer than until then.
func TestReviews(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		c := &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
		s := on(t, db, c)
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}))
		enrol(t, s, "bob", photograph(t, shown{Person: "bob"}))
		_, err := s.Search(ctx, by, identify.SearchRequest{Gallery: gallery, Photos: [][]byte{photograph(t, shown{Person: "bob", Take: 2})}})
		require.NoError(t, err)
		none := -1.0
		tried, err := s.Search(ctx, by, identify.SearchRequest{Gallery: gallery, Threshold: &none, Photos: [][]byte{photograph(t, shown{Person: "ann", Take: 2})}})
		require.NoError(t, err)
		require.Equal(t, identify.Several, tried.Probes[0].Outcome)
		require.Empty(t, tried.Probes[0].Review)
		require.Empty(t, reviews(t, s, false), "one, or by another threshold than the gallery's")

		p := twice(t, s)
		require.NotEmpty(t, p.Review)
		waiting := reviews(t, s, false)
		require.Len(t, waiting, 1)
		r := waiting[0]
		require.Equal(t, p.Review, r.ID)
		require.Equal(t, store.KeyID("k1"), r.By)
		require.Equal(t, "r1", r.Request)
		require.Equal(t, c.Time, r.At.UTC())
		require.Equal(t, c.Add(24*time.Hour), r.EndsAt.UTC())
		require.Equal(t, p.Face.Box, r.Box)
		require.InDelta(t, p.Threshold, r.Threshold, 1e-12)
		require.Equal(t, p.Faces, r.Faces)
		require.False(t, r.HasPhoto)
		require.Len(t, r.Candidates, len(p.Candidates))
		for i, candidate := range p.Candidates {
			require.Equal(t, candidate.Subject, r.Candidates[i].Subject)
			require.Equal(t, candidate.Face, r.Candidates[i].Face)
			require.InDelta(t, candidate.Cosine, r.Candidates[i].Cosine, 1e-12)
			require.InDelta(t, candidate.Score, r.Candidates[i].Score, 1e-12)
		}
		_, err = s.ReviewPhoto(ctx, by, gallery, r.ID)
		require.ErrorIs(t, err, store.ErrNotFound)

		for name, bad := range map[string]identify.Decision{
			"what is none":       {Decision: "perhaps"},
			"nobody":             {Decision: identify.DecisionCandidate},
			"somebody for none":  {Decision: identify.DecisionNone, Subject: "ann"},
			"one person alone":   {Decision: identify.DecisionSame, Subject: "ann"},
			"and itself":         {Decision: identify.DecisionSame, Subject: "ann", Others: []store.SubjectID{"ann"}},
			"twice":              {Decision: identify.DecisionSame, Subject: "ann", Others: []store.SubjectID{"anna", "anna"}},
			"others without end": {Decision: identify.DecisionCandidate, Subject: "ann", Others: []store.SubjectID{"anna"}},
		} {
			bad.Gallery, bad.Review = gallery, r.ID
			_, err := s.Decide(ctx, by, bad)
			require.ErrorIs(t, err, identify.ErrInvalid, name)
		}
		for name, bad := range map[string]identify.Decision{
			"subject": {Decision: identify.DecisionCandidate, Subject: "bob"},
			"others":  {Decision: identify.DecisionSame, Subject: "ann", Others: []store.SubjectID{"bob"}},
		} {
			bad.Gallery, bad.Review = gallery, r.ID
			_, err := s.Decide(ctx, by, bad)
			require.ErrorIs(t, err, identify.ErrNoCandidate)
			argument, _ := errors.AsType[*identify.ArgumentError](err)
			require.Equal(t, name, argument.Argument)
		}
		for _, of := range []store.Actor{{Tenant: "other"}, by} {
			id := r.ID
			if of.Tenant == tenant {
				id = "none"
			}
			_, err = s.Decide(ctx, of, identify.Decision{Gallery: gallery, Review: id, Decision: identify.DecisionNone})
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = s.Review(ctx, of, gallery, id)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		require.Equal(t, waiting, reviews(t, s, false), "nothing was changed")

		c.Time = c.Add(time.Hour)
		decided, err := s.Decide(ctx, store.Actor{Tenant: tenant, Key: "k2"}, identify.Decision{Gallery: gallery, Review: r.ID, Decision: identify.DecisionCandidate, Subject: "anna"})
		require.NoError(t, err)
		require.Equal(t, store.KeyID("k2"), decided.DecidedBy)
		require.Equal(t, c.Time, decided.DecidedAt.UTC())
		for _, candidate := range decided.Candidates {
			require.Equal(t, candidate.Subject == "anna", candidate.Chosen)
		}
		require.Empty(t, reviews(t, s, false))
		require.Equal(t, []identify.Review{decided}, reviews(t, s, true))
		_, err = s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: r.ID, Decision: identify.DecisionNone})
		require.ErrorIs(t, err, identify.ErrDecided)
		deeds, _, err := audit.NewDeeds(db).List(ctx, audit.Query{Tenant: tenant, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, audit.ReviewDecided, deeds[0].Verb)
		require.Equal(t, gallery+"/"+r.ID+"/candidate", deeds[0].What)

		// Where photos are kept the photo is, until the decision.
		keeps := policy()
		keeps.Review, keeps.KeepPhotos = 24*time.Hour, true
		_, err = s.UpdatePolicy(ctx, by, gallery, to(keeps))
		require.NoError(t, err)
		p = twice(t, s)
		require.True(t, reviews(t, s, false)[0].HasPhoto)
		kept, err := s.ReviewPhoto(ctx, by, gallery, p.Review)
		require.NoError(t, err)
		require.Equal(t, store.Photo{MediaType: "image/jpeg", Bytes: photograph(t, shown{Person: "ann", Take: 9})}, kept)
		_, err = s.ReviewPhoto(ctx, store.Actor{Tenant: "other"}, gallery, p.Review)
		require.ErrorIs(t, err, store.ErrNotFound)
		decided, err = s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: p.Review, Decision: identify.DecisionNone})
		require.NoError(t, err)
		require.False(t, decided.HasPhoto)
		_, err = s.ReviewPhoto(ctx, by, gallery, p.Review)
		require.ErrorIs(t, err, store.ErrNotFound)

		// Two who are one are merged.
		_, err = s.UpdatePolicy(ctx, by, gallery, to(func() store.Policy { k := keeps; k.KeepPhotos = false; return k }()))
		require.NoError(t, err)
		p = twice(t, s)
		decided, err = s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: p.Review, Decision: identify.DecisionSame, Subject: "ann", Others: []store.SubjectID{"anna"}})
		require.NoError(t, err)
		require.Len(t, decided.Candidates, 1)
		require.True(t, decided.Candidates[0].Chosen)
		_, err = s.Review(ctx, by, gallery, p.Review)
		require.NoError(t, err)
		found, ids := who(t, s, shown{Person: "ann", Take: 9})
		require.Equal(t, identify.One, found)
		require.Equal(t, []string{"ann"}, ids)
	})
}

// What waits is bounded in time by the policy, and in number; a policy that keeps
// nothing keeps nothing.
func TestReviewsAreBounded(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		c := &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
		s := on(t, db, c)
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}))
		change := func(review time.Duration) error {
			p := policy()
			p.Review = review
			_, err := s.UpdatePolicy(ctx, by, gallery, to(p))
			return err
		}
		rows := func() (n int) {
			_, err := store.List(ctx, db, "look", func(row store.Row) (int, error) { n++; var id string; return 0, row.Scan(&id) }, `SELECT id FROM reviews`)
			require.NoError(t, err)
			return n
		}
		twice(t, s)
		c.Time = c.Add(23 * time.Hour)
		require.NoError(t, s.SweepReviews(ctx, c.Time))
		require.Len(t, reviews(t, s, false), 1)
		c.Time = c.Add(2 * time.Hour)
		require.Empty(t, reviews(t, s, false), "though nobody has swept")
		require.NoError(t, s.SweepReviews(ctx, c.Time))
		require.Zero(t, rows())

		twice(t, s)
		require.NoError(t, change(time.Hour))
		require.Equal(t, c.Add(time.Hour), reviews(t, s, false)[0].EndsAt.UTC(), "a shorter time holds for what waits")
		require.NoError(t, change(identify.MaxReview))
		require.Equal(t, c.Add(time.Hour), reviews(t, s, false)[0].EndsAt.UTC(), "and a longer one does not")
		require.NoError(t, change(0))
		require.Empty(t, reviews(t, s, false))
		require.Empty(t, twice(t, s).Review)
		require.NoError(t, s.SweepReviews(ctx, c.Time))
		require.Zero(t, rows())
		require.ErrorIs(t, change(identify.MaxReview+1), identify.ErrInvalid)
		require.ErrorIs(t, change(-1), identify.ErrInvalid)

		// As many as may.
		require.NoError(t, change(time.Hour))
		g, err := s.Gallery(ctx, by, gallery)
		require.NoError(t, err)
		require.NoError(t, db.Update(ctx, "fill", func(tx store.Tx) error {
			for i := range 1000 {
				if _, err := tx.Exec(`INSERT INTO reviews (id, gallery, at, actor, request, figures, decision, decided_by, ends_at) VALUES ($1, $2, $3, '', '', '{}', '', '', $4)`,
					fmt.Sprint("r", i), g.ID, c.Time, c.Add(time.Hour)); err != nil {
					return err
				}
			}
			return nil
		}))
		require.Empty(t, twice(t, s).Review, "the answer is given all the same")
		require.Equal(t, 1000, rows())
	})
}

// A review names nobody who is gone, and goes with its gallery.
func TestReviewsGoWithPeople(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		s := on(t, db, &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)})
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}))
		id := twice(t, s).Review
		_, err := s.DeleteSubject(ctx, by, gallery, "anna")
		require.NoError(t, err)
		r, err := s.Review(ctx, by, gallery, id)
		require.NoError(t, err)
		require.Len(t, r.Candidates, 1)
		require.Equal(t, store.SubjectID("ann"), r.Candidates[0].Subject)
		_, err = s.DeleteGallery(ctx, by, gallery)
		require.NoError(t, err)
		_, err = s.Review(ctx, by, gallery, id)
		require.ErrorIs(t, err, store.ErrNotFound)
		require.Eventually(t, func() bool {
			_, err := db.DeleteExpired(ctx, time.Now()) // which removes what was dropped
			require.NoError(t, err)
			left := 0
			_, err = store.List(ctx, db, "look", func(row store.Row) (int, error) { left++; var id string; return 0, row.Scan(&id) }, `SELECT id FROM reviews`)
			require.NoError(t, err)
			return left == 0
		}, 2*time.Minute, 10*time.Millisecond)
	})
}

// A review names nobody by a face that is not theirs any more, or is set aside, and who
// is named so no more is decided for no more, also when that happens in between; whom the
// photo may show by then is not known, so that it goes, but for a face that may come back.
func TestReviewsGoWithFaces(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := &between{Store: open(t)}, t.Context()
		c := &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
		s := on(t, db, c)
		p := policy()
		p.Review, p.KeepPhotos = 24*time.Hour, true
		_, err := s.UpdatePolicy(ctx, by, gallery, to(p))
		require.NoError(t, err)
		_, err = s.CreateGallery(ctx, by, store.Gallery{Name: "former"})
		require.NoError(t, err)
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		for name, lose := range map[string]func(id store.SubjectID, face store.FaceID) error{
			"split": func(id store.SubjectID, face store.FaceID) error {
				_, _, err := s.Split(ctx, by, gallery, id, []store.FaceID{face}, id+"-split", true, nil)
				return err
			},
			"deleted": func(id store.SubjectID, face store.FaceID) error {
				_, err := s.DeleteFace(ctx, by, gallery, id, face)
				return err
			},
			"moved": func(id store.SubjectID, _ store.FaceID) error {
				_, _, err := s.Move(ctx, by, gallery, id, "former", "")
				return err
			},
			"aside": func(id store.SubjectID, face store.FaceID) error {
				_, err := s.SetAside(ctx, by, gallery, id, face, true)
				return err
			},
		} {
			t.Run(name, func(t *testing.T) {
				id := store.SubjectID(name)
				face := enrol(t, s, name, photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "other"})).Faces[0].ID
				review := twice(t, s).Review
				is := func(decision string) identify.Decision {
					d := identify.Decision{Gallery: gallery, Review: review, Decision: decision, Subject: id}
					if decision == identify.DecisionSame {
						d.Subject, d.Others = "ann", []store.SubjectID{id}
					}
					return d
				}
				if name == "aside" { // in between, as by another request
					db.merge = func() { db.merge = nil; require.NoError(t, lose(id, face)) }
					_, err := s.Decide(ctx, by, is(identify.DecisionSame))
					require.ErrorIs(t, err, identify.ErrNoCandidate)
					_, _, err = s.Subject(ctx, by, gallery, id)
					require.NoError(t, err, "nobody is merged")
				} else {
					require.NoError(t, lose(id, face))
				}
				r, err := s.Review(ctx, by, gallery, review)
				require.NoError(t, err)
				require.NotEmpty(t, r.Candidates)
				for _, candidate := range r.Candidates {
					require.NotEqual(t, id, candidate.Subject)
				}
				require.Equal(t, name == "aside", r.HasPhoto)
				require.NoError(t, s.SweepReviews(ctx, c.Time))
				require.Equal(t, name == "aside", photosOfReviews(t, db) == 1)
				for _, decision := range []string{identify.DecisionCandidate, identify.DecisionSame} {
					_, err = s.Decide(ctx, by, is(decision))
					require.ErrorIs(t, err, identify.ErrNoCandidate, decision)
				}
				if name == "aside" {
					_, err = s.SetAside(ctx, by, gallery, id, face, false)
					require.NoError(t, err)
					_, err = s.Decide(ctx, by, is(identify.DecisionSame))
				} else {
					_, err = s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: review, Decision: identify.DecisionNone})
				}
				require.NoError(t, err)
				if _, err = s.DeleteSubject(ctx, by, gallery, id+"-split"); !errors.Is(err, store.ErrNotFound) {
					require.NoError(t, err)
				}
			})
		}
	})
}

// Whoever was decided for is told as long as they are there, without the face that was
// found where that is not theirs any more.
func TestReviewsKeepWhomTheyWereDecidedFor(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		s := on(t, db, &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)})
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		face := enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}), photograph(t, shown{Person: "other"})).Faces[0].ID
		id := twice(t, s).Review
		_, err := s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: id, Decision: identify.DecisionCandidate, Subject: "anna"})
		require.NoError(t, err)
		tells := func(face store.FaceID) {
			t.Helper()
			r, err := s.Review(ctx, by, gallery, id)
			require.NoError(t, err)
			require.Equal(t, []identify.Review{r}, reviews(t, s, true))
			require.Len(t, r.Candidates, 2)
			for _, c := range r.Candidates {
				require.Equal(t, c.Subject == "anna", c.Chosen)
				if c.Chosen {
					require.Equal(t, face, c.Face)
					require.Positive(t, c.Cosine)
				}
			}
		}
		tells(face)
		_, err = s.SetAside(ctx, by, gallery, "anna", face, true)
		require.NoError(t, err)
		tells(face)
		_, _, err = s.Split(ctx, by, gallery, "anna", []store.FaceID{face}, "other", true, nil)
		require.NoError(t, err)
		tells("")
		_, err = s.DeleteFace(ctx, by, gallery, "other", face)
		require.NoError(t, err)
		tells("")
		_, err = s.DeleteSubject(ctx, by, gallery, "anna")
		require.NoError(t, err)
		r, err := s.Review(ctx, by, gallery, id)
		require.NoError(t, err)
		require.Len(t, r.Candidates, 1, "nothing names who is gone")
		require.Equal(t, identify.DecisionCandidate, r.Decision)
	})
}

// between is a store in which something happens before people are merged, that counts the
// photos of reviews which one removal erases, and where some cannot be deleted.
type between struct {
	storetest.Store
	merge  func()
	most   int
	undead store.SubjectID
}

func (b *between) Reassign(ctx context.Context, r store.Reassignment, decide func(from, to store.Subject) (store.Subject, error), also ...func(store.Tx) error) (store.Subject, uint64, error) {
	if b.merge != nil {
		b.merge()
	}
	return b.Store.Reassign(ctx, r, decide, also...)
}

func (b *between) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	return b.Store.Remove(ctx, doing, func(tx store.Tx) error {
		count := func() (int, error) {
			return store.OneOf(tx, func(row store.Row) (n int, err error) { err = row.Scan(&n); return n, err }, `SELECT count(*) FROM review_photos`)
		}
		before, err := count()
		if err == nil {
			err = do(tx)
		}
		after, failed := count()
		b.most = max(b.most, before-after)
		return errors.Join(err, failed)
	})
}

func (b *between) DeleteEndedSubject(ctx context.Context, e store.Ended, also ...func(store.Tx) error) (uint64, error) {
	if strings.HasPrefix(string(e.Subject), string(b.undead)) {
		return 0, store.ErrDamaged
	}
	return b.Store.DeleteEndedSubject(ctx, e, also...)
}

func photosOfReviews(t *testing.T, db store.DB) int {
	t.Helper()
	ids, err := store.List(t.Context(), db, "look", func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err }, `SELECT review FROM review_photos`)
	require.NoError(t, err)
	return len(ids)
}

// Who decides second merges nobody, and of several nobody is merged where one of them
// cannot be.
func TestReviewsMergeAsDecided(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := &between{Store: open(t)}, t.Context()
		s := on(t, db, &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)})
		for i, id := range []string{"ann", "anna", "annie"} {
			enrol(t, s, id, photograph(t, shown{Person: "ann", Take: i}))
		}
		same := identify.Decision{Gallery: gallery, Review: twice(t, s).Review, Decision: identify.DecisionSame, Subject: "ann", Others: []store.SubjectID{"anna", "annie"}}
		remain := func(want int, why string) {
			t.Helper()
			r, err := s.Review(ctx, by, gallery, same.Review)
			require.NoError(t, err)
			require.Len(t, r.Candidates, want, why)
			_, _, err = s.Subject(ctx, by, gallery, "anna")
			require.Equal(t, want > 1, err == nil, why)
		}

		_, err := s.EndSubject(ctx, by, gallery, "annie", time.Hour)
		require.NoError(t, err)
		_, err = s.Decide(ctx, by, same)
		require.ErrorIs(t, err, store.ErrEnding)
		remain(3, "one is to be deleted")
		_, err = s.KeepSubject(ctx, by, gallery, "annie")
		require.NoError(t, err)

		// Each alone would fit beside the subject.
		g, err := s.Gallery(ctx, by, gallery)
		require.NoError(t, err)
		faces, err := db.Faces(ctx, g.ID, "annie")
		require.NoError(t, err)
		many := make([]store.Face, identify.MaxFaces-2)
		for i := range many {
			many[i] = faces[0]
			many[i].ID = store.FaceID(fmt.Sprintf("00000000-0000-7000-8000-%012d", i))
		}
		_, err = db.Enrol(ctx, store.Subject{Gallery: g.ID, ID: "annie"}, many, nil, false)
		require.NoError(t, err)
		_, err = s.Decide(ctx, by, same)
		require.ErrorIs(t, err, identify.ErrTooManyFaces)
		remain(3, "together they have too many faces")
		_, err = s.DeleteFace(ctx, by, gallery, "annie", many[0].ID)
		require.NoError(t, err)

		db.merge = func() {
			db.merge = nil
			_, err := s.Decide(ctx, by, identify.Decision{Gallery: gallery, Review: same.Review, Decision: identify.DecisionNone})
			require.NoError(t, err)
		}
		_, err = s.Decide(ctx, by, same)
		require.ErrorIs(t, err, identify.ErrDecided)
		remain(3, "somebody else was first")

		// Nobody is merged into who is no candidate, not even the first of several.
		_, anns, err := s.Subject(ctx, by, gallery, "ann")
		require.NoError(t, err)
		same.Review = twice(t, s).Review
		aside := func(aside bool) {
			_, err := s.SetAside(ctx, by, gallery, "ann", anns[0].ID, aside)
			require.NoError(t, err)
		}
		db.merge = func() { db.merge = nil; aside(true) }
		_, err = s.Decide(ctx, by, same)
		require.ErrorIs(t, err, identify.ErrNoCandidate)
		aside(false)
		remain(3, "the subject's face was set aside")

		_, err = s.Decide(ctx, by, same)
		require.NoError(t, err)
		remain(1, "all are one")
	})
}

// A photo goes when any of the people does whom the answer named, when the gallery keeps
// none any more, and one by one with what ends.
func TestPhotosOfReviewsGo(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := &between{Store: open(t)}, t.Context()
		c := &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
		s := on(t, db, c)
		keep := func(photos bool) {
			t.Helper()
			p := policy()
			p.Review, p.KeepPhotos = 24*time.Hour, photos
			_, err := s.UpdatePolicy(ctx, by, gallery, to(p))
			require.NoError(t, err)
		}
		gone := func(id, why string) {
			t.Helper()
			r, err := s.Review(ctx, by, gallery, id)
			require.NoError(t, err)
			require.False(t, r.HasPhoto, why)
			_, err = s.ReviewPhoto(ctx, by, gallery, id)
			require.ErrorIs(t, err, store.ErrNotFound, why)
			require.NoError(t, s.SweepReviews(ctx, c.Time))
			require.Zero(t, photosOfReviews(t, db), why)
		}
		keep(true)
		for i, id := range []string{"ann", "anna", "annie"} {
			enrol(t, s, id, photograph(t, shown{Person: "ann", Take: i}))
		}
		id := twice(t, s).Review
		require.NoError(t, s.SweepReviews(ctx, c.Time))
		_, err := s.ReviewPhoto(ctx, by, gallery, id)
		require.NoError(t, err, "nobody has gone")
		_, err = s.DeleteSubject(ctx, by, gallery, "annie")
		require.NoError(t, err)
		gone(id, "one of three was deleted")

		id = twice(t, s).Review
		keep(false)
		keep(true)
		gone(id, "no photos are kept")

		db.most = 0
		for range 3 {
			twice(t, s)
		}
		require.Equal(t, 3, photosOfReviews(t, db))
		c.Time = c.Add(25 * time.Hour)
		require.NoError(t, s.SweepReviews(ctx, c.Time))
		require.Zero(t, photosOfReviews(t, db))
		require.Equal(t, 1, db.most, "photos in one transaction")
	})
}

// A small request leaves little: a photo of several people stays with none of their
// reviews, and what is asked by a rate of the caller's own does not wait.
func TestReviewsOfGroups(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		s := on(t, db, &clock{time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)})
		p := policy()
		p.Review, p.KeepPhotos = 24*time.Hour, true
		_, err := s.UpdatePolicy(ctx, by, gallery, to(p))
		require.NoError(t, err)
		enrol(t, s, "ann", photograph(t, shown{Person: "ann"}))
		enrol(t, s, "anna", photograph(t, shown{Person: "ann", Take: 1}))
		ask := func(fpir float64, faces ...shown) {
			t.Helper()
			a, err := s.Search(ctx, by, identify.SearchRequest{Gallery: gallery, AllFaces: true, FPIR: fpir, Photos: [][]byte{photograph(t, faces...)}})
			require.NoError(t, err)
			require.Equal(t, identify.Several, a.Probes[0].Outcome)
		}
		ask(0.5, shown{Person: "ann", Take: 2})
		require.Empty(t, reviews(t, s, false), "by a rate of the caller's")
		ask(0, shown{Person: "ann", Take: 2}, shown{Person: "ann", Take: 3})
		require.Len(t, reviews(t, s, false), 2)
		require.Zero(t, photosOfReviews(t, db))
		ask(0, shown{Person: "ann", Take: 2})
		require.Len(t, reviews(t, s, false), 3)
		require.Equal(t, 1, photosOfReviews(t, db), "of one who is alone on it")
	})
}

// Who cannot be deleted holds up nobody whose end comes later, however many they are.
func TestEndingsDoNotHoldUpOthers(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := &between{Store: open(t), undead: "undead"}, t.Context()
		s := on(t, db, &clock{time.Now()})
		g, err := s.Gallery(ctx, by, gallery)
		require.NoError(t, err)
		end := func(id store.SubjectID) {
			t.Helper()
			_, err := db.Enrol(ctx, store.Subject{Gallery: g.ID, ID: id}, nil, nil, true)
			require.NoError(t, err)
			_, err = s.EndSubject(ctx, by, gallery, id, time.Microsecond)
			require.NoError(t, err)
		}
		for i := range 70 {
			end(store.SubjectID(fmt.Sprint("undead", i)))
		}
		end("ann")
		require.Eventually(t, func() bool {
			_, err := s.DeleteEndedSubjects(ctx)
			require.ErrorIs(t, err, store.ErrDamaged)
			_, err = db.Subject(ctx, g.ID, "ann")
			return errors.Is(err, store.ErrNotFound)
		}, 30*time.Second, 10*time.Millisecond)
	})
}
