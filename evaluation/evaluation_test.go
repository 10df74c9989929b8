package evaluation_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"oneton/audit"
	"oneton/calibration"
	"oneton/evaluation"
	"oneton/identify"
	"oneton/job"
	"oneton/store"
	"oneton/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 2 * time.Minute

var by = store.Actor{Tenant: "acme", Key: "k1"}

// faces stand for the service that measures.
type faces struct {
	db    storetest.Store
	found func(g store.Gallery) identify.Evaluation
	// held, unless nil, holds up an evaluation until it is closed.
	held  chan struct{}
	asked atomic.Int32
	fails atomic.Int32
	// read, unless nil, is called once a gallery was read.
	read func(store.Gallery)
}

func (f *faces) Gallery(ctx context.Context, by store.Actor, name string) (store.Gallery, error) {
	g, err := f.db.Gallery(ctx, by.Tenant, name)
	if errors.Is(err, store.ErrNotFound) {
		err = &identify.ResourceError{Kind: identify.KindGallery, Name: name, Err: err}
	}
	if err == nil && f.read != nil {
		f.read(g)
	}
	return g, err
}

func (f *faces) Evaluate(ctx context.Context, by store.Actor, req identify.EvaluationRequest) (identify.Evaluation, error) {
	f.asked.Add(1)
	if f.fails.Add(-1) >= 0 {
		return identify.Evaluation{}, store.ErrUnavailable
	}
	if err := req.Progress(3, req.Faces); err != nil {
		return identify.Evaluation{}, err
	}
	if f.held != nil {
		select {
		case <-f.held:
		case <-ctx.Done():
			return identify.Evaluation{}, ctx.Err()
		}
	}
	g, err := f.Gallery(ctx, by, req.Gallery)
	return f.found(g), err
}

func enrol(t *testing.T, db storetest.Store, g store.Gallery, id store.SubjectID) store.FaceID {
	t.Helper()
	f := storetest.NewFace(uuid.NewString())
	_, err := db.Enrol(t.Context(), store.Subject{Gallery: g.ID, ID: id}, []store.Face{f}, nil, true)
	require.NoError(t, err)
	return f.ID
}

// An evaluation is a job of which a gallery has one at a time; what it names goes with
// the people, is left out while a face is aside, and nothing of it outlives the gallery.
func TestEvaluation(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		require.NoError(t, errors.Join(audit.Migrate(ctx, db), job.Migrate(ctx, db), evaluation.Migrate(ctx, db)))
		for _, tenant := range []store.TenantID{"acme", "other"} {
			require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: tenant}))
		}
		g := store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: "acme", Name: "staff", Pack: storetest.Pack, Policy: store.Policy{FPIR: 0.01}}
		require.NoError(t, db.CreateGallery(ctx, g))
		ann, bob, cid := enrol(t, db, g, "ann"), enrol(t, db, g, "bob"), enrol(t, db, g, "cid")
		at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
		found := identify.Evaluation{
			At: at, Gallery: g.ID, Pack: g.Pack, Enrolled: 3, People: 3, Searched: 3, SearchedPeople: 3, Suspects: 2, Mates: 1,
			Policy: identify.EvaluatedRate{FPIR: 0.01, Threshold: 0.4, Found: 1, Measured: calibration.Exactly(1, 3), Distinct: calibration.Exactly(0, 1)},
			Rates:  []identify.EvaluatedRate{{FPIR: 0.1, Threshold: 0.3, Found: 1, Measured: calibration.Exactly(1, 3), Distinct: calibration.Exactly(0, 1)}},
			Missed: new(calibration.Exactly(0, 1)),
			Alike: []identify.Alike{
				{A: identify.FaceOf{Subject: "ann", Face: ann}, B: identify.FaceOf{Subject: "bob", Face: bob}, Cosine: 0.9, Score: 100, Expected: 1e-6, Suspect: true},
				{A: identify.FaceOf{Subject: "bob", Face: bob}, B: identify.FaceOf{Subject: "cid", Face: cid}, Cosine: 0.2, Score: 17, Expected: 3},
			},
			Unlike: []identify.Unlike{
				{FaceOf: identify.FaceOf{Subject: "cid", Face: cid}, Own: 0.1, Others: 2, Nearest: identify.FaceOf{Subject: "bob", Face: bob}, Other: 0.2},
				{FaceOf: identify.FaceOf{Subject: "ann", Face: ann}, Own: 0.15, Others: 1, Other: -1},
			},
		}
		f := &faces{db: db, found: func(g store.Gallery) identify.Evaluation {
			e := found
			// Who has gone while it was made is not named.
			e.Alike = append(e.Alike[:2:2], identify.Alike{A: identify.FaceOf{Subject: "gone", Face: ann}, B: identify.FaceOf{Subject: "bob", Face: bob}})
			e.Unlike = append(e.Unlike[:2:2], identify.Unlike{FaceOf: identify.FaceOf{Subject: "gone", Face: ann}})
			e.Gallery = g.ID
			return e
		}, held: make(chan struct{})}
		cfg := job.DefaultConfig()
		cfg.Workers, cfg.Poll = 2, 50*time.Millisecond
		q := job.NewQueue(cfg, db, zerolog.New(zerolog.NewTestWriter(t)))
		s := evaluation.NewService(db, f, q)
		running, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(running) }()
		defer func() { stop(); require.NoError(t, <-ended) }()

		none, err := s.Get(ctx, by, "staff")
		require.NoError(t, err)
		require.Zero(t, none, "nobody has asked")
		for _, name := range []string{"none", "staff"} {
			_, err = s.Start(ctx, store.Actor{Tenant: "other"}, name, 0)
			require.ErrorIs(t, err, store.ErrNotFound)
			_, err = s.Get(ctx, store.Actor{Tenant: "other"}, name)
			require.ErrorIs(t, err, store.ErrNotFound)
		}
		_, err = s.Start(ctx, by, "staff", identify.MaxEvaluated+1)
		require.ErrorIs(t, err, identify.ErrInvalid)

		f.fails.Store(1) // and is tried again
		first, err := s.Start(ctx, by, "staff", 7)
		require.NoError(t, err)
		require.Equal(t, evaluation.Kind, first.State.Kind)
		again, err := s.Start(ctx, by, "staff", 9)
		require.NoError(t, err)
		require.Equal(t, first.Job, again.Job, "one at a time")
		require.Eventually(t, func() bool {
			e, err := s.Get(ctx, by, "staff")
			require.NoError(t, err)
			require.Nil(t, e.Found)
			return e.State.Done == 3 && e.State.Of == 7
		}, patience, 10*time.Millisecond)
		close(f.held)
		get := func() identify.Evaluation {
			e, err := s.Get(ctx, by, "staff")
			require.NoError(t, err)
			require.NotNil(t, e.Found)
			return *e.Found
		}
		_, err = q.Wait(ctx, "acme", first.Job)
		require.NoError(t, err)
		require.Equal(t, found, get())
		deeds, _, err := audit.NewDeeds(db).List(ctx, audit.Query{Tenant: "acme", Limit: 10})
		require.NoError(t, err)
		require.Len(t, deeds, 1)
		require.Equal(t, audit.GalleryEvaluated, deeds[0].Verb)
		require.Equal(t, "staff", deeds[0].What)

		// Set aside and back.
		_, _, err = db.SetAside(ctx, g.ID, "cid", cid, at)
		require.NoError(t, err)
		e := get()
		require.Equal(t, found.Alike[:1], e.Alike)
		require.Equal(t, found.Unlike[1:], e.Unlike)
		_, _, err = db.SetAside(ctx, g.ID, "cid", cid, time.Time{})
		require.NoError(t, err)
		require.Equal(t, found, get())

		// Again, in the place of the last.
		second, err := s.Start(ctx, by, "staff", 0)
		require.NoError(t, err)
		require.NotEqual(t, first.Job, second.Job)
		_, err = q.Wait(ctx, "acme", second.Job)
		require.NoError(t, err)
		require.Equal(t, found, get())

		// Nothing names who is gone.
		_, err = db.DeleteSubject(ctx, g.ID, "bob")
		require.NoError(t, err)
		e = get()
		require.Empty(t, e.Alike)
		require.Equal(t, found.Unlike[1:], e.Unlike)
		named := func() []string {
			all, err := store.List(ctx, db, "look", func(row store.Row) (id string, err error) { err = row.Scan(&id); return id, err }, `SELECT subject FROM evaluation_findings`)
			require.NoError(t, err)
			return all
		}
		require.Equal(t, []string{"ann"}, named())
		_, err = db.DeleteFace(ctx, g.ID, "ann", ann)
		require.NoError(t, err)
		require.Empty(t, get().Unlike)

		_, err = db.DeleteGallery(ctx, "acme", "staff")
		require.NoError(t, err)
		_, err = s.Get(ctx, by, "staff")
		require.ErrorIs(t, err, store.ErrNotFound)
		require.Eventually(t, func() bool {
			_, err := db.DeleteExpired(ctx, time.Now()) // which removes what was dropped
			require.NoError(t, err)
			return len(named()) == 0
		}, patience, 10*time.Millisecond)
	})
}

// A job of a gallery that is gone fails, and is not tried again.
func TestGalleryGoes(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		require.NoError(t, errors.Join(audit.Migrate(ctx, db), job.Migrate(ctx, db), evaluation.Migrate(ctx, db)))
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "acme"}))
		g := store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: "acme", Name: "staff", Pack: storetest.Pack, Policy: store.Policy{FPIR: 0.01}}
		require.NoError(t, db.CreateGallery(ctx, g))
		q := job.NewQueue(job.DefaultConfig(), db, zerolog.Nop())
		f := &faces{db: db}
		s := evaluation.NewService(db, f, q)
		e, err := s.Start(ctx, by, "staff", 0)
		require.NoError(t, err)
		_, err = db.DeleteGallery(ctx, "acme", "staff")
		require.NoError(t, err)
		g.ID = store.GalleryID(uuid.NewString())
		require.NoError(t, db.CreateGallery(ctx, g), "another of that name is another")
		running, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(running) }()
		defer func() { stop(); require.NoError(t, <-ended) }()
		state, err := q.Wait(ctx, "acme", e.Job)
		require.NoError(t, err)
		require.Equal(t, job.Failed, state.Status)
		require.Zero(t, f.asked.Load())
	})
}

// Whoever asks while the gallery goes is told that it is gone.
func TestGalleryGoesMeanwhile(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := open(t)
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		require.NoError(t, errors.Join(audit.Migrate(ctx, db), job.Migrate(ctx, db), evaluation.Migrate(ctx, db)))
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "acme"}))
		g := store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: "acme", Name: "staff", Pack: storetest.Pack, Policy: store.Policy{FPIR: 0.01}}
		require.NoError(t, db.CreateGallery(ctx, g))
		f := &faces{db: db, read: func(g store.Gallery) {
			_, err := db.DeleteGallery(ctx, g.Tenant, g.Name)
			require.NoError(t, err)
		}}
		_, err := evaluation.NewService(db, f, job.NewQueue(job.DefaultConfig(), db, zerolog.Nop())).Start(ctx, by, "staff", 0)
		require.ErrorIs(t, err, store.ErrNotFound)
	})
}

// However many galleries are evaluated, other work that computes has its places.
func TestEvaluationsLeavePlaces(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db, ctx := open(t), t.Context()
		require.NoError(t, errors.Join(audit.Migrate(ctx, db), job.Migrate(ctx, db), evaluation.Migrate(ctx, db)))
		require.NoError(t, db.CreateTenant(ctx, store.Tenant{ID: "acme"}))
		cfg := job.DefaultConfig()
		cfg.Workers, cfg.Poll = 1, 50*time.Millisecond
		q := job.NewQueue(cfg, db, zerolog.Nop())
		q.Handle("check", job.Kind{Do: func(context.Context, *job.Job) ([]byte, error) { return nil, nil }})
		f := &faces{db: db, held: make(chan struct{}), found: func(g store.Gallery) identify.Evaluation { return identify.Evaluation{Gallery: g.ID} }}
		s := evaluation.NewService(db, f, q)
		running, stop := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- q.Run(running) }()
		defer func() { stop(); require.NoError(t, <-ended) }()
		var last job.ID
		for _, name := range []string{"staff", "visitors"} {
			require.NoError(t, db.CreateGallery(ctx, store.Gallery{ID: store.GalleryID(uuid.NewString()), Tenant: "acme", Name: name, Pack: storetest.Pack, Policy: store.Policy{FPIR: 0.01}}))
			e, err := s.Start(ctx, by, name, 5)
			require.NoError(t, err)
			last = e.Job
		}
		require.Eventually(t, func() bool { return f.asked.Load() == 1 }, patience, 10*time.Millisecond)
		var check job.ID
		require.NoError(t, db.Update(ctx, "add a check", func(tx store.Tx) (err error) {
			check, err = q.Add(tx, job.New{Tenant: "acme", Kind: "check"})
			return err
		}))
		waiting, cancel := context.WithTimeout(ctx, 30*time.Second)
		defer cancel()
		state, err := q.Wait(waiting, "acme", check)
		require.NoError(t, err)
		require.Equal(t, job.Succeeded, state.Status)
		require.EqualValues(t, 1, f.asked.Load(), "one after another")
		close(f.held)
		_, err = q.Wait(ctx, "acme", last)
		require.NoError(t, err)
	})
}
