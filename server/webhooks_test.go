package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"
)

// hook is a webhook as the API shows it.
type hook struct {
	ID, URL, Description string
	Types                []string
	Enabled              bool
	Reason               string   `json:"disabled_reason"`
	PublicKeys           []string `json:"public_keys"`
	Format               string
	Authentication       *struct{ Scheme, User, Header string }
	Secret               string
	VerifiedAt           *time.Time `json:"verified_at"`
}

// delivery is as the API shows it.
type delivery struct {
	ID, Type, State string
	WebhookID       string `json:"webhook_id"`
	Count           int    `json:"attempt_count"`
	Attempts        []struct {
		Number, Status int
		Fault          string
	}
	Body json.RawMessage
}

// A webhook from its making to its end, with a receiver that verifies what it gets by
// the library of Standard Webhooks, and answers challenges.
func TestWebhooks(t *testing.T) {
	c := start(t)
	var secret string
	says, got := http.StatusOK, make(chan string, 10)
	to := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		var message struct{ Type, Challenge string }
		if err := json.Unmarshal(body, &message); err != nil || message.Type == "url_verification" {
			fmt.Fprintf(w, `{"challenge":%q}`, message.Challenge)
			return
		}
		verify, err := standardwebhooks.NewWebhook(secret)
		if err == nil {
			err = verify.Verify(body, r.Header)
		}
		w.WriteHeader(says)
		got <- fmt.Sprint(message.Type, " ", r.Header.Get("webhook-id"), " ", err)
	}))
	t.Cleanup(to.Close)

	var h hook
	a := c.json(t, "POST", "/v1/webhooks", m{"url": to.URL, "description": "ours", "verify": true})
	a.Into(t, http.StatusCreated, &h)
	require.Equal(t, "/v1/webhooks/"+h.ID, a.Header.Get("Location"))
	require.Regexp(t, `^whsec_[A-Za-z0-9+/]{43}=$`, h.Secret)
	require.Regexp(t, `^whpk_`, h.PublicKeys[0])
	require.NotNil(t, h.VerifiedAt)
	require.True(t, h.Enabled)
	require.Empty(t, h.Types)
	secret = h.Secret
	path := "/v1/webhooks/" + h.ID

	var shown hook
	a = c.json(t, "GET", path, nil)
	a.Into(t, http.StatusOK, &shown)
	require.Empty(t, shown.Secret, "it is told once")
	shown.Secret = h.Secret
	require.Equal(t, h, shown)
	tag := a.Header.Get("ETag")
	require.Equal(t, http.StatusNotModified, c.Do(t, c.key, "GET", path, "", nil, "If-None-Match: "+tag).Status)

	var d delivery
	c.json(t, "POST", path+"/test", nil).Into(t, http.StatusOK, &d)
	require.Equal(t, "webhook.test "+d.WebhookID+" <nil>", <-got)
	where := path + "/deliveries/" + d.ID
	require.Eventually(t, func() bool {
		c.json(t, "GET", where, nil).Into(t, http.StatusOK, &d)
		return d.State == "delivered"
	}, 10*time.Second, 10*time.Millisecond)
	require.Equal(t, 200, d.Attempts[0].Status)
	require.Regexp(t, `^\{"type":"webhook.test","timestamp":"[^"]+","data":\{\}\}$`, string(d.Body))
	c.json(t, "POST", where+"/redeliver", nil).Into(t, http.StatusOK, &d)
	require.Equal(t, "webhook.test "+d.WebhookID+" <nil>", <-got)

	says = http.StatusGone
	c.json(t, "POST", path+"/test", nil).Into(t, http.StatusOK, &d)
	<-got
	require.Eventually(t, func() bool {
		c.json(t, "GET", path, nil).Into(t, http.StatusOK, &shown)
		return shown.Reason == "gone"
	}, 10*time.Second, 10*time.Millisecond)
	c.json(t, "POST", path+"/test", nil).Refused(t, http.StatusConflict, "webhook_disabled")
	says = http.StatusOK
	c.Do(t, c.key, "PATCH", path, "application/json", []byte(`{"enabled":true}`), "If-Match: "+tag).Refused(t, http.StatusPreconditionFailed, "precondition_failed")
	shown = hook{}
	c.json(t, "PATCH", path, m{"enabled": true, "types": []string{"webhook.test"}}).Into(t, http.StatusOK, &shown)
	require.True(t, shown.Enabled)
	require.Equal(t, []string{"webhook.test"}, shown.Types)
	c.json(t, "PATCH", path, m{"enabled": false, "types": []string{}}).Into(t, http.StatusOK, &shown)
	require.Equal(t, "owner", shown.Reason)
	require.Empty(t, shown.Types)
	c.json(t, "PATCH", path, m{"enabled": true}).Into(t, http.StatusOK, &shown)

	var list struct {
		Deliveries []delivery
		Next       string
	}
	c.json(t, "GET", path+"/deliveries?state=failed", nil).Into(t, http.StatusOK, &list)
	require.Len(t, list.Deliveries, 1)
	c.json(t, "GET", path+"/deliveries?limit=1", nil).Into(t, http.StatusOK, &list)
	require.Equal(t, list.Deliveries[0].ID, list.Next)
	var repeated struct{ Deliveries int }
	c.json(t, "POST", path+"/redeliver", m{"since": "2020-01-31T12:00:00Z"}).Into(t, http.StatusOK, &repeated)
	require.Equal(t, 1, repeated.Deliveries)
	<-got

	var rotated hook
	c.json(t, "POST", path+"/rotate", m{"overlap_seconds": 60}).Into(t, http.StatusOK, &rotated)
	require.Len(t, rotated.PublicKeys, 2)
	for _, s := range []string{h.Secret, rotated.Secret} {
		secret = s
		c.json(t, "POST", path+"/test", nil).Into(t, http.StatusOK, &d)
		require.Equal(t, "webhook.test "+d.WebhookID+" <nil>", <-got)
	}

	for body, want := range map[string]struct {
		status      int
		code, field string
	}{
		`{}`:                                                                            {400, "invalid_request", "url"},
		`{"url":"ftp://example.org"}`:                                                   {400, "invalid_request", "url"},
		`{"url":"https://u@example.org"}`:                                               {400, "invalid_request", "url"},
		`{"url":"https://169.254.169.254"}`:                                             {422, "webhook_address", "url"},
		`{"url":"https://example.org:25"}`:                                              {422, "webhook_address", "url"},
		`{"url":"https://example.org","types":["x"]}`:                                   {400, "invalid_request", "types"},
		`{"url":"https://example.org","types":"x"}`:                                     {400, "invalid_request", "types"},
		`{"url":"https://example.org","secret":"x"}`:                                    {400, "invalid_request", "secret"},
		`{"url":"https://example.org","other":"x"}`:                                     {400, "invalid_request", "other"},
		`{"url":"https://example.org","format":"x"}`:                                    {400, "invalid_request", "format"},
		`{"url":"https://example.org","authentication":{"user":"u"}}`:                   {400, "invalid_request", "authentication"},
		`{"url":"https://example.org","authentication":"u"}`:                            {400, "invalid_request", "authentication"},
		`{"url":"https://example.org","format":"uqudo","authentication":{"users":"u"}}`: {400, "invalid_request", "authentication.users"},
		`{"url":"https://example.org","format":"uqudo","authentication":{"header":"Host","value":"internal"}}`: {400, "invalid_request", "authentication"},
		`{"url":"https://example.org","format":"uqudo","secret":"whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"}`:     {400, "invalid_request", "secret"},
		`{"url":"https://example.org","format":"uqudo","types":["webhook.test"]}`:                              {400, "invalid_request", "types"},
		`{"url":"http://127.0.0.1:1025","verify":true}`:                                                        {422, "webhook_unverified", "url"},
	} {
		p := c.Do(t, c.key, "POST", "/v1/webhooks", "application/json", []byte(body)).Refused(t, want.status, want.code)
		require.Equal(t, want.field, p.Field, body)
		require.NotEmpty(t, p.Detail, body)
	}
	p := c.json(t, "GET", path+"/deliveries?state=lost", nil).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "state", p.Field)
	c.json(t, "POST", path+"/rotate", m{"overlap_seconds": 604801}).Refused(t, http.StatusBadRequest, "invalid_request")
	c.json(t, "POST", path+"/redeliver", m{"since": "yesterday"}).Refused(t, http.StatusBadRequest, "invalid_request")
	c.json(t, "GET", path+"/deliveries/none", nil).Refused(t, http.StatusNotFound, "not_found")

	// Another tenant's, and who has no scope.
	stranger, searcher := c.Key(t, "strangers", "*"), c.Key(t, "acme", "search")
	for _, call := range [][2]string{
		{"GET", path},
		{"PATCH", path},
		{"DELETE", path},
		{"POST", path + "/rotate"},
		{"POST", path + "/test"},
		{"POST", path + "/redeliver"},
		{"GET", path + "/deliveries"},
		{"GET", where},
		{"POST", where + "/redeliver"},
	} {
		c.Do(t, stranger, call[0], call[1], "", nil).Refused(t, http.StatusNotFound, "not_found")
		c.Do(t, searcher, call[0], call[1], "", nil).Refused(t, http.StatusForbidden, "forbidden")
	}
	var all struct{ Webhooks []hook }
	c.Do(t, stranger, "GET", "/v1/webhooks", "", nil).Into(t, http.StatusOK, &all)
	require.Empty(t, all.Webhooks)
	c.json(t, "GET", "/v1/webhooks", nil).Into(t, http.StatusOK, &all)
	require.Len(t, all.Webhooks, 1)
	require.Equal(t, http.StatusNoContent, c.json(t, "DELETE", path, nil).Status)
	c.json(t, "DELETE", path, nil).Refused(t, http.StatusNotFound, "not_found")
	require.NotContains(t, c.Log.String(), "whsec_")
}

// Whoever brings the secret that a receiver has already, needs no other.
func TestWebhookWithItsOwnersSecret(t *testing.T) {
	c := start(t)
	var h hook
	const first, second = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	c.json(t, "POST", "/v1/webhooks", m{"url": "https://example.org", "secret": first}).Into(t, http.StatusCreated, &h)
	require.Equal(t, first, h.Secret)
	require.Equal(t, "standard", h.Format)
	require.Nil(t, h.Authentication)
	c.json(t, "POST", "/v1/webhooks/"+h.ID+"/rotate", m{"secret": second}).Into(t, http.StatusOK, &h)
	require.Equal(t, second, h.Secret)
	p := c.json(t, "POST", "/v1/webhooks/"+h.ID+"/rotate", m{"secret": "whsec_"}).Refused(t, http.StatusBadRequest, "invalid_request")
	require.Equal(t, "secret", p.Field)
	c.json(t, "PATCH", "/v1/webhooks/"+h.ID, m{"secret": first}).Refused(t, http.StatusBadRequest, "invalid_request")
	require.NotContains(t, c.Log.String(), "whsec_")
}

// A webhook of results has credentials, which are told to nobody, and can be changed.
func TestWebhookOfResults(t *testing.T) {
	c := start(t)
	got := make(chan string, 10)
	to := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		user, password, _ := r.BasicAuth()
		got <- fmt.Sprint(user, ":", password, " ", r.Header.Get("X-Api-Key"), " ", string(body))
	}))
	t.Cleanup(to.Close)
	var h hook
	a := c.json(t, "POST", "/v1/webhooks", m{"url": to.URL, "format": "uqudo", "authentication": m{"user": "ada", "password": "s3cret"}})
	a.Into(t, http.StatusCreated, &h)
	require.Empty(t, h.Secret)
	require.Empty(t, h.PublicKeys)
	require.Equal(t, "uqudo", h.Format)
	require.Equal(t, "basic", h.Authentication.Scheme)
	require.Equal(t, "ada", h.Authentication.User)
	require.NotContains(t, string(a.Body), "s3cret")
	path := "/v1/webhooks/" + h.ID
	c.json(t, "POST", path+"/test", nil).Into(t, http.StatusOK, &struct{}{})
	require.Equal(t, `ada:s3cret  {"jwsResult":""}`, <-got)
	a = c.json(t, "PATCH", path, m{"authentication": m{"header": "X-Api-Key", "value": "s3cret"}})
	a.Into(t, http.StatusOK, &h)
	require.Equal(t, "header", h.Authentication.Scheme)
	require.Equal(t, "X-Api-Key", h.Authentication.Header)
	require.NotContains(t, string(a.Body), "s3cret")
	c.json(t, "POST", path+"/test", nil).Into(t, http.StatusOK, &struct{}{})
	require.Equal(t, `: s3cret {"jwsResult":""}`, <-got)
	c.json(t, "PATCH", path, m{"description": "as it was"}).Into(t, http.StatusOK, &h)
	require.Equal(t, "header", h.Authentication.Scheme)
	h.Authentication = nil
	c.json(t, "PATCH", path, m{"authentication": m{}}).Into(t, http.StatusOK, &h)
	require.Equal(t, "none", h.Authentication.Scheme)
	c.json(t, "PATCH", path, m{"format": "standard"}).Refused(t, http.StatusBadRequest, "invalid_request")
	c.json(t, "POST", path+"/rotate", nil).Refused(t, http.StatusConflict, "webhook_unsigned")
	require.NotContains(t, c.Log.String(), "s3cret")
}
