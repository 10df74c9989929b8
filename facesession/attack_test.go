package facesession_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/store"
	"oneton/store/storetest"
)

// copied are frames of their own with the same bytes, since those that were sent are
// overwritten.
func copied(frames []facesession.Frame) (all []facesession.Frame) {
	for _, f := range frames {
		all = append(all, facesession.Frame{At: f.At, JPEG: slices.Clone(f.JPEG)})
	}
	return all
}

// A session is its one tab's.
func TestTabs(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v, w := r.visit(t, facesession.New{}), r.visit(t, facesession.New{})
		require.NotEqual(t, v.binding, w.binding)
		require.GreaterOrEqual(t, len(v.binding), 26, "128 bits in base 32")
		again, err := r.Bind(ctx, v.id, v.binding, "")
		require.NoError(t, err)
		require.Empty(t, again.Binding, "it is told once")
		s := v.begin(t)
		for _, binding := range []string{"", "x", w.binding, v.binding + "x", v.binding[1:], strings.ToLower(v.binding)} {
			_, err := r.Bind(ctx, v.id, binding, "")
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			_, err = r.Begin(ctx, v.id, binding)
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			_, err = r.Guide(ctx, v.id, binding, of("ada", 1))
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			v.passes(t, 3*time.Second)
			_, err = r.Step(ctx, v.id, binding, s.Token, film("ada", s.Kind))
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			_, err = r.Cancel(ctx, v.id, binding, facesession.UserCancel)
			require.ErrorIs(t, err, facesession.ErrElsewhere)
		}
		require.NotNil(t, v.sends(t, s, film("ada", s.Kind)).Step, "nothing has changed")

		// A session that is not open in a tab is nobody's yet: no binding that somebody
		// thought of opens it.
		id, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err)
		_, err = r.Bind(ctx, id, "chosen", "")
		require.ErrorIs(t, err, facesession.ErrElsewhere)
		_, err = r.Begin(ctx, id, "")
		require.ErrorIs(t, err, facesession.ErrElsewhere)

		for _, id := range []string{"", "x", uuid.NewString(), strings.ToUpper(v.id), v.id + "\x00", "urn:uuid:" + v.id, "{" + v.id + "}", strings.ReplaceAll(v.id, "-", "")} {
			_, err := r.Bind(ctx, id, v.binding, "")
			require.ErrorIs(t, err, facesession.ErrGone, id)
			require.Equal(t, facesession.ExpiredOrUnknown, facesession.CodeOf(err))
			_, err = r.Embedding(ctx, id)
			require.ErrorIs(t, err, facesession.ErrGone)
			_, err = r.Begin(ctx, id, v.binding)
			require.ErrorIs(t, err, facesession.ErrGone)
			_, err = r.Step(ctx, id, v.binding, s.Token, film("ada", s.Kind))
			require.ErrorIs(t, err, facesession.ErrGone)
			_, err = r.Cancel(ctx, id, v.binding, facesession.UserCancel)
			require.ErrorIs(t, err, facesession.ErrGone)
			_, err = r.Guide(ctx, id, v.binding, of("ada", 1))
			require.ErrorIs(t, err, facesession.ErrGone)
		}
	})
}

// counted counts what is written.
type counted struct {
	store.DB
	writes atomic.Int64
}

func (c *counted) Update(ctx context.Context, doing string, do func(store.Tx) error) error {
	c.writes.Add(1)
	return c.DB.Update(ctx, doing, do)
}

func (c *counted) Remove(ctx context.Context, doing string, do func(store.Tx) error) error {
	c.writes.Add(1)
	return c.DB.Remove(ctx, doing, do)
}

// A tab binds and begins once in a while, and who has a session's id alone, however often
// they call, has nothing written and does not keep the tab from it.
func TestCallsNowAndThen(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		db := &counted{}
		r, ctx := start(t, open, options{cfg: facesession.Config{CallEvery: time.Minute}, db: func(under store.DB) store.DB {
			db.DB = under
			return db
		}}), t.Context()
		v := r.visit(t, facesession.New{})
		before := db.writes.Load()
		for range 20 {
			_, err := r.Bind(ctx, v.id, "", "")
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			_, err = r.Begin(ctx, v.id, "guessed")
			require.ErrorIs(t, err, facesession.ErrElsewhere)
		}
		_, err := r.Bind(ctx, v.id, v.binding, "")
		require.ErrorIs(t, err, facesession.ErrBusy)
		require.Equal(t, before, db.writes.Load())
		v.begin(t)
		_, err = r.Begin(ctx, v.id, v.binding)
		require.ErrorIs(t, err, facesession.ErrBusy)
		r.visit(t, facesession.New{}) // another session's calls are others
	})
}

// A client uses a nonce once, wherever it comes from, and a session has one.
func TestNonces(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		at := func(a store.Actor, nonce string) (string, error) {
			return r.Open(ctx, a, facesession.New{Photo: of("ada", 1), Nonce: nonce})
		}
		id, err := at(by, "one")
		require.NoError(t, err)
		before := len(r.rows(t, `SELECT hash FROM face_sessions`))
		_, err = at(by, "one")
		require.ErrorIs(t, err, facesession.ErrNonceUsed)
		require.Len(t, r.rows(t, `SELECT hash FROM face_sessions`), before, "nothing is kept")
		_, err = at(bySame, "one")
		require.NoError(t, err, "another client's is another")
		_, err = at(byOther, "one")
		require.NoError(t, err)

		_, err = r.Bind(ctx, id, "", "other")
		require.ErrorIs(t, err, facesession.ErrNonceUsed, "it has one")
		tab, err := r.Bind(ctx, id, "", "one")
		require.NoError(t, err, "and the tab was not bound by the refused call")
		require.NotEmpty(t, tab.Binding)

		id, err = at(by, "")
		require.NoError(t, err)
		_, err = r.Bind(ctx, id, "", "one")
		require.ErrorIs(t, err, facesession.ErrNonceUsed, "another session's")
		_, err = r.Bind(ctx, id, "", strings.Repeat("x", 65))
		require.ErrorIs(t, err, facesession.ErrInvalid)
		tab, err = r.Bind(ctx, id, "", "two")
		require.NoError(t, err)
		_, err = r.Bind(ctx, id, tab.Binding, "two")
		require.NoError(t, err, "a reload")
		_, err = r.Bind(ctx, id, tab.Binding, "three")
		require.ErrorIs(t, err, facesession.ErrNonceUsed)
		_, err = at(by, "three")
		require.NoError(t, err, "it was not taken")
		require.NoError(t, r.Purge(ctx, by, id))
		_, err = at(by, "two")
		require.ErrorIs(t, err, facesession.ErrNonceUsed, "a purge frees no nonce")

		// A page that brings none before the first attempt has none.
		v := r.visit(t, facesession.New{})
		v.begin(t)
		_, err = r.Bind(ctx, v.id, v.binding, "late")
		require.ErrorIs(t, err, facesession.ErrNonceUsed)
	})
}

// Of many who use one nonce at once, on several processes, one does.
func TestNonceAtOnce(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		replicas := []*rig{start(t, open, options{}), start(t, open, options{})}
		const clients = 8
		results := make(chan error, clients)
		for i := range clients {
			go func() {
				_, err := replicas[i%2].Open(t.Context(), by, facesession.New{Photo: of("ada", 1), Nonce: "n"})
				results <- err
			}()
		}
		opened := 0
		for range clients {
			if err := <-results; err == nil {
				opened++
			} else {
				require.ErrorIs(t, err, facesession.ErrNonceUsed)
			}
		}
		require.Equal(t, 1, opened)
	})
}

// Frames that no camera has just taken change nothing: the step is due yet.
func TestFramesThatAreRefused(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{MaxAttempts: new(1)})
		s := v.begin(t)
		v.passes(t, 3*time.Second)
		with := func(change func(f []facesession.Frame) []facesession.Frame) []facesession.Frame {
			return change(film("ada", s.Kind))
		}
		many := func(f []facesession.Frame, n int) []facesession.Frame {
			for len(f) < n {
				last := film("ada", s.Kind)[0]
				last.At = f[len(f)-1].At + 50*time.Millisecond
				f = append(f, last)
			}
			return f
		}
		for name, c := range map[string]struct {
			frames []facesession.Frame
			want   facesession.FramesReason
		}{
			"none": {nil, facesession.TooFew},
			"five": {film("ada", s.Kind)[:5], facesession.TooFew},
			"49":   {with(func(f []facesession.Frame) []facesession.Frame { return many(f, 49) }), facesession.TooMany},
			"large": {with(func(f []facesession.Frame) []facesession.Frame {
				f[3].JPEG = append(f[3].JPEG, make([]byte, 512<<10)...)
				return f
			}), facesession.TooLarge},
			"together": {with(func(f []facesession.Frame) []facesession.Frame {
				f = many(f, 16)
				for i := range f {
					f[i].JPEG = append(f[i].JPEG, make([]byte, 400<<10)...)
				}
				return f
			}), facesession.TooLarge},
			"no JPEG":  {with(func(f []facesession.Frame) []facesession.Frame { f[2].JPEG = []byte("\x89PNG\r\n\x1a\n"); return f }), facesession.NotJPEG},
			"empty":    {with(func(f []facesession.Frame) []facesession.Frame { f[2].JPEG = nil; return f }), facesession.NotJPEG},
			"negative": {with(func(f []facesession.Frame) []facesession.Frame { f[0].At = -1; return f }), facesession.OutOfOrder},
			"back":     {with(func(f []facesession.Frame) []facesession.Frame { f[3].At = f[2].At - 1; return f }), facesession.OutOfOrder},
			"at once":  {with(func(f []facesession.Frame) []facesession.Frame { f[3].At = f[2].At; return f }), facesession.OutOfOrder},
			"swapped":  {with(func(f []facesession.Frame) []facesession.Frame { f[3], f[2] = f[2], f[3]; return f }), facesession.OutOfOrder},
			"gap":      {with(func(f []facesession.Frame) []facesession.Frame { f[7].At = f[6].At + time.Second + 1; return f }), facesession.Gap},
			"short": {with(func(f []facesession.Frame) []facesession.Frame {
				for i := range f {
					f[i].At = time.Duration(i) * 110 * time.Millisecond
				}
				return f
			}), facesession.TooShort},
			"future": {with(func(f []facesession.Frame) []facesession.Frame {
				for i := range f {
					f[i].At += 5 * time.Minute
				}
				return f
			}), facesession.TooFast},
			"twice": {with(func(f []facesession.Frame) []facesession.Frame { f[6].JPEG = slices.Clone(f[1].JPEG); return f }), facesession.Repeated},
		} {
			p, err := r.Step(ctx, v.id, v.binding, s.Token, c.frames)
			refused, ok := errors.AsType[*facesession.FramesError](err)
			require.True(t, ok, "%s: %+v %v", name, p, err)
			require.Equal(t, c.want, refused.Reason, name)
			require.Equal(t, facesession.Invalid, facesession.CodeOf(err))
		}
		_, err := r.Guide(ctx, v.id, v.binding, []byte("GIF89a"))
		require.ErrorIs(t, err, facesession.ErrFrames)
		require.Equal(t, 2, v.sends(t, s, film("ada", s.Kind)).Step.Number)
	})
}

// Whoever films faster than time passes is refused.
func TestFramesInTime(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{cfg: facesession.Config{StepTime: time.Hour}}), t.Context()
		v := r.visit(t, facesession.New{})
		s := v.begin(t)
		var frames []facesession.Frame // of a time that no machine needs between two calls
		for len(frames) < facesession.MaxFrames {
			frames = append(frames, film("ada", s.Kind)...)
		}
		frames = frames[:facesession.MaxFrames]
		for i := range frames {
			frames[i].At = time.Duration(i) * facesession.MostGap
		}
		_, err := r.Step(ctx, v.id, v.binding, s.Token, copied(frames))
		refused, ok := errors.AsType[*facesession.FramesError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, facesession.TooFast, refused.Reason)
		v.passes(t, time.Minute)
		_, err = r.Step(ctx, v.id, v.binding, s.Token, frames)
		require.NoError(t, err)
	})
}

// A frame comes once: not in another step, in another attempt, nor in another session,
// of whichever tenant and process.
func TestReplay(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		other := start(t, open, options{secret: secret{2, 1}}) // where a newer version is adopted already
		v := r.visit(t, facesession.New{})
		s := v.begin(t)
		first := film("ada", s.Kind)
		sent := copied(first)
		next := v.sends(t, s, first).Step
		refuse := func(v visit, token string, frames []facesession.Frame) {
			t.Helper()
			v.passes(t, 3*time.Second)
			_, err := v.Step(ctx, v.id, v.binding, token, frames)
			refused, ok := errors.AsType[*facesession.FramesError](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, facesession.Repeated, refused.Reason)
		}
		refuse(v, next.Token, copied(sent))
		one := film("ada", next.Kind)
		one[4].JPEG = slices.Clone(sent[0].JPEG)
		refuse(v, next.Token, one)
		require.Equal(t, facesession.LivenessFailed, v.sends(t, *next, film("ada", "nothing")).Failed)
		refuse(v, v.begin(t).Token, copied(sent))

		w := other.visit(t, facesession.New{})
		refuse(w, w.begin(t).Token, copied(sent))
		id, err := other.Open(ctx, byOther, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err)
		w = other.tab(t, id)
		refuse(w, w.begin(t).Token, copied(sent))
	})
}

// A token is good for its own step of its own session, once.
func TestTokens(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v, w := r.visit(t, facesession.New{}), r.visit(t, facesession.New{})
		_, err := v.Step(ctx, v.id, v.binding, "", film("ada", facesession.Look))
		require.ErrorIs(t, err, facesession.ErrStep, "no attempt has begun")
		a, b := v.begin(t), w.begin(t)
		refuse := func(v visit, token string) {
			t.Helper()
			v.passes(t, 3*time.Second)
			_, err := v.Step(ctx, v.id, v.binding, token, film("ada", facesession.Look))
			require.ErrorIs(t, err, facesession.ErrStep)
		}
		refuse(v, "")
		refuse(v, b.Token)
		refuse(w, a.Token)
		refuse(v, a.Token+"x")
		_, err = v.Step(ctx, v.id, w.binding, a.Token, film("ada", facesession.Look))
		require.ErrorIs(t, err, facesession.ErrElsewhere, "nor with another's binding")
		c := *v.sends(t, a, film("ada", a.Kind)).Step
		refuse(v, a.Token)
		d := v.begin(t) // a reload
		require.Equal(t, c.Number, d.Number)
		require.Equal(t, c.Kind, d.Kind)
		require.Equal(t, c.Attempt, d.Attempt)
		require.NotEqual(t, c.Token, d.Token)
		require.Less(t, d.Left, c.Left, "it has no more time by it")
		refuse(v, c.Token)
		require.Equal(t, facesession.LivenessFailed, v.sends(t, d, film("ada", "nothing")).Failed)
		refuse(v, d.Token)
	})
}

// A step that was let run out is an attempt, however often the page is loaded anew.
func TestTooLate(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{MaxAttempts: new(2)})
		s := v.begin(t)
		for range 5 {
			require.Equal(t, 1, v.begin(t).Attempt)
		}
		s = v.begin(t)
		v.passes(t, facesession.StepTime)
		p, err := v.Step(ctx, v.id, v.binding, s.Token, film("ada", s.Kind))
		require.NoError(t, err)
		require.Equal(t, facesession.Progress{Failed: facesession.LivenessFailed, Reason: facesession.TooLate, Attempt: 1, MaxAttempts: 2}, p)
		require.Equal(t, 2, v.begin(t).Attempt)
		v.passes(t, facesession.StepTime)
		p, err = v.Begin(ctx, v.id, v.binding)
		require.NoError(t, err)
		require.Equal(t, facesession.Progress{
			Failed: facesession.LivenessFailed, Reason: facesession.TooLate, Attempt: 2, MaxAttempts: 2, End: &facesession.End{Code: facesession.TooManyAttempts},
		}, p)
	})
}

// Another client, and another tenant, can neither read nor purge a session.
func TestOthers(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{})
		p := v.does(t, "ada")
		image := faceOf(r.claims(t, p.End.Result))["auditTrailImageId"].(string)
		waits := r.visit(t, facesession.New{})
		for _, a := range []store.Actor{bySame, byOther, {Tenant: "other", Key: client}, {Tenant: "acme"}} {
			_, err := r.AuditImage(ctx, a, image)
			require.ErrorIs(t, err, facesession.ErrNotFound)
			require.ErrorIs(t, err, store.ErrNotFound)
			require.NoError(t, r.Purge(ctx, a, v.id))
			require.NoError(t, r.Purge(ctx, a, waits.id))
		}
		_, err := r.AuditImage(ctx, by, image)
		require.NoError(t, err)
		for _, id := range []string{"", image[1:], image + "0", strings.ToUpper(image), "000000000000000000000000", "%" + image[1:]} {
			_, err := r.AuditImage(ctx, by, id)
			require.ErrorIs(t, err, facesession.ErrNotFound)
		}
		waits.begin(t)

		for _, id := range []string{uuid.NewString(), waits.id, strings.ToUpper(v.id)} {
			require.NoError(t, r.Purge(ctx, by, id))
			require.NoError(t, r.Purge(ctx, by, id), "again")
		}
		for _, id := range []string{"", "x", v.id + "x", "{" + v.id + "}"} {
			require.ErrorIs(t, r.Purge(ctx, by, id), facesession.ErrInvalid)
		}
		_, err = r.AuditImage(ctx, by, image)
		require.ErrorIs(t, err, facesession.ErrNotFound, "it goes with its session")
		for _, v := range []visit{v, waits} {
			_, err = r.Bind(ctx, v.id, v.binding, "")
			require.ErrorIs(t, err, facesession.ErrGone)
		}
		for _, table := range []string{"face_sessions", "face_session_pictures", "face_images"} {
			require.Equal(t, []string{"0"}, r.rows(t, `SELECT CAST(count(*) AS TEXT) FROM `+table), table)
		}
	})
}

// Whoever is another in a later step, or holds a picture before the camera, fails.
func TestImpostors(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		v := r.visit(t, facesession.New{})
		next := v.sends(t, v.begin(t), film("ada", facesession.Look)).Step
		p := v.sends(t, *next, film("bob", next.Kind))
		require.Equal(t, facesession.LivenessFailed, p.Failed)
		require.Equal(t, "other_person", p.Reason)
		fake := film("ada", facesession.Look)
		fake[3].JPEG = shot{Person: "ada", Fake: true, Salt: "f"}.bytes()
		p = v.sends(t, v.begin(t), fake)
		require.Equal(t, facesession.LivenessFailed, p.Failed)
		require.Equal(t, "imitation", p.Reason)
	})
}
