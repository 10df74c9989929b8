package capture_test

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/config"
	"oneton/embed/embedtest"
	"oneton/facesession"
	"oneton/gesture/gesturetest"
	"oneton/node"
	"oneton/secret"
	"oneton/server"
	"oneton/server/browsertest"
	"oneton/server/capture"
	"oneton/server/uqudo"
	"oneton/setup"
	"oneton/store"
)

// noise makes each picture of a film unlike all others, as those of a camera are, also
// when the film begins anew.
const noise = `{ const draw = CanvasRenderingContext2D.prototype.drawImage;
	CanvasRenderingContext2D.prototype.drawImage = function (...args) {
		draw.apply(this, args);
		for (let x = 0; x < 16; x += 4) {
			this.fillStyle = "rgb(" + [0, 0, 0].map(() => Math.random() * 256 | 0).join() + ")";
			this.fillRect(x, 0, 4, 4);
		}
	}; }`

// obedient are checks of somebody who does what each step asks for.
type obedient struct{ plan []facesession.StepKind }

func (o obedient) Plan() []facesession.StepKind { return o.plan }

func (obedient) Guide(context.Context, []byte) (facesession.Guidance, error) {
	return facesession.Guidance{Code: facesession.GuideOK}, nil
}

func (obedient) Check(_ context.Context, _ facesession.StepKind, frames []facesession.Frame, _ [][]byte) (facesession.Finding, error) {
	return facesession.Finding{Passed: true, Best: len(frames) / 2, Score: 1}, nil
}

// house is a server with the real models, and one of its clients.
type house struct {
	*node.Node
	URL      string
	sessions *facesession.Service
	by       store.Actor
}

// realHouse runs one; a nil checks are its own.
func realHouse(t *testing.T, checks facesession.Checks, life time.Duration, change func(*config.Config)) house {
	t.Helper()
	if testing.Short() {
		t.Skip("with -short: it computes, and shares nothing but what stand-ins share")
	}
	embedtest.Photo(t, "obama.jpg") // fails where nothing was fetched
	cfg := config.Default()
	cfg.Data = t.TempDir()
	if change != nil {
		change(&cfg)
	}
	var h house
	n, err := node.OpenWith(t.Context(), cfg, zerolog.Nop(), node.Parts{Checks: checks, APIs: func(n *node.Node) ([]server.API, error) {
		h.sessions = n.FaceSessions
		if life != 0 {
			ring, err := secret.Read(filepath.Join(cfg.Data, "secret.key"))
			require.NoError(t, err)
			h.sessions, err = facesession.NewService(facesession.Config{Levels: uqudo.Levels(), Life: life}, ring, n.Truth.Store, facesession.Rooms{
				Clients: access.NewKeyTable(n.Truth.Store), Faces: n.Service, Checks: checks, Signer: n.Signatures, Events: n.Webhooks,
			})
			require.NoError(t, err)
		}
		page, err := capture.New(h.sessions)
		require.NoError(t, err)
		return []server.API{uqudo.New(cfg.Uqudo, n.Service, h.sessions, n.Signatures, n.Limiter, n.Truth.Access), page}, nil
	}})
	require.NoError(t, err)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	serving, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- n.Serve(serving, ln) }()
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		stop()
		require.NoError(t, <-served)
		require.NoError(t, n.Close())
	})
	h.Node, h.URL = n, "http://"+ln.Addr().String()
	_, err = n.Truth.Access.CreateTenant(t.Context(), "acme", "acme")
	require.NoError(t, err)
	_, key, err := n.Truth.Access.Create(t.Context(), "acme", "client", []string{"face:session"})
	require.NoError(t, err)
	h.by = store.Actor{Tenant: "acme", Key: key.ID}
	return h
}

// open opens a session of the client's, and returns its id.
func (h house) open(t *testing.T, photo []byte, p facesession.Policy, nonce string) string {
	t.Helper()
	require.NoError(t, facesession.NewPolicies(h.Truth.Store).Set(t.Context(), h.by, h.by.Key, p, len(uqudo.Levels())))
	id, err := h.sessions.Open(t.Context(), h.by, facesession.New{Photo: photo, Nonce: nonce})
	require.NoError(t, err)
	return id
}

// claims are what a result says.
type claims struct {
	Audience string `json:"aud"`
	Data     struct {
		SessionID string `json:"sessionId"`
		Nonce     string `json:"nonce"`
		Face      struct {
			Match      bool    `json:"match"`
			MatchLevel int     `json:"matchLevel"`
			Error      *string `json:"error"`
		} `json:"face"`
	} `json:"data"`
}

// verified is a result that verifies by the keys that the server publishes.
func (h house) verified(t *testing.T, compact string) (c claims) {
	t.Helper()
	var keys jose.JSONWebKeySet
	published := send(t, "GET", h.URL+"/api/.well-known/jwks.json", "")
	require.NoError(t, json.Unmarshal([]byte(published.body), &keys))
	signed, err := jose.ParseSignedCompact(compact, []jose.SignatureAlgorithm{jose.RS256})
	require.NoError(t, err)
	payload, err := signed.Verify(keys)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(payload, &c))
	require.Equal(t, string(h.by.Key), c.Audience)
	return c
}

// A client's page hears a result that it can verify, and a client's server gets one in a
// form: of the person on the photo, and of nobody else.
func TestResultsVerify(t *testing.T) {
	shop := newSite(t)
	h := realHouse(t, obedient{[]facesession.StepKind{facesession.Look, facesession.Smile}}, 0, nil)
	policy := facesession.DefaultPolicy()
	policy.Origins, policy.Returns = []string{shop.URL}, []string{shop.URL + "/done"}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Before(noise)

	id := h.open(t, embedtest.Photo(t, "obama2.jpg"), policy, "")
	b.framed(shop, h.URL+"/session/"+id+"?nonce=n-1")
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	told := browsertest.Eval[[]message](b.Page, `messages`)[0]
	require.Equal(t, "face_session.completed", told.Data.Type)
	c := h.verified(t, told.Data.JWSResult)
	require.Equal(t, id, c.Data.SessionID)
	require.Equal(t, "n-1", c.Data.Nonce)
	require.True(t, c.Data.Face.Match)
	require.GreaterOrEqual(t, c.Data.Face.MatchLevel, 3)

	id = h.open(t, embedtest.Photo(t, "obama2.jpg"), policy, "n-2")
	b.Go(h.URL + "/session/" + id)
	b.Click("#first")
	b.heading("Welcome back")
	form := <-shop.forms
	require.Equal(t, "n-2", h.verified(t, form.PostForm.Get("jwsResult")).Data.Nonce)
	require.Empty(t, form.URL.RawQuery)

	policy.MaxAttempts, policy.ReturnIncomplete = 1, true
	id = h.open(t, embedtest.Photo(t, "biden.jpg"), policy, "")
	b.framed(shop, h.URL+"/session/"+id)
	b.touchFrame("#first")
	b.Until(`messages.length > 0`)
	failed := browsertest.Eval[[]message](b.Page, `messages`)[0]
	require.Equal(t, "face_session.failed", failed.Data.Type)
	require.Equal(t, "SESSION_INVALIDATED_TOO_MANY_ATTEMPTS", failed.Data.Error)
	c = h.verified(t, failed.Data.JWSResult)
	require.False(t, c.Data.Face.Match)
	require.Equal(t, id, c.Data.SessionID)
	require.Equal(t, "FACE_NO_MATCH", *c.Data.Face.Error)

	// A nonce that was used is not used again.
	id = h.open(t, embedtest.Photo(t, "obama2.jpg"), policy, "")
	b.Go(h.URL + "/session/" + id + "?nonce=n-1")
	b.Click("#first")
	require.Equal(t, "This address was used before", b.in("failed"))
}

// A session that ends by its time is over for the page, too, and its address for good.
func TestRealExpiryInTheMiddle(t *testing.T) {
	shop := newSite(t)
	h := realHouse(t, obedient{[]facesession.StepKind{facesession.Smile, facesession.Blink, facesession.TurnLeft}}, 9*time.Second, nil)
	policy := facesession.DefaultPolicy()
	policy.Returns = []string{shop.URL + "/done"}
	b := browse(t, portrait(t, "obama.jpg"))
	b.Before(noise)
	id := h.open(t, embedtest.Photo(t, "obama2.jpg"), policy, "")
	b.Go(h.URL + "/session/" + id)
	b.Click("#first")
	require.Equal(t, "This check has ended", b.in("failed"))
	b.Click("#first") // go on
	b.heading("Welcome back")
	require.Equal(t, url.Values{"sessionId": {id}, "error": {"SESSION_EXPIRED_OR_NOT_FOUND"}}, (<-shop.forms).PostForm)
	b.Go(h.URL + "/session/" + id)
	require.Equal(t, "This check has ended", b.in("failed"))
}

// With the server's own checks whoever does what a step asks for is told from a photo
// that is held up, from a film of another step, and from another person.
func TestRealChecks(t *testing.T) {
	if _, err := exec.LookPath("ffmpeg"); err != nil {
		t.Skip("ffmpeg is not installed")
	}
	clips, err := setup.Find(setup.FromEnvironment(), setup.Clips)
	require.NoError(t, err, "'make setup' comes before the tests")
	const match, stranger, unlike = "", "FACE_NO_MATCH", "FACE_LIVENESS_FAILED"
	for kind, visitors := range map[string][]struct{ film, photo, failed string }{
		"turn_left": {
			{"turn_left", "turn_left", match}, {"turn_left", "blink", stranger}, {"turn_right", "turn_right", unlike}, {"still", "still", unlike},
		},
		"turn_right": {{"turn_right", "turn_right", match}},
		"blink":      {{"blink", "blink", match}, {"still", "still", unlike}},
		"smile":      {{"smile", "smile", match}, {"smile", "turn_left", stranger}},
	} {
		h := realHouse(t, nil, 0, func(cfg *config.Config) { cfg.Challenge.Kinds, cfg.Challenge.Steps = []string{kind}, 1 })
		for _, v := range visitors {
			t.Run(kind+" asked of "+v.film+" with a photo of "+v.photo, func(t *testing.T) {
				film := filepath.Join(t.TempDir(), "film.mjpeg")
				require.NoError(t, gesturetest.Camera(t.Context(), clips.Clips, v.film, film))
				photo, err := gesturetest.Portrait(t.Context(), clips.Clips, v.photo)
				require.NoError(t, err)
				shop := newSite(t)
				policy := facesession.DefaultPolicy()
				policy.Returns, policy.ReturnIncomplete = []string{shop.URL + "/done"}, true
				if v.failed != match {
					policy.MaxAttempts = 1
				}
				b := browse(t, camera(film))
				b.Before(noise)
				id := h.open(t, photo, policy, "")
				b.Go(h.URL + "/session/" + id)
				b.Click("#first")
				// Who is there may try again, as people may; a camera misses pictures where the
				// machine is busy.
				for {
					b.Until(`["again", "done", "failed"].includes(document.body?.dataset.state)`)
					state := browsertest.Eval[string](b.Page, `document.body.dataset.state`)
					if state == "done" {
						break
					}
					t.Log(b.Text("#text"))
					b.Click("#first")
					if state == "failed" {
						break
					}
					b.Until(`document.body.dataset.state !== "again"`)
				}
				form := (<-shop.forms).PostForm
				require.Equal(t, id, form.Get("sessionId"))
				c := h.verified(t, form.Get("jwsResult"))
				require.Equal(t, id, c.Data.SessionID)
				if v.failed == match {
					require.Empty(t, form.Get("error"))
					require.True(t, c.Data.Face.Match)
					require.GreaterOrEqual(t, c.Data.Face.MatchLevel, policy.MinimumMatchLevel)
					require.Nil(t, c.Data.Face.Error)
					return
				}
				require.Equal(t, "SESSION_INVALIDATED_TOO_MANY_ATTEMPTS", form.Get("error"))
				require.False(t, c.Data.Face.Match)
				require.Equal(t, v.failed, *c.Data.Face.Error)
			})
		}
	}
}
