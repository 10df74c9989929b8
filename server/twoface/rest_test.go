package twoface_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/store"
)

// A check that takes longer than is waited is 504 and names its job, which goes on; a
// client that asked for the job gets its id at once.
func TestWaitingAndNot(t *testing.T) {
	r := startOn(t, servertest.Options{}, func(cfg *twoface.Config) { cfg.Prefix, cfg.Wait = at, 50*time.Millisecond })
	c := r.backend(t, "acme")
	open, front := c.open(t, "SIGNUP"), m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"}
	let := r.hold()
	a := open.files(t, "/documents/validate-document-type", front)
	job := a.Header.Get("x-job-id")
	require.Regexp(t, "^[0-9a-f]{24}$", job)
	a.refused(t, http.StatusGatewayTimeout, "The result was not ready in time; GET /jobs/"+job+" tells it.")
	require.Equal(t, "timeout", a.Header.Get("X-Oneton-Code"))
	require.Equal(t, "2", a.left(), "it has taken an attempt")

	var later string
	began := time.Now()
	a = open.files(t, "/documents/validate-document-type?async=true", front)
	a.result(t, &later)
	require.Less(t, time.Since(began), 20*time.Second)
	require.Equal(t, later, a.Header.Get("x-job-id"))
	let()
	for _, id := range []string{job, later} {
		status, output := c.ended(t, id)
		require.Equal(t, 2, status, "%s", output)
		var o struct{ Value any }
		require.NoError(t, json.Unmarshal(output, &o))
		require.Equal(t, true, o.Value)
	}
}

// A session's attempts are taken exactly, however many ask at once, and never are more
// checks at work than there were attempts. A new session has new ones.
func TestAttemptsAtOnce(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		c := r.backend(t, "acme")
		open := c.open(t, "SIGNUP")
		front := m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"}
		contentType, body := multipartOf(t, front)
		let := r.hold()
		defer let()
		const clients = 24
		var most, served, used atomic.Int32
		var left sync.Map
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				a := open.send(t, http.MethodPost, "/documents/validate-document-type", contentType, body)
				switch a.Status {
				case http.StatusOK:
					served.Add(1)
					left.Store(a.left(), true)
				case http.StatusTooManyRequests:
					used.Add(1)
					require.Equal(t, "0", a.left())
				default:
					require.Failf(t, "unexpected", "%d %s", a.Status, a.Body)
				}
			})
		}
		require.Eventually(t, func() bool {
			if n := int32(r.holding()); n > most.Load() {
				most.Store(n)
			}
			return used.Load() == clients-3 && most.Load() >= 1
		}, waits, tick)
		let()
		wg.Wait()
		require.Equal(t, int32(3), served.Load())
		require.LessOrEqual(t, most.Load(), int32(3))
		for _, n := range []string{"0", "1", "2"} {
			_, told := left.Load(n)
			require.True(t, told, "one was told that %s are left", n)
		}
		open.files(t, "/documents/validate-document-type", front).refused(t, http.StatusTooManyRequests, "No attempts are left for this operation; a new session has new ones.")
		require.Equal(t, "2", c.open(t, "SIGNUP").files(t, "/documents/validate-document-type", front).left())
	})
}

// Every answer of a check says what is left to the session that asks, whatever is
// wrong with the request.
func TestAttemptsOfRefusedRequests(t *testing.T) {
	r := start(t)
	open := r.backend(t, "acme").open(t, "SIGNUP")
	pair := m{"document": selfie(t, "ada"), "face": selfie(t, "bob")}
	open.files(t, "/faces/compare", pair).result(t, new(float64))
	for name, refused := range map[string]answer{
		"another method":    open.get(t, "/faces/compare"),
		"no such method":    open.send(t, "BREW", "/faces/compare", "", nil),
		"a compressed body": open.send(t, http.MethodPost, "/faces/compare", "application/json", []byte(`{}`), "Content-Encoding: gzip"),
		"no User-Agent":     open.send(t, http.MethodPost, "/faces/compare", "", nil, "User-Agent: "),
		"half of a comparison at the address for counting": open.files(t, "/faces/detect", m{"face": selfie(t, "ada")}),
	} {
		require.GreaterOrEqual(t, refused.Status, http.StatusBadRequest, name)
		require.Equal(t, "3", refused.Header.Get("x-attempt-limit"), name)
		require.Equal(t, "2", refused.left(), name)
	}
	require.Equal(t, "0", open.files(t, "/faces/none", m{}).left(), "there is no such check")
	open.form(t, "/session/close", "status", "FAILED")
	require.Equal(t, "0", open.get(t, "/faces/compare").left(), "the session is closed")
}

// Nothing of one tenant is another's, and a session's token opens its own session alone.
func TestTenantsApart(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		acme, other := r.backend(t, "acme"), r.backend(t, "other")
		attempt := acme.registrable(t, "ada", cedula)
		var u struct{ ID string }
		acme.form(t, "/users", "attempt", attempt, "documentId", cedula, "documentType", "CEDULA").result(t, &u)
		open := acme.open(t, "SIGNUP")
		job := open.started(t, m{"face": selfie(t, "ada"), "document": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"})
		var reviewed string
		acme.open(t, "SIGNUP").form(t, "/session/close", "status", "REVIEW").result(t, &reviewed)
		for path, id := range map[string]string{
			"GET /jobs/": job, "GET /users/": u.ID, "DELETE /users/": u.ID, "GET /users/document/": cedula, "GET /attempts/": attempt, "POST /attempts/review/": reviewed,
		} {
			method, at, _ := strings.Cut(path, " ")
			a := other.send(t, method, at+id, "application/x-www-form-urlencoded", []byte("status=SUCCESS"))
			if method != http.MethodPost {
				a = other.send(t, method, at+id, "", nil)
			}
			a.refused(t, http.StatusNotFound, "No entity found by ID: "+id)
		}
		other.form(t, "/users", "attempt", attempt, "documentId", cedula, "documentType", "CEDULA").refused(t, http.StatusNotFound, "No entity found by ID: "+attempt)
		// The same document may be a user's of each.
		theirs := other.registrable(t, "ada", cedula)
		other.form(t, "/users", "attempt", theirs, "documentId", cedula, "documentType", "CEDULA").result(t, &u)
		// A validation finds the tenant's own user alone.
		var id string
		var mine struct{ ID string }
		acme.get(t, "/users/document/"+cedula).result(t, &mine)
		other.open(t, "VALIDATION").files(t, "/jobs/start/validation", m{"face": selfie(t, "ada"), "userId": mine.ID}).result(t, &id)
		status, output := other.ended(t, id)
		require.Equal(t, 4, status, "%s", output)
	})
}

// A session's token opens no call of a backend's, and a key none of a session's.
func TestTokensAndKeysApart(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	for _, call := range twoface.Calls() {
		method, path, _ := strings.Cut(call, " ")
		if path == "/photos/:photo" {
			continue
		}
		byKey := strings.HasPrefix(path, "/users") || strings.HasPrefix(path, "/attempts") || path == "/jobs/:id" || path == "/session"
		for name, wrong := range map[string]client{
			"nothing": {url: c.url}, "a token as a key": {url: c.url, key: open.session}, "a key as a token": {url: c.url, session: c.key},
			"a token with Bearer": {url: c.url, key: "Bearer " + open.session}, "both, the wrong way round": {url: c.url, key: open.session, session: c.key},
			"another scheme": {url: c.url, key: "Basic " + c.key}, "the right one in another case": {url: c.url, key: strings.ToUpper(c.key), session: strings.ToLower(open.session)},
		} {
			a := wrong.send(t, method, path, "", nil)
			a.refused(t, http.StatusForbidden, "Invalid token.")
			require.NotEmpty(t, a.Header.Get("X-Oneton-Code"), name)
		}
		wrong := client{url: c.url, key: c.key}
		if byKey {
			wrong = client{url: c.url, session: open.session}
		}
		wrong.send(t, method, path, "", nil).refused(t, http.StatusForbidden, "Invalid token.")
	}
	// The key that opened a session ends it when it is revoked.
	keyID := strings.Split(c.key, "_")[1]
	require.NoError(t, r.Access.Revoke(t.Context(), store.Actor{Tenant: "acme"}, store.KeyID(keyID)))
	open.form(t, "/session/close", "status", "SUCCESS").refused(t, http.StatusForbidden, "Invalid token.")
}

// A key's scopes are what it may do, and sessions that it opens go by none.
func TestScopes(t *testing.T) {
	r := start(t)
	for _, s := range twoface.Scopes() {
		c := client{url: r.URL + at, key: r.Key(t, "acme", s.Name)}
		for path, scope := range map[string]string{
			"POST /session": twoface.ScopeSessions, "GET /jobs/x": twoface.ScopeRead, "GET /users/x": twoface.ScopeRead, "GET /attempts/x": twoface.ScopeRead,
			"GET /users/document/x": twoface.ScopeRead, "POST /users": twoface.ScopeUsers, "DELETE /users/x": twoface.ScopeUsers, "POST /attempts/review/x": twoface.ScopeReview,
		} {
			method, p, _ := strings.Cut(path, " ")
			a := c.send(t, method, p, "", nil)
			if scope != s.Name {
				a.refused(t, http.StatusForbidden, "The key lacks the scope "+scope+", which this call needs.")
				continue
			}
			require.NotEqual(t, http.StatusForbidden, a.Status, path)
		}
	}
}

// An address of a photo gives it to whoever has it, until it ends; the same of another
// tenant, or of an altered one, gives nothing, and no log has any.
func TestAddresses(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		address := r.address(t, "acme")
		fetch := func(address string) answer {
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
			require.NoError(t, err)
			return ask(t, req)
		}
		a := fetch(address)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "image/jpeg", a.Header.Get("Content-Type"))
		require.Equal(t, document(t, "ada", "CEDULA", "FRONT", cedula), a.Body)
		for _, altered := range []string{
			strings.Replace(address, "tenant=acme", "tenant=acm", 1), strings.Replace(address, "expires=", "expires=9", 1),
			strings.Replace(address, "signature=", "signature=A", 1), address + "&tenant=other", strings.Split(address, "?")[0],
		} {
			b := fetch(altered)
			if altered == address+"&tenant=other" { // the first counts
				require.Equal(t, http.StatusOK, b.Status)
				continue
			}
			require.Equal(t, http.StatusForbidden, b.Status, altered)
		}
		require.NotContains(t, r.Log.String(), "signature=")
		require.NotContains(t, r.Log.String(), strings.Split(strings.Split(address, "/photos/")[1], "?")[0])
	})
	r := startOn(t, servertest.Options{}, func(cfg *twoface.Config) {
		cfg.Prefix, cfg.LinkTime, cfg.URL = at, time.Second, "https://faces.example.org"
	})
	address := r.address(t, "acme")
	require.True(t, strings.HasPrefix(address, "https://faces.example.org"+at+"/photos/"), address)
	address = strings.Replace(address, "https://faces.example.org", r.URL, 1)
	require.Eventually(t, func() bool {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		require.NoError(t, err)
		return ask(t, req).Status == http.StatusForbidden
	}, waits, 100*time.Millisecond)
}

// No log has a key, a session's token, a document's number or what else was sent.
func TestNothingSecretInTheLog(t *testing.T) {
	r := start(t)
	c := r.backend(t, "acme")
	open := c.open(t, "SIGNUP")
	open.files(t, "/documents/validate-identity", m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA", "documentId": cedula})
	open.files(t, "/documents/validate-identity", m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": cedula, "documentId": cedula})
	c.get(t, "/users/document/"+cedula)
	c.get(t, "/users/"+cedula)
	log := r.Log.String()
	for _, secret := range []string{c.key, strings.Split(c.key, "_")[2], open.session, cedula, "nationality"} {
		require.NotContains(t, log, secret)
	}
	require.Contains(t, log, `"route":"/v1/2face/users/document/:documentId"`)
}

// An unknown session, a closed one and one that has ended are refused alike, also in
// what their answers are.
func TestSessionsThatAreNone(t *testing.T) {
	r := startOn(t, servertest.Options{Settings: func(cfg *config.Config) { cfg.KYC.Session = time.Second }}, func(cfg *twoface.Config) { cfg.Prefix = at })
	c := r.backend(t, "acme")
	closed, ended := c.open(t, "SIGNUP"), c.open(t, "SIGNUP")
	closed.form(t, "/session/close", "status", "FAILED")
	time.Sleep(1100 * time.Millisecond)
	var bodies, headers []string
	for _, token := range []string{"", "x", strings.Repeat("A", 26), strings.Repeat("A", 8<<10), closed.session, ended.session, closed.session[:25], "\u00e9", "' OR 1=1 --"} {
		a := client{url: c.url, session: token}.files(t, "/faces/detect", m{"file": selfie(t, "ada")})
		require.Equal(t, http.StatusForbidden, a.Status)
		for _, own := range []string{"X-Request-Id", "Date"} {
			a.Header.Del(own)
		}
		bodies, headers = append(bodies, string(a.Body)), append(headers, fmt.Sprint(a.Header))
	}
	for i := range bodies {
		require.Equal(t, bodies[0], bodies[i])
		require.Equal(t, headers[0], headers[i])
	}
}

// Requests beyond what a user may send are refused with the time to come back, over all
// keys and sessions of the user, and nobody else's are.
func TestRateLimit(t *testing.T) {
	r := startOn(t, servertest.Options{Settings: func(cfg *config.Config) { cfg.Limits.Requests = 20 }}, func(cfg *twoface.Config) { cfg.Prefix = at })
	c, second, other := r.backend(t, "acme"), r.backend(t, "acme"), r.backend(t, "other")
	open := c.open(t, "SIGNUP") // the first
	var served, refused atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			var a answer
			switch i % 3 {
			case 0:
				a = c.get(t, "/users/x")
			case 1:
				a = second.get(t, "/users/x")
			default:
				a = open.files(t, "/faces/detect", m{})
			}
			require.Regexp(t, `^"?\w+"?;q=20;w=60`, a.Header.Get("RateLimit-Policy"))
			require.Regexp(t, `;r=\d+;t=\d+$`, a.Header.Get("RateLimit"))
			if a.Status != http.StatusTooManyRequests {
				served.Add(1)
				return
			}
			refused.Add(1)
			a.refused(t, http.StatusTooManyRequests, "Too many requests; Retry-After says in how many seconds to try again.")
			after, err := strconv.Atoi(a.Header.Get("Retry-After"))
			require.NoError(t, err)
			require.True(t, after >= 1 && after <= 60, after)
		})
	}
	wg.Wait()
	require.Equal(t, []int32{19, 21}, []int32{served.Load(), refused.Load()})
	require.Equal(t, http.StatusNotFound, other.get(t, "/users/x").Status)
}

// What is sent is bounded before it is known who sends it: nothing of a stranger's body
// is read.
func TestStrangersBodiesAreNotRead(t *testing.T) {
	r := start(t)
	for _, call := range twoface.Calls() {
		method, path, _ := strings.Cut(call, " ")
		if method != http.MethodPost {
			continue
		}
		body := &counted{}
		req, err := http.NewRequestWithContext(context.Background(), method, r.URL+at+path, body)
		require.NoError(t, err)
		req.ContentLength = 10 << 20
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Expect", "100-continue")
		res, err := http.DefaultTransport.RoundTrip(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Equal(t, http.StatusForbidden, res.StatusCode, call)
		require.Zero(t, body.read.Load(), call)
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// counted is an endless body that counts what is read of it.
type counted struct{ read atomic.Int64 }

func (b *counted) Read(p []byte) (int, error) {
	b.read.Add(int64(len(p)))
	return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
}
