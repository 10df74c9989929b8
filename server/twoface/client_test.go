package twoface_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/native"
	"oneton/server/servertest"
	"oneton/server/twoface/clienttest"
	"oneton/store"
)

// contractClient is a client that knows the API's public documents alone.
func (r rig) contractClient(t testing.TB, tenant string) clienttest.Client {
	t.Helper()
	http := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(http.CloseIdleConnections)
	return clienttest.Client{Base: r.URL + at, Key: r.backend(t, tenant).key, HTTP: http}
}

// hears begins a receiver and has the tenant's events sent to it, as a backend does:
// over HTTP, with the test of its URL.
func (r rig) hears(t testing.TB, tenant store.TenantID) *clienttest.Receiver {
	t.Helper()
	receiver := &clienttest.Receiver{}
	listening := httptest.NewServer(receiver)
	t.Cleanup(listening.Close)
	body, err := json.Marshal(m{"url": listening.URL, "verify": true})
	require.NoError(t, err)
	req, err := http.NewRequest(http.MethodPost, r.URL+"/v1/webhooks", bytes.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+r.Key(t, tenant, native.ScopeWebhooks))
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, http.StatusCreated, res.StatusCode)
	var endpoint struct{ Secret string }
	require.NoError(t, json.NewDecoder(res.Body).Decode(&endpoint))
	receiver.SetSecret(endpoint.Secret)
	return receiver
}

// heard waits until the receiver was told of the attempt's two statuses and of a user,
// each once and signed.
func heard(t testing.TB, receiver *clienttest.Receiver, attempt, user string) {
	t.Helper()
	require.Eventually(t, func() bool {
		events, wrong := receiver.Events()
		require.Empty(t, wrong)
		var statuses []any
		registered := false
		for _, e := range events {
			if e.Data["attempt"] == attempt && e.Type == "attempt.status_changed" {
				statuses = append(statuses, e.Data["status"])
			}
			registered = registered || e.Type == "user.created" && e.Data["user"] == user
		}
		return registered && len(statuses) == 2 && slices.Contains(statuses, any("REVIEW")) && slices.Contains(statuses, any("SUCCESS"))
	}, waits, tick, "the receiver is told of the attempt and of user %s", user)
}

// A client written from the contract alone signs somebody up, check by check and by the
// workflow, registers the user, and recognises it in a validation.
func TestClientOfTheContract(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		backend := r.contractClient(t, "acme") // makes the tenant
		receiver := r.hears(t, "acme")
		front := document(t, "ada", "CEDULA", "FRONT", cedula)
		attempt, u := signUp(t, backend, people{
			selfie: clienttest.File{Name: "selfie.jpg", Content: selfie(t, "ada")}, document: clienttest.File{Name: "cedula.jpg", Content: front},
			again:    clienttest.File{Name: "again.jpg", Content: servertest.Of(t, "ada", 3)},
			stranger: clienttest.File{Name: "bob.jpg", Content: selfie(t, "bob")}, documentType: "CEDULA", number: cedula,
			smile: clienttest.File{Name: "smile.gif", Content: []byte("GIF89a:smile")}, blink: clienttest.File{Name: "blink.gif", Content: []byte("GIF89a:blink")},
		})
		heard(t, receiver, attempt, u.ID)
	})
}

// people are what a signup is made of.
type people struct {
	selfie, document, again, stranger clienttest.File
	documentType, number              string
	// smile and blink are clips; without content they are left out.
	smile, blink clienttest.File
}

// signUp is what a client does, and returns the attempt and the user.
func signUp(t *testing.T, backend clienttest.Client, p people) (attempt string, u clienttest.User) {
	t.Helper()
	const patience = 2 * time.Minute
	app := backend
	app.Key = ""
	var err error
	app.Session, err = backend.OpenSession("SIGNUP")
	require.NoError(t, err)

	faces, left, err := app.Detect(p.selfie)
	require.NoError(t, err)
	require.Equal(t, 1, faces)
	require.Equal(t, clienttest.Attempts{Limit: 3, Left: 2}, left)
	for i, path := range []string{"/faces/compare", "/faces/detect"} { // the second is as the page has it
		similarity, left, err := app.Compare(path, p.document, p.selfie)
		require.NoError(t, err)
		require.Greater(t, similarity, 80.0)
		require.Equal(t, clienttest.Attempts{Limit: 3, Left: 2 - i}, left)
	}
	similarity, _, err := app.Compare("/faces/compare", p.document, p.stranger)
	require.NoError(t, err)
	require.Less(t, similarity, 80.0)
	_, left, err = app.Compare("/faces/compare", p.document, p.selfie)
	var refused *clienttest.Error
	require.ErrorAs(t, err, &refused)
	require.Equal(t, http.StatusTooManyRequests, refused.Code)
	require.Equal(t, clienttest.Attempts{Limit: 3, Left: 0}, left)
	if p.smile.Content != nil {
		smiles, _, err := app.CheckSmile(p.smile)
		require.NoError(t, err)
		require.True(t, smiles)
		blinks, _, err := app.CheckBlink(p.blink)
		require.NoError(t, err)
		require.True(t, blinks)
	}
	valid, _, err := app.ValidateDocumentType(p.document, p.documentType, "")
	require.NoError(t, err)
	require.True(t, valid)
	valid, _, err = app.ValidateIdentity(p.document, p.documentType, p.number)
	require.NoError(t, err)
	require.True(t, valid)
	valid, _, err = app.ValidateIdentity(p.document, p.documentType, "X"+p.number)
	require.NoError(t, err)
	require.False(t, valid)

	id, err := app.StartJob("signup", map[string]string{"documentSide": "FRONT", "documentType": p.documentType, "metadata": `{"plan":"gold"}`},
		map[string]clienttest.File{"face": p.selfie, "document": p.document})
	require.NoError(t, err)
	job, err := backend.Finished(id, patience)
	require.NoError(t, err)
	require.Equal(t, clienttest.Succeeded, job.Status, "%s", job.Output)
	id, err = app.StartJob("signup", map[string]string{"documentType": p.documentType},
		map[string]clienttest.File{"face": p.stranger, "document": p.document})
	require.NoError(t, err)
	job, err = backend.Finished(id, patience)
	require.NoError(t, err)
	require.Equal(t, clienttest.Failed, job.Status, "another's face: %s", job.Output)
	_, err = app.StartJob("none", nil, nil)
	require.EqualError(t, err, "2face: 404: No workflow found by name: none")

	attempt, err = app.CloseSession("REVIEW")
	require.NoError(t, err)
	_, _, err = app.Detect(p.selfie)
	require.EqualError(t, err, "2face: 403: Invalid token.")
	a, err := backend.Attempt(attempt)
	require.NoError(t, err)
	require.Equal(t, []string{"SIGNUP", "REVIEW"}, []string{a.Type, a.Status})
	require.GreaterOrEqual(t, len(a.Stages), 8, "%+v", a.Stages)
	photos := 0
	for _, s := range a.Stages {
		require.NotEmpty(t, s.Name)
		require.NotEmpty(t, s.Result.Status)
		require.NotNil(t, s.Input)
		require.True(t, json.Valid(s.Result.Output))
		if address, ok := s.Input["document_url"].(string); ok {
			content, err := backend.Download(address)
			require.NoError(t, err)
			require.Equal(t, p.document.Content, content)
			photos++
		}
	}
	require.NotZero(t, photos)
	require.NoError(t, backend.Review(attempt, "SUCCESS"))
	require.Error(t, backend.Review(attempt, "FAILED"))

	u, err = backend.Register(attempt, p.number, p.documentType, `{"plan":"gold"}`)
	require.NoError(t, err)
	require.Equal(t, map[string]any{"plan": "gold"}, u.Metadata)
	require.Equal(t, attempt, u.Attempt)
	for _, find := range []func() (clienttest.User, error){
		func() (clienttest.User, error) { return backend.User(u.ID) },
		func() (clienttest.User, error) { return backend.UserByDocument(p.number) },
	} {
		found, err := find()
		require.NoError(t, err)
		require.Equal(t, u, found)
	}
	_, err = backend.UserByDocument("none")
	require.EqualError(t, err, "2face: 404: No entity found by ID: none")

	app.Session, err = backend.OpenSession("VALIDATION")
	require.NoError(t, err)
	similarity, left, err = app.Compare("/faces/compare", p.document, p.again) // used up in the session before
	require.NoError(t, err)
	require.Greater(t, similarity, 80.0)
	require.Equal(t, clienttest.Attempts{Limit: 3, Left: 2}, left)
	for _, c := range []struct {
		face   clienttest.File
		by     map[string]string
		status int
	}{
		{p.again, map[string]string{"userId": u.ID}, clienttest.Succeeded},
		{p.again, map[string]string{"documentId": p.number}, clienttest.Succeeded},
		{p.stranger, map[string]string{"userId": u.ID}, clienttest.Failed},
		{p.again, map[string]string{"documentId": "none"}, clienttest.Invalid},
	} {
		id, err := app.StartJob("validation", c.by, map[string]clienttest.File{"face": c.face})
		require.NoError(t, err)
		job, err := backend.Finished(id, patience)
		require.NoError(t, err)
		require.Equal(t, c.status, job.Status, "%v: %s", c.by, job.Output)
	}
	_, err = app.CloseSession("SUCCESS")
	require.NoError(t, err)
	return attempt, u
}
