package facesession_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/argument"
	"oneton/facesession"
	"oneton/identify"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
	"oneton/store/storetest"
)

// Somebody who is on the photo and does what is asked for gets a result, which says what
// the contract says and nothing else.
func TestMatch(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		opened := time.Now()
		id, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1)})
		require.NoError(t, err)
		parsed, err := uuid.Parse(id)
		require.NoError(t, err)
		require.Equal(t, uuid.Version(4), parsed.Version())
		e, err := r.Embedding(ctx, id)
		require.NoError(t, err)
		require.Equal(t, by.Tenant, e.Tenant)
		require.Equal(t, by.Key, e.Client)
		tab, err := r.Bind(ctx, id, "", "n-1")
		require.NoError(t, err)
		require.Equal(t, 0, tab.Attempt)
		require.Equal(t, 3, tab.MaxAttempts)
		require.LessOrEqual(t, tab.Left, 10*time.Minute)
		require.GreaterOrEqual(t, tab.Left, 10*time.Minute-time.Since(opened)-time.Second, "but for what has passed")
		require.Nil(t, tab.End)
		v := visit{r, id, tab.Binding}
		g, err := r.Guide(ctx, id, v.binding, of("ada", 5))
		require.NoError(t, err)
		require.Equal(t, facesession.GuideOK, g.Code)

		s := v.begin(t)
		var last []facesession.Frame
		var kinds []facesession.StepKind
		var p facesession.Progress
		for number := 1; ; number++ {
			require.Equal(t, facesession.Step{Token: s.Token, Kind: s.Kind, Attempt: 1, Number: number, Of: 3, Left: s.Left}, s)
			kinds = append(kinds, s.Kind)
			frames := film("ada", s.Kind)
			if s.Kind == facesession.TurnLeft { // which scores best
				for _, f := range frames {
					last = append(last, facesession.Frame{JPEG: append([]byte(nil), f.JPEG...)})
				}
			}
			p = v.sends(t, s, frames)
			require.Zero(t, frames[0].JPEG[0], "nobody needs the frames any more")
			if p.Step == nil {
				break
			}
			s = *p.Step
		}
		require.Equal(t, r.checks.plan, kinds)
		require.Equal(t, facesession.OK, p.Failed)
		require.Equal(t, facesession.OK, p.End.Code)

		best := last[len(last)/2].JPEG
		sum := sha256.Sum256(best)
		m := r.claims(t, p.End.Result)
		imageID, _ := faceOf(m)["auditTrailImageId"].(string)
		require.Len(t, imageID, 24)
		jti, err := uuid.Parse(m["jti"].(string))
		require.NoError(t, err)
		require.NotEqual(t, id, jti.String())
		iat := m["iat"].(float64)
		require.LessOrEqual(t, iat, float64(time.Now().Unix()+1))
		require.GreaterOrEqual(t, iat, float64(opened.Unix()-1))
		require.Equal(t, map[string]any{
			"iss": "oneton", "aud": string(client), "iat": iat, "exp": iat + 600, "jti": jti.String(),
			"data": map[string]any{
				"face": map[string]any{
					"match": true, "matchLevel": 5.0, "error": nil, "falseAcceptRate": 1e-6,
					"auditTrailImageId": imageID, "auditTrailImageIdChecksum": "sha256:" + hex.EncodeToString(sum[:]),
				},
				"sessionId": id, "nonce": "n-1",
			},
		}, m)
		var emitted struct{ JWSResult string }
		require.NoError(t, json.Unmarshal([]byte(r.rows(t, `SELECT body FROM emitted WHERE tenant = $1 AND kind = $2`, by.Tenant, facesession.Completed)[0]), &emitted))
		require.Equal(t, p.End.Result, emitted.JWSResult)

		image, err := r.AuditImage(ctx, by, imageID)
		require.NoError(t, err)
		require.Equal(t, best, image)
		require.Empty(t, r.rows(t, `SELECT session FROM face_session_pictures`), "they are needed no more")

		// It is over, and whoever comes again is told so.
		tab, err = r.Bind(ctx, id, v.binding, "n-1")
		require.NoError(t, err)
		require.Equal(t, p.End, tab.End)
		again, err := r.Begin(ctx, id, v.binding)
		require.NoError(t, err)
		require.Equal(t, facesession.Progress{Attempt: 1, MaxAttempts: 3, End: p.End}, again)
		end, err := r.Cancel(ctx, id, v.binding, facesession.UserCancel)
		require.NoError(t, err)
		require.Equal(t, *p.End, end)
		again, err = r.Step(ctx, id, v.binding, s.Token, film("ada", s.Kind))
		require.NoError(t, err)
		require.Equal(t, p.End, again.End)
		_, err = r.Guide(ctx, id, v.binding, of("ada", 5))
		require.ErrorIs(t, err, facesession.ErrStep)
		require.Len(t, r.rows(t, `SELECT body FROM emitted`), 1)
	})
}

// A photo that shows nobody who could be compared opens no session.
func TestPhotosThatOpenNone(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		for name, c := range map[string]struct {
			photo []byte
			want  error
		}{
			"nobody":    {shot{}.bytes(), identify.ErrNoFace},
			"several":   {shot{Person: "ada", Others: 1}.bytes(), identify.ErrSeveralFaces},
			"poor":      {shot{Person: "ada", Poor: true}.bytes(), identify.ErrLowQuality},
			"damaged":   {[]byte(jpeg + "x"), photo.ErrCorrupt},
			"too large": {append(of("ada", 1), make([]byte, facesession.MaxPhoto)...), photo.ErrTooLarge},
		} {
			_, err := r.Open(t.Context(), by, facesession.New{Photo: c.photo})
			require.ErrorIs(t, err, c.want, name)
			about, ok := errors.AsType[*identify.ArgumentError](err)
			require.True(t, ok, name)
			require.Equal(t, "idPhoto", about.Argument)
			require.Equal(t, make([]byte, len(c.photo)), c.photo, "it is cleared all the same")
		}
		require.Empty(t, r.rows(t, `SELECT hash FROM face_sessions`))
		require.Empty(t, r.rows(t, `SELECT session FROM face_session_pictures`))
	})
}

// What a session is opened with is checked, and goes before the client's policy.
func TestTerms(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		for name, n := range map[string]facesession.New{
			"maxAttempts":       {MaxAttempts: new(4)},
			"minimumMatchLevel": {MinimumMatchLevel: new(6)},
			"oneToN":            {OneToN: new(facesession.OneToN("all"))},
			"nonce":             {Nonce: strings.Repeat("é", 65)},
		} {
			n.Photo = of("ada", 1)
			_, err := r.Open(ctx, by, n)
			about, ok := errors.AsType[*argument.Error](err)
			require.True(t, ok, "%v", err)
			require.Equal(t, name, about.Argument)
		}
		for _, n := range []facesession.New{{MaxAttempts: new(0)}, {MinimumMatchLevel: new(0)}, {Nonce: "\x00"}, {Nonce: "\xff"}} {
			n.Photo = of("ada", 1)
			_, err := r.Open(ctx, by, n)
			require.ErrorIs(t, err, facesession.ErrInvalid)
		}
		_, err := r.Open(ctx, by, facesession.New{Photo: of("ada", 1), Nonce: strings.Repeat("é", 64)})
		require.NoError(t, err)

		policies := facesession.NewPolicies(r.db)
		p := facesession.DefaultPolicy()
		p.MaxAttempts = 2
		require.NoError(t, policies.Set(ctx, by, "", p, 5))
		tab := func(a store.Actor, n facesession.New) facesession.Tab {
			n.Photo = of("ada", 1)
			id, err := r.Open(ctx, a, n)
			require.NoError(t, err)
			tab, err := r.Bind(ctx, id, "", "")
			require.NoError(t, err)
			return tab
		}
		require.Equal(t, 2, tab(by, facesession.New{}).MaxAttempts, "the tenant's")
		require.Equal(t, 3, tab(byOther, facesession.New{}).MaxAttempts, "nobody's")
		p.MaxAttempts = 1
		require.NoError(t, policies.Set(ctx, by, client, p, 5))
		require.Equal(t, 1, tab(by, facesession.New{}).MaxAttempts, "the client's")
		require.Equal(t, 2, tab(bySame, facesession.New{}).MaxAttempts, "the tenant's")
		require.Equal(t, 3, tab(by, facesession.New{MaxAttempts: new(3)}).MaxAttempts, "the session's")
		require.NoError(t, policies.Reset(ctx, by, client))
		require.Equal(t, 2, tab(by, facesession.New{}).MaxAttempts)
	})
}

// Attempts are counted, and after the last the session is over.
func TestAttempts(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		for most := 1; most <= 3; most++ {
			v := r.visit(t, facesession.New{MaxAttempts: &most})
			for attempt := 1; attempt <= most; attempt++ {
				var p facesession.Progress
				if attempt == 2 { // by not doing what is asked
					p = v.sends(t, v.begin(t), film("ada", facesession.Blink))
					require.Equal(t, facesession.LivenessFailed, p.Failed)
					require.Equal(t, "not_look", p.Reason)
				} else {
					p = v.does(t, "bob")
					require.Equal(t, facesession.NoMatch, p.Failed)
					require.Equal(t, "other_person", p.Reason)
				}
				require.Equal(t, []int{attempt, most}, []int{p.Attempt, p.MaxAttempts})
				require.Nil(t, p.Step)
				if attempt < most {
					require.Nil(t, p.End)
					continue
				}
				require.Equal(t, facesession.End{Code: facesession.TooManyAttempts}, *p.End)
			}
			p, err := v.Begin(t.Context(), v.id, v.binding)
			require.NoError(t, err)
			require.Equal(t, facesession.TooManyAttempts, p.End.Code)
			require.Nil(t, p.Step)
			require.Equal(t, most, p.Attempt)
		}
		require.Empty(t, r.rows(t, `SELECT body FROM emitted`), "there is no result")
		require.Empty(t, r.rows(t, `SELECT session FROM face_session_pictures`))
		require.Empty(t, r.rows(t, `SELECT hash FROM face_images`))
	})
}

// A match at a later attempt, and at the level that is asked for, is one.
func TestLevels(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		v := r.visit(t, facesession.New{MinimumMatchLevel: new(5), Liveness: new(true)})
		require.Equal(t, facesession.NoMatch, v.does(t, "bob").Failed)
		p := v.does(t, "ada")
		require.Equal(t, facesession.OK, p.End.Code)
		require.Equal(t, 2, p.Attempt)
		m := r.claims(t, p.End.Result)
		require.Equal(t, map[string]any{"passed": true, "steps": []any{"look", "turn_left", "smile"}}, m["data"].(map[string]any)["liveness"])
		require.NotContains(t, m["data"], "nonce")
	})
}

// A result that tells of liveness has what the passive check said of the frame that was
// compared, be it of the last step or of an earlier one.
func TestResultTellsThePassiveCheck(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r := start(t, open, options{})
		r.checks.passive = map[facesession.StepKind]string{facesession.Look: "real", facesession.TurnLeft: "spoof", facesession.TurnRight: "unknown"}
		for said, plan := range map[string][]facesession.StepKind{ // longer words score higher
			"spoof":   {facesession.Look, facesession.TurnLeft, facesession.Smile},
			"unknown": {facesession.Look, facesession.TurnLeft, facesession.TurnRight},
			"real":    {facesession.Look},
		} {
			r.checks.plan = plan
			p := r.visit(t, facesession.New{Liveness: new(true)}).does(t, "ada")
			require.NotNil(t, p.End)
			require.Equal(t, facesession.OK, p.End.Code)
			require.Equal(t, said, r.claims(t, p.End.Result)["data"].(map[string]any)["liveness"].(map[string]any)["passive"])
		}
	})
}

// A failed session has a result where the client wants one, which says that it failed.
func TestFailedSessionsWithAResult(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		n := facesession.New{MaxAttempts: new(1), ReturnIncomplete: new(true), Liveness: new(true), OneToN: new(facesession.OneToNSearch), Nonce: "n"}
		want := func(p facesession.End, code facesession.Code, cause string, level float64, image, live bool, id string) {
			t.Helper()
			require.Equal(t, code, p.Code)
			m := r.claims(t, p.Result)
			f := faceOf(m)
			require.Equal(t, false, f["match"])
			require.Equal(t, level, f["matchLevel"])
			require.Equal(t, cause, f["error"])
			require.Nil(t, f["falseAcceptRate"])
			require.Nil(t, f["oneToNVerificationId"])
			require.Contains(t, f, "oneToNVerificationId")
			require.Equal(t, false, f["oneToNVerificationMatch"])
			require.Equal(t, image, f["auditTrailImageId"] != nil)
			require.Equal(t, image, f["auditTrailImageIdChecksum"] != nil)
			require.Equal(t, id, m["data"].(map[string]any)["sessionId"])
			require.Equal(t, live, m["data"].(map[string]any)["liveness"].(map[string]any)["passed"])
		}
		v := r.visit(t, n)
		want(*v.does(t, "bob").End, facesession.TooManyAttempts, "FACE_NO_MATCH", 0, true, true, v.id)
		n.Photo, n.Nonce = nil, "n2"
		v = r.visit(t, n)
		want(*v.sends(t, v.begin(t), film("ada", "nothing")).End, facesession.TooManyAttempts, "FACE_LIVENESS_FAILED", 0, false, false, v.id)
		n.Photo, n.Nonce = nil, "n3"
		v = r.visit(t, n)
		v.begin(t)
		end, err := v.Cancel(ctx, v.id, v.binding, facesession.UserCancel)
		require.NoError(t, err)
		want(end, facesession.UserCancel, "USER_CANCEL", 0, false, false, v.id)
		n.Photo, n.Nonce = nil, "n4"
		v = r.visit(t, n)
		v.begin(t)
		v.passes(t, facesession.StepTime)
		p, err := v.Begin(ctx, v.id, v.binding)
		require.NoError(t, err)
		require.Equal(t, facesession.LivenessFailed, p.Failed)
		want(*p.End, facesession.TooManyAttempts, "FACE_LIVENESS_FAILED", 0, false, false, v.id)
		require.Len(t, r.rows(t, `SELECT body FROM emitted`), 4)
	})
}

// Whoever gives up ends the session for good, and nothing else does.
func TestCancel(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		for _, code := range []facesession.Code{facesession.UserCancel, facesession.MediaNotAllowed, facesession.MediaNotFound} {
			v := r.visit(t, facesession.New{})
			s := v.begin(t)
			_, err := v.Cancel(ctx, v.id, v.binding+"x", code)
			require.ErrorIs(t, err, facesession.ErrElsewhere)
			_, err = v.Cancel(ctx, v.id, v.binding, facesession.OK)
			require.ErrorIs(t, err, facesession.ErrInvalid)
			end, err := v.Cancel(ctx, v.id, v.binding, code)
			require.NoError(t, err)
			require.Equal(t, facesession.End{Code: code}, end)
			p := v.sends(t, s, film("ada", s.Kind))
			require.Equal(t, code, p.End.Code)
		}
		require.Empty(t, r.rows(t, `SELECT session FROM face_session_pictures`))
	})
}

// A session of a client that was revoked is closed to everybody.
func TestRevokedClient(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{})
		s := v.begin(t)
		require.NoError(t, access.NewKeyTable(r.db).RevokeKey(ctx, by.Tenant, client))
		_, err := r.Embedding(ctx, v.id)
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
		require.Equal(t, facesession.Unauthorized, facesession.CodeOf(err))
		_, err = r.Bind(ctx, v.id, v.binding, "")
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
		_, err = r.Begin(ctx, v.id, v.binding)
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
		_, err = r.Step(ctx, v.id, v.binding, s.Token, film("ada", s.Kind))
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
		_, err = r.Guide(ctx, v.id, v.binding, of("ada", 1))
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
		_, err = r.Cancel(ctx, v.id, v.binding, facesession.UserCancel)
		require.ErrorIs(t, err, facesession.ErrUnauthorized)
	})
}

// What goes wrong on the server's side costs the person nothing.
func TestFaultsCostNoAttempt(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		r, ctx := start(t, open, options{}), t.Context()
		v := r.visit(t, facesession.New{MaxAttempts: new(1)})
		s := v.begin(t)
		frames := film("ada", s.Kind)
		kept := film("ada", s.Kind)
		for i, f := range frames {
			kept[i] = facesession.Frame{At: f.At, JPEG: append([]byte(nil), f.JPEG...)}
		}
		v.passes(t, 3*time.Second)
		r.checks.fault = pool.ErrBusy
		_, err := v.Step(ctx, v.id, v.binding, s.Token, frames)
		require.ErrorIs(t, err, pool.ErrBusy)
		p, err := v.Step(ctx, v.id, v.binding, s.Token, kept)
		require.NoError(t, err)
		require.Equal(t, 2, p.Step.Number)
		require.Equal(t, 1, p.Attempt)
	})
}
