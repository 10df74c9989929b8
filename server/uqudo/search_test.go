package uqudo_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

func TestOneToN(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	ada := func(take int) string { return text(servertest.Of(t, "ada", take)) }

	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(1)}), m{"oneToNVerificationId": null, "oneToNVerificationMatch": false})
	a := c.post(t, "/one-to-n/insert", m{"idPhoto": ada(1)})
	fields(t, a, m{"oneToNVerificationId": nil})
	var inserted struct {
		ID string `json:"oneToNVerificationId"`
	}
	a.Into(t, http.StatusOK, &inserted)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(2)}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": ada(3), "insert": true}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	// With insert, who is not found is added and found from then on.
	zoe := text(servertest.AsPNG(servertest.Of(t, "zoe", 1)))
	a = c.post(t, "/one-to-n/search", m{"idPhoto": zoe, "insert": true})
	fields(t, a, m{"oneToNVerificationId": nil, "oneToNVerificationMatch": false})
	a.Into(t, http.StatusOK, &inserted)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": zoe}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	// Deleting removes the photo and leaves the features.
	sub, faces, err := r.Service.Subject(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, store.SubjectID(inserted.ID))
	require.NoError(t, err)
	require.Equal(t, 1, sub.Faces)
	_, err = r.Service.Photo(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, faces[0].ID)
	require.NoError(t, err, "the photo is kept")
	a = c.delete(t, inserted.ID)
	require.Equal(t, http.StatusNoContent, a.Status)
	require.Empty(t, a.Body)
	_, err = r.Service.Photo(context.Background(), store.Actor{Tenant: "acme"}, uqudo.Gallery, faces[0].ID)
	require.ErrorIs(t, err, store.ErrNotFound)
	fields(t, c.post(t, "/one-to-n/search", m{"idPhoto": zoe}), m{"oneToNVerificationId": inserted.ID, "oneToNVerificationMatch": true})

	for _, id := range []string{inserted.ID, uuid.NewString(), "x", "%00", "..%2f"} {
		refused(t, c.delete(t, id), http.StatusNotFound, "NOT_FOUND")
	}
}

// Of two people too close to tell the nearest is named.
func TestSeveralPeople(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	photo := text(servertest.Of(t, "ada", 1))
	var first, found struct {
		ID string `json:"oneToNVerificationId"`
	}
	c.post(t, "/one-to-n/insert", m{"idPhoto": photo}).Into(t, http.StatusOK, &first)
	require.Equal(t, http.StatusOK, c.post(t, "/one-to-n/insert", m{"idPhoto": text(servertest.Of(t, "ada", 2))}).Status)
	a := c.post(t, "/one-to-n/search", m{"idPhoto": photo})
	fields(t, a, m{"oneToNVerificationId": nil, "oneToNVerificationMatch": true})
	a.Into(t, http.StatusOK, &found)
	require.Equal(t, first, found)
}

func TestTenantsAreApart(t *testing.T) {
	r, _ := start(t)
	ours, theirs := newClient(t, r, "acme", all...), newClient(t, r, "rival", all...)
	photo := text(servertest.Of(t, "ada", 1))
	var inserted struct {
		ID string `json:"oneToNVerificationId"`
	}
	ours.post(t, "/one-to-n/insert", m{"idPhoto": photo}).Into(t, http.StatusOK, &inserted)
	refused(t, theirs.delete(t, inserted.ID), http.StatusNotFound, "NOT_FOUND")
	fields(t, theirs.post(t, "/one-to-n/search", m{"idPhoto": photo}), m{"oneToNVerificationId": null, "oneToNVerificationMatch": false})
	refused(t, theirs.delete(t, inserted.ID), http.StatusNotFound, "NOT_FOUND")
	require.Equal(t, http.StatusNoContent, ours.delete(t, inserted.ID).Status)
}

// Searches that insert the same stranger at once insert them once.
func TestFirstUseAtOnce(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	const n = 8
	ids := make(chan string, n)
	for i := range n {
		go func() {
			var a struct {
				ID string `json:"oneToNVerificationId"`
			}
			body, _ := json.Marshal(m{"idPhoto": text(servertest.Of(t, "ada", i+1)), "insert": true})
			req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, r.URL+"/api/v1/face/one-to-n/search", bytes.NewReader(body))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+c.token)
			res, err := http.DefaultClient.Do(req)
			if err == nil {
				err = json.NewDecoder(res.Body).Decode(&a)
				_ = res.Body.Close()
			}
			if err != nil {
				a.ID = fmt.Sprint(err)
			}
			ids <- a.ID
		}()
	}
	first := <-ids
	for range n - 1 {
		require.Equal(t, first, <-ids)
	}
	http.DefaultClient.CloseIdleConnections()
}
