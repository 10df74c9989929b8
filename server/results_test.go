package server_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/server/servertest"
	"oneton/store"
	"oneton/store/storetest"
)

// lenient are checks that are one look, which everybody passes.
type lenient struct{}

func (lenient) Plan() []facesession.StepKind { return []facesession.StepKind{facesession.Look} }

func (lenient) Guide(context.Context, []byte) (facesession.Guidance, error) {
	return facesession.Guidance{Code: facesession.GuideOK}, nil
}

func (lenient) Check(context.Context, facesession.StepKind, []facesession.Frame, [][]byte) (facesession.Finding, error) {
	return facesession.Finding{Passed: true, Score: 1}, nil
}

// The result of a face session comes, over HTTP and verified by the published keys, to
// every receiver of its tenant: to those of uqudo's format by each kind of
// authentication, to others as an event. Then it is nowhere in the database.
func TestResultsOfFaceSessionsAreSent(t *testing.T) {
	storetest.Engines(t, func(t *testing.T, open storetest.Open) {
		c := startOn(t, servertest.Options{Store: open(t), Checks: lenient{}})
		got := make(chan string, 10)
		var secret string
		to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			user, password, _ := r.BasicAuth()
			authentic := err == nil
			switch r.URL.Path {
			case "/none":
				authentic = authentic && r.Header.Get("Authorization") == ""
			case "/basic":
				authentic = authentic && user == "ada" && password == "s3cret"
			case "/header":
				authentic = authentic && r.Header.Get("X-Api-Key") == "s3cret"
			case "/standard":
				verifier, err := standardwebhooks.NewWebhook(secret)
				authentic = authentic && err == nil && verifier.Verify(body, r.Header) == nil
			}
			if !authentic {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			w.WriteHeader(http.StatusAccepted)
			got <- r.URL.Path + " " + string(body)
		}))
		t.Cleanup(to.Close)
		for path, more := range map[string]m{
			"/none":   {"format": "uqudo"},
			"/basic":  {"format": "uqudo", "authentication": m{"user": "ada", "password": "s3cret"}, "types": []string{facesession.Completed}},
			"/header": {"format": "uqudo", "authentication": m{"header": "X-Api-Key", "value": "s3cret"}},
		} {
			more["url"] = to.URL + path
			require.Equal(t, http.StatusCreated, c.json(t, "POST", "/v1/webhooks", more).Status)
		}
		var h hook
		c.json(t, "POST", "/v1/webhooks", m{"url": to.URL + "/standard", "types": []string{facesession.Completed}}).Into(t, http.StatusCreated, &h)
		secret = h.Secret
		stranger := c.Key(t, "strangers", "*")
		require.Equal(t, http.StatusCreated, c.JSON(t, stranger, "POST", "/v1/webhooks", m{"url": to.URL + "/stranger", "format": "uqudo"}).Status)

		id, jws := c.session(t)
		results := map[string]string{}
		for range 4 {
			var path, body string
			_, err := fmt.Sscanf(<-got, "%s %s", &path, &body)
			require.NoError(t, err)
			results[path] = body
		}
		whole := `{"jwsResult":"` + jws + `"}`
		for _, path := range []string{"/none", "/basic", "/header"} {
			require.Equal(t, whole, results[path])
		}
		var event struct {
			Type string
			Data map[string]string
		}
		require.NoError(t, json.Unmarshal([]byte(results["/standard"]), &event))
		require.Equal(t, facesession.Completed, event.Type)
		require.Equal(t, map[string]string{"jwsResult": jws}, event.Data)

		published, err := c.Node.Signatures.JWKS(t.Context())
		require.NoError(t, err)
		text, err := json.Marshal(published)
		require.NoError(t, err)
		var keys jose.JSONWebKeySet
		require.NoError(t, json.Unmarshal(text, &keys))
		signed, err := jose.ParseSignedCompact(jws, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err)
		payload, err := signed.Verify(keys.Key(signed.Signatures[0].Header.KeyID)[0])
		require.NoError(t, err)
		var claims struct {
			Data struct {
				SessionID string
				Face      struct{ Match bool }
			}
		}
		require.NoError(t, json.Unmarshal(payload, &claims))
		require.Equal(t, id, claims.Data.SessionID)
		require.True(t, claims.Data.Face.Match)

		require.Eventually(t, func() bool {
			left, err := store.One(t.Context(), c.Store, "look", func(row store.Row) (n int64, err error) { err = row.Scan(&n); return n, err },
				`SELECT count(*) FROM webhook_events WHERE length(body) > 0`)
			require.NoError(t, err)
			if left > 0 {
				_, err = c.Webhooks.Sweep(t.Context(), time.Now()) // two that were taken in the same moment
				require.NoError(t, err)
			}
			return left == 0
		}, 20*time.Second, 50*time.Millisecond)
		require.Empty(t, got)
		require.NotContains(t, c.Log.String(), jws)
		require.NotContains(t, c.Log.String(), "s3cret")
	})
}

// session is a face session that ends well, and its result.
func (c caller) session(t *testing.T) (id, jws string) {
	t.Helper()
	ctx, sessions := t.Context(), c.Node.FaceSessions
	p, err := c.Access.Authenticate(ctx, c.key)
	require.NoError(t, err)
	id, err = sessions.Open(ctx, store.Actor{Tenant: "acme", Key: p.KeyID}, facesession.New{Photo: servertest.Of(t, "ada", 1)})
	require.NoError(t, err)
	tab, err := sessions.Bind(ctx, id, "", "")
	require.NoError(t, err)
	begun, err := sessions.Begin(ctx, id, tab.Binding)
	require.NoError(t, err)
	require.NotNil(t, begun.Step)
	require.NoError(t, c.Store.Update(ctx, "let time pass", func(tx store.Tx) error {
		_, err := tx.Exec(`UPDATE face_sessions SET told_at = $1`, time.Now().UTC().Add(-10*time.Second))
		return err
	}))
	var frames []facesession.Frame
	for i := range facesession.MinFrames + 2 {
		frames = append(frames, facesession.Frame{At: time.Duration(i) * 150 * time.Millisecond, JPEG: servertest.Of(t, "ada", i+2)})
	}
	done, err := sessions.Step(ctx, id, tab.Binding, begun.Step.Token, frames)
	require.NoError(t, err)
	require.NotNil(t, done.End)
	require.Equal(t, facesession.OK, done.End.Code)
	return id, done.End.Result
}
