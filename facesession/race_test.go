package facesession_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/store"
	"oneton/store/storetest"
)

// Of many who send frames for one step at once, on several processes, one does, and the
// attempt is counted once.
func TestStepAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		replicas := []*rig{start(t, open, options{}), start(t, open, options{})}
		for _, person := range []string{"ada", "nobody else"} {
			v := replicas[0].visit(t, facesession.New{})
			s := v.begin(t)
			v.passes(t, 3*time.Second)
			const clients = 8
			var progress [clients]facesession.Progress
			var errs [clients]error
			var group sync.WaitGroup
			for i := range clients {
				does := s.Kind
				if person != "ada" {
					does = "nothing"
				}
				frames := film(person, does)
				group.Go(func() {
					progress[i], errs[i] = replicas[i%2].Step(t.Context(), v.id, v.binding, s.Token, frames)
				})
			}
			group.Wait()
			passed := 0
			for i, err := range errs {
				if err == nil {
					passed++
					require.Equal(t, 1, progress[i].Attempt)
					continue
				}
				require.ErrorIs(t, err, facesession.ErrStep)
			}
			require.Equal(t, 1, passed)
		}
	})
}

// However attempts are begun at once, there are so many, on several processes, too.
func TestAttemptsAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		replicas := []*rig{start(t, open, options{}), start(t, open, options{})}
		v := replicas[0].visit(t, facesession.New{})
		for attempt := 1; attempt <= 3; attempt++ {
			const clients = 6
			var group sync.WaitGroup
			for i := range clients {
				group.Go(func() {
					p, err := replicas[i%2].Begin(t.Context(), v.id, v.binding)
					if err == nil && (p.Step == nil || p.Step.Attempt != attempt) {
						err = errors.New("another attempt has begun")
					}
					require.NoError(t, err)
				})
			}
			group.Wait()
			p := v.sends(t, v.begin(t), film("ada", "nothing"))
			require.Equal(t, attempt, p.Attempt)
			require.Equal(t, attempt == 3, p.End != nil)
		}
	})
}

// The same frames in two sessions at once are taken in one.
func TestReplayAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		replicas := []*rig{start(t, open, options{}), start(t, open, options{})}
		for range 5 {
			frames := film("ada", facesession.Look)
			var errs [2]error
			var group sync.WaitGroup
			var visits [2]visit
			var steps [2]facesession.Step
			for i, r := range replicas {
				visits[i] = r.visit(t, facesession.New{})
				steps[i] = visits[i].begin(t)
			}
			replicas[0].passes(t, 3*time.Second)
			for i, v := range visits {
				mine := copied(frames)
				if i == 1 { // in another order, so that neither waits for the other for ever
					for j := range mine {
						mine[j].JPEG = copied(frames)[len(frames)-1-j].JPEG
					}
				}
				group.Go(func() { _, errs[i] = v.Step(t.Context(), v.id, v.binding, steps[i].Token, mine) })
			}
			group.Wait()
			taken := 0
			for _, err := range errs {
				if err == nil {
					taken++
				} else {
					require.ErrorIs(t, err, facesession.ErrFrames)
				}
			}
			require.Equal(t, 1, taken, "%v", errs)
		}
	})
}

// While a step is checked nothing else goes on; a check whose process died costs the
// attempt, after a while, and one that ends after that changes nothing.
func TestCheckThatIsLost(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{OneToN: new(facesession.OneToNInsert), MaxAttempts: new(2)})
		next := v.sends(t, v.begin(t), film("ada", facesession.Look)).Step
		next = v.sends(t, *next, film("ada", next.Kind)).Step
		r.checks.hold, r.checks.began = make(chan struct{}), make(chan struct{}, 1)
		v.passes(t, 3*time.Second)
		late := make(chan error)
		go func() {
			_, err := v.Step(ctx, v.id, v.binding, next.Token, film("ada", next.Kind))
			late <- err
		}()
		<-r.checks.began
		tab, err := v.Bind(ctx, v.id, v.binding, "")
		require.NoError(t, err)
		require.True(t, tab.Checking)
		_, err = v.Begin(ctx, v.id, v.binding)
		require.ErrorIs(t, err, facesession.ErrBusy)
		v.passes(t, facesession.CheckTime)
		tab, err = v.Bind(ctx, v.id, v.binding, "")
		require.NoError(t, err)
		require.False(t, tab.Checking)
		p, err := v.Begin(ctx, v.id, v.binding)
		require.NoError(t, err)
		require.Equal(t, facesession.Lost, p.Reason)
		require.Equal(t, 2, p.Step.Attempt)
		close(r.checks.hold)
		require.ErrorIs(t, <-late, facesession.ErrStep)
		require.Empty(t, r.rows(t, `SELECT id FROM subjects`), "nobody is added for a result that is none")
		r.checks.hold, r.checks.began = nil, nil
		require.Equal(t, 2, v.sends(t, *p.Step, film("ada", p.Step.Kind)).Step.Number)
	})
}

// A session that ends while a step is checked has ended.
func TestEndDuringACheck(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		for name, c := range map[string]struct {
			end  func(v visit) error
			want func(p facesession.Progress, err error)
		}{
			"cancelled": {
				func(v visit) error {
					_, err := v.Cancel(t.Context(), v.id, v.binding, facesession.UserCancel)
					return err
				},
				func(p facesession.Progress, err error) {
					require.NoError(t, err)
					require.Equal(t, facesession.UserCancel, p.End.Code)
					require.Empty(t, p.Failed)
				},
			},
			"purged": {
				func(v visit) error { return v.Purge(t.Context(), by, v.id) },
				func(_ facesession.Progress, err error) { require.ErrorIs(t, err, facesession.ErrGone) },
			},
		} {
			t.Run(name, func(t *testing.T) {
				r := start(t, open, options{})
				r.checks.plan = []facesession.StepKind{facesession.Look}
				v := r.visit(t, facesession.New{OneToN: new(facesession.OneToNInsert)})
				s := v.begin(t)
				v.passes(t, 3*time.Second)
				r.checks.hold, r.checks.began = make(chan struct{}), make(chan struct{}, 1)
				type answer struct {
					p   facesession.Progress
					err error
				}
				late := make(chan answer)
				go func() {
					p, err := v.Step(t.Context(), v.id, v.binding, s.Token, film("ada", s.Kind))
					late <- answer{p, err}
				}()
				<-r.checks.began
				require.NoError(t, c.end(v))
				close(r.checks.hold)
				a := <-late
				c.want(a.p, a.err)
				require.Empty(t, r.rows(t, `SELECT id FROM subjects`))
				require.Empty(t, r.rows(t, `SELECT session FROM face_session_pictures`))
				require.Empty(t, r.rows(t, `SELECT hash FROM face_images`))
			})
		}
	})
}

// One frame of a session is looked at at a time, by a process.
func TestGuideAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v, w := r.visit(t, facesession.New{}), r.visit(t, facesession.New{})
		r.checks.hold, r.checks.began = make(chan struct{}), make(chan struct{}, 2)
		done := make(chan error, 2)
		for _, v := range []visit{v, w} {
			go func() {
				_, err := v.Guide(ctx, v.id, v.binding, of("ada", 1))
				done <- err
			}()
			<-r.checks.began
		}
		_, err := v.Guide(ctx, v.id, v.binding, of("ada", 1))
		require.ErrorIs(t, err, facesession.ErrBusy)
		close(r.checks.hold)
		require.NoError(t, errors.Join(<-done, <-done))
		require.Eventually(t, func() bool {
			_, err = v.Guide(ctx, v.id, v.binding, of("ada", 1))
			return !errors.Is(err, facesession.ErrBusy)
		}, 10*time.Second, facesession.GuideEvery/4)
		require.NoError(t, err)
	})
}

// All sessions together have no more frames looked at at once than a process may, and a
// frame that was looked at makes room at once.
func TestGuideOfManySessions(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: facesession.Config{MostGuiding: 2}}), t.Context()
		guide := func(v visit) error {
			_, err := v.Guide(ctx, v.id, v.binding, of("ada", 1))
			return err
		}
		r.checks.hold, r.checks.began = make(chan struct{}), make(chan struct{}, 8)
		done := make(chan error, 2)
		for range 2 {
			v := r.visit(t, facesession.New{})
			go func() { done <- guide(v) }()
			<-r.checks.began
		}
		other := r.visit(t, facesession.New{})
		require.ErrorIs(t, guide(other), facesession.ErrBusy)
		r.checks.hold <- struct{}{}
		require.NoError(t, <-done)
		go func() { done <- guide(other) }()
		<-r.checks.began
		close(r.checks.hold)
		require.NoError(t, errors.Join(<-done, <-done))
	})
}

// A page that sends without a pause has no more frames looked at for that, and takes
// nothing of other sessions.
func TestGuideNowAndThen(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: facesession.Config{GuideEvery: time.Minute}}), t.Context()
		for range 2 {
			v := r.visit(t, facesession.New{})
			_, err := v.Guide(ctx, v.id, v.binding, of("ada", 1))
			require.NoError(t, err)
			for range 3 {
				_, err = v.Guide(ctx, v.id, v.binding, of("ada", 1))
				require.ErrorIs(t, err, facesession.ErrBusy)
			}
		}
	})
}

// Who somebody is is looked for once they match, in their tenant's gallery alone.
func TestOneToN(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		who := func(n facesession.OneToN) (id any, known bool) {
			t.Helper()
			p := r.visit(t, facesession.New{OneToN: &n}).does(t, "ada")
			require.Equal(t, facesession.OK, p.End.Code, "%+v", p)
			f := faceOf(r.claims(t, p.End.Result))
			known, _ = f["oneToNVerificationMatch"].(bool)
			require.Equal(t, n != facesession.OneToNOff, f["oneToNVerificationMatch"] != nil)
			return f["oneToNVerificationId"], known
		}
		id, known := who(facesession.OneToNSearch)
		require.Nil(t, id, "there is no gallery")
		require.False(t, known)
		p := r.visit(t, facesession.New{OneToN: new(facesession.OneToNInsert), MaxAttempts: new(1)}).does(t, "bob")
		require.Equal(t, facesession.TooManyAttempts, p.End.Code)
		require.Empty(t, r.rows(t, `SELECT id FROM subjects`), "who does not match is not added")
		added, known := who(facesession.OneToNInsert)
		require.False(t, known)
		require.Equal(t, []string{added.(string)}, r.rows(t, `SELECT id FROM subjects`))
		for _, n := range []facesession.OneToN{facesession.OneToNInsert, facesession.OneToNSearch} {
			id, known = who(n)
			require.Equal(t, added, id)
			require.True(t, known)
		}
		who(facesession.OneToNOff)
		all, err := r.faces.Galleries(t.Context(), by, store.Page{Limit: 10})
		require.NoError(t, err)
		require.Len(t, all, 1)
		require.True(t, all[0].Policy.KeepPhotos)
	})
}
