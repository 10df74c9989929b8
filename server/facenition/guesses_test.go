package facenition_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server"
	"oneton/server/facenition"
	"oneton/server/servertest"
)

// Of a thousand guesses at once, five are looked at, and the right codes are none
// after them.
func TestThousandGuessesAtOnce(t *testing.T) {
	const guesses = 1000
	r := startOn(t, servertest.Options{Config: func(cfg *server.Config) {
		cfg.Concurrency, cfg.PeerConcurrency = 2*guesses, 2*guesses
	}}, facenition.Config{Prefix: at}, unlimited)
	nobody := client{r.URL, ""}
	nobody.given(t, "/v2/new-credentials", m{"email": email, "phone": phone})
	byEmail, byPhone := r.post.codes(email, phone)
	transport := &http.Transport{MaxIdleConnsPerHost: guesses}
	defer transport.CloseIdleConnections()
	asks := &http.Client{Transport: transport, Timeout: time.Minute}
	var tried, ended, other atomic.Int32
	var work sync.WaitGroup
	for i := range guesses {
		body, err := json.Marshal(m{"email": email, "phone": phone, "email_code": fmt.Sprintf("%06d", i), "phone_code": byPhone})
		require.NoError(t, err)
		if bytes.Contains(body, []byte(byEmail)) {
			continue
		}
		work.Go(func() {
			res, err := asks.Post(r.URL+at+"/v2/authenticate-credentials", "application/json", bytes.NewReader(body))
			if err != nil {
				other.Add(1)
				return
			}
			defer res.Body.Close()
			switch res.StatusCode {
			case http.StatusUnauthorized:
				tried.Add(1)
			case http.StatusGone:
				ended.Add(1)
			default:
				other.Add(1)
			}
		})
	}
	work.Wait()
	require.EqualValues(t, 5, tried.Load(), "%d ended, %d others", ended.Load(), other.Load())
	refused(t, nobody.json(t, "/v2/authenticate-credentials", m{"email": email, "phone": phone, "email_code": byEmail, "phone_code": byPhone}), http.StatusGone, "codes_ended")
	refused(t, nobody.json(t, "/v2/generateToken", m{"email": email, "phone": phone}), http.StatusForbidden, "not_verified")
}

// The log names tenants and routes, and holds nothing that somebody said.
func TestLogHoldsNothingSaid(t *testing.T) {
	r := start(t)
	nobody := client{r.URL, ""}
	nobody.given(t, "/v2/new-credentials", m{"email": email, "phone": phone})
	byEmail, byPhone := r.post.codes(email, phone)
	nobody.json(t, "/v2/authenticate-credentials", m{"email": email, "phone": phone, "email_code": "987650", "phone_code": byPhone})
	ticket := nobody.given(t, "/v2/authenticate-credentials", m{"email": email, "phone": phone, "email_code": byEmail, "phone_code": byPhone}).Ticket
	c := client{r.URL, nobody.given(t, "/v2/generateToken", m{"email": email, "phone": phone, "ticket": ticket}).AuthToken}
	said := []any{"secret", "marker-secret", "context", "marker-context"}
	token := c.identity(t, append(said, "image", ada(t, 1))...)
	c.compare(t, "/authenticate", append(said, "token", token, "image", ada(t, 2))...)
	c.form(t, "/authenticate", append(said, "token", token+"x", "image", ada(t, 2))...)
	c.form(t, "/authenticate", append(said, "token", token, "image", servertest.Scripted(t, servertest.Script{Panic: true}))...)
	c.form(t, "/generate", append(said, "image", servertest.Scripted(t, servertest.Script{Fail: "other"}))...)
	c.form(t, "/rotate", "token", token, "context", "marker-wrong")
	c.json(t, "/revoke", m{"marker-field": "marker-value"})
	c.form(t, "/rotate", "token", token, "context", "marker-context", "new_secret", "marker-new", "secret", "marker-old", "image", ada(t, 1))
	client{r.URL, "marker-token"}.form(t, "/generate", "image", ada(t, 1))
	c.form(t, "/revoke", "token", token)
	r.post.failed = fmt.Errorf("deliver to %s", "the gateway")
	refused(t, nobody.json(t, "/v2/new-credentials", m{"email": "marker@example.org", "phone": "+41791234599"}), http.StatusBadGateway, "delivery_failed")
	c.given(t, "/token", m{"rotate": true})

	// A duration may have any digits.
	log := regexp.MustCompile(`"duration":[0-9.e-]+`).ReplaceAllString(r.Log.String(), "")
	require.Contains(t, log, `"route":"/facenition/generate"`)
	require.Contains(t, log, `"tenant":"account-`)
	require.Contains(t, log, "the gateway", "why a delivery failed")
	for _, text := range []string{
		"marker", email, "41791234567", "987650", byEmail, byPhone, ticket, c.token, c.token[20:40], token, token[60:80],
		string(ada(t, 1)[4:24]),
	} {
		require.NotContains(t, log, text)
	}
}
