package server_test

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/kyc"
	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/store"
	"oneton/store/postgres"
	"oneton/store/postgres/postgrestest"
)

// cedulas stand for the models that read documents.
type cedulas struct{}

func (cedulas) Read(context.Context, []byte) (kyc.Document, error) {
	return kyc.Document{Type: kyc.Cedula, Side: kyc.Front, Data: map[string]any{"surname": "<b>PEREZ</b>"}}, nil
}

// reading is a server that reads documents and keeps their photos.
func reading() servertest.Options {
	return servertest.Options{Documents: cedulas{}, Settings: func(c *config.Config) { c.KYC.Documents = time.Hour }}
}

// engines runs a test on a server of each engine.
func engines(t *testing.T, o servertest.Options, run func(t *testing.T, c caller)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { run(t, startOn(t, o)) })
	t.Run("postgres", func(t *testing.T) {
		db, err := postgres.Open(t.Context(), postgres.Config{URL: postgrestest.Start(t, "fsync=off").Database(t)})
		require.NoError(t, err)
		o.Store = db
		run(t, startOn(t, o))
	})
}

// attempt is one in review, with a stage that keeps the document's photo.
func (c caller) attempt(t *testing.T) kyc.Attempt {
	t.Helper()
	ctx, by, service := t.Context(), store.Actor{Tenant: "acme", Key: c.keyID(t)}, c.Node.KYC
	token, err := service.OpenSession(ctx, by, kyc.Signup)
	require.NoError(t, err)
	s, err := service.Session(ctx, token)
	require.NoError(t, err)
	id, _, err := service.Begin(ctx, by, s, kyc.DocumentsType, kyc.Input{
		Fields: map[string]string{"documentType": kyc.Cedula, "side": kyc.Front}, Files: map[string][]byte{"file": servertest.Of(t, "ada", 1)},
	})
	require.NoError(t, err)
	_, err = service.Await(ctx, "acme", id)
	require.NoError(t, err)
	_, err = service.CloseSession(ctx, by, s, kyc.InReview)
	require.NoError(t, err)
	a, err := service.Attempt(ctx, by, s.ID)
	require.NoError(t, err)
	require.NotEmpty(t, a.Stages[0].Photo)
	return a
}

// keyID is that of the caller's key.
func (c caller) keyID(t *testing.T) store.KeyID {
	t.Helper()
	p, err := c.Access.Authenticate(t.Context(), c.key)
	require.NoError(t, err)
	return p.KeyID
}

// shownAttempt is an attempt as the API shows it.
type shownAttempt struct {
	ID, Type, Status, Gallery string
	Faces                     []string
	Metadata                  map[string]any
	Stages                    []struct {
		Name, Status, Photo string
		Input, Output       map[string]any
	}
	History []struct {
		Key    string `json:"key_id"`
		From   string
		To     string
		Reason string
	}
}

// An attempt is found in the list, read with its evidence, and decided once, for a
// reason that its history keeps, on each engine.
func TestAttemptsThroughTheAPI(t *testing.T) {
	engines(t, reading(), func(t *testing.T, c caller) {
		is := c.attempt(t)
		other := c.attempt(t)
		path := "/v1/kyc/attempts/" + is.ID

		var list struct {
			Attempts []shownAttempt
			Next     string
		}
		c.json(t, "GET", "/v1/kyc/attempts?status=review&type=signup&limit=1", nil).Into(t, http.StatusOK, &list)
		require.Len(t, list.Attempts, 1)
		require.Equal(t, list.Attempts[0].ID, list.Next)
		first := list.Next
		list.Next = ""
		c.json(t, "GET", "/v1/kyc/attempts?limit=1&after="+first, nil).Into(t, http.StatusOK, &list)
		require.Empty(t, list.Next)
		require.ElementsMatch(t, []string{is.ID, other.ID}, []string{first, list.Attempts[0].ID})
		c.json(t, "GET", "/v1/kyc/attempts?status=success", nil).Into(t, http.StatusOK, &list)
		require.Empty(t, list.Attempts)
		for _, wrong := range []string{"status=REVIEW", "status=x", "type=x", "limit=0", "page=1"} {
			c.json(t, "GET", "/v1/kyc/attempts?"+wrong, nil).Refused(t, http.StatusBadRequest, "invalid_request")
		}

		var shown shownAttempt
		c.json(t, "GET", path, nil).Into(t, http.StatusOK, &shown)
		require.Equal(t, "review", shown.Status)
		require.Equal(t, "signup", shown.Type)
		require.Equal(t, "kyc-users", shown.Gallery)
		require.Equal(t, "validate_document_type", shown.Stages[0].Name)
		require.Equal(t, "completed", shown.Stages[0].Status)
		require.Equal(t, map[string]any{"document_type": "CEDULA", "document_side": "FRONT"}, shown.Stages[0].Input)
		require.Equal(t, true, shown.Stages[0].Output["valid"])
		photo := c.json(t, "GET", path+"/photos/"+shown.Stages[0].Photo, nil)
		require.Equal(t, http.StatusOK, photo.Status)
		require.Equal(t, "image/jpeg", photo.Header.Get("Content-Type"))
		require.Equal(t, servertest.Of(t, "ada", 1), photo.Body)
		require.Contains(t, photo.Header.Get("Cache-Control"), "no-store")
		c.json(t, "GET", path+"/photos/"+string(other.Stages[0].Photo), nil).Refused(t, http.StatusNotFound, "not_found")
		c.json(t, "GET", "/v1/kyc/attempts/"+strings.Repeat("0", 24), nil).Refused(t, http.StatusNotFound, "not_found")

		review := func(body m) servertest.Answer { return c.json(t, "POST", path+"/review", body) }
		for field, body := range map[string]m{
			"decision": {"decision": "success", "reason": "x"}, "reason": {"decision": "reject", "reason": " "},
		} {
			require.Equal(t, field, review(body).Refused(t, http.StatusBadRequest, "invalid_request").Field)
		}
		require.Equal(t, "reason", review(m{"decision": "reject", "reason": strings.Repeat("x", 1001)}).Refused(t, http.StatusBadRequest, "invalid_request").Field)
		reason := `</script><img src=x onerror=alert(1)> "not the same person"`
		review(m{"decision": "reject", "reason": reason}).Into(t, http.StatusOK, &shown)
		require.Equal(t, "failed", shown.Status)
		last := shown.History[len(shown.History)-1]
		require.Equal(t, []string{"review", "failed", reason, string(c.keyID(t))}, []string{last.From, last.To, last.Reason, last.Key})
		require.Contains(t, review(m{"decision": "approve", "reason": "x"}).Refused(t, http.StatusConflict, "not_in_review").Title, "decided meanwhile")
		var after shownAttempt
		c.json(t, "GET", path, nil).Into(t, http.StatusOK, &after)
		require.Equal(t, shown, after, "a refused review changes nothing")
		require.NotContains(t, c.Log.String(), "not the same person", "a reason is in no log")
		c.json(t, "POST", "/v1/kyc/attempts/"+other.ID+"/review", m{"decision": "approve", "reason": "seen"}).Into(t, http.StatusOK, &shown)
		require.Equal(t, "success", shown.Status)
		cancelled := c.attempt(t)
		c.json(t, "POST", "/v1/kyc/attempts/"+cancelled.ID+"/review", m{"decision": "cancel", "reason": "twice"}).Into(t, http.StatusOK, &shown)
		require.Equal(t, "cancelled", shown.Status)
	})
}

// Who may decide attempts is told no evidence: of one, or of all, nothing before, and what
// a list has of it afterwards.
func TestReviewersDoNotRead(t *testing.T) {
	engines(t, reading(), func(t *testing.T, c caller) {
		is := c.attempt(t)
		path := "/v1/kyc/attempts/" + is.ID
		reviewer := c.Key(t, "acme", native.ScopeReview)
		for _, read := range []string{"/v1/kyc/attempts", path, path + "/photos/" + string(is.Stages[0].Photo)} {
			c.Do(t, reviewer, "GET", read, "", nil).Refused(t, http.StatusForbidden, "forbidden")
		}
		var told map[string]any
		c.JSON(t, reviewer, "POST", path+"/review", m{"decision": "approve", "reason": "x"}).Into(t, http.StatusOK, &told)
		require.Equal(t, "success", told["status"])
		for field := range told {
			require.Contains(t, []string{"id", "type", "status", "user", "created_at", "updated_at"}, field)
		}
		both := c.Key(t, "acme", native.ScopeReview, native.ScopeAttempts)
		c.JSON(t, both, "POST", "/v1/kyc/attempts/"+c.attempt(t).ID+"/review", m{"decision": "approve", "reason": "x"}).Into(t, http.StatusOK, &told)
		require.NotEmpty(t, told["stages"])
	})
}

// Who may read attempts may not decide them.
func TestReadersDoNotReview(t *testing.T) {
	c := startOn(t, reading())
	is := c.attempt(t)
	body, err := json.Marshal(m{"decision": "approve", "reason": "x"})
	require.NoError(t, err)
	reader := c.Key(t, "acme", native.ScopeAttempts)
	c.Do(t, reader, "POST", "/v1/kyc/attempts/"+is.ID+"/review", "application/json", body).Refused(t, http.StatusForbidden, "forbidden")
	require.Equal(t, http.StatusOK, c.Do(t, reader, "GET", "/v1/kyc/attempts/"+is.ID, "", nil).Status)
}
