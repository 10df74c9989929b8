package capture_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/facesession"
	"oneton/photo"
	"oneton/pool"
	"oneton/store"
)

const (
	bound    = "Capture-Binding: b0und"
	unbound  = "Capture-Binding: none"
	asJSON   = "Content-Type: application/json"
	asJPEG   = "Content-Type: image/jpeg"
	boundary = "frames"
)

// form is that of a step's frames.
func form(at string, frames ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"at\"\r\n\r\n%s\r\n", boundary, at)
	for _, f := range frames {
		fmt.Fprintf(&b, "--%s\r\nContent-Disposition: form-data; name=\"frames\"; filename=\"f.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n%s\r\n", boundary, f)
	}
	return b.String() + "--" + boundary + "--\r\n"
}

const asForm = "Content-Type: multipart/form-data; boundary=" + boundary

// refused holds that an answer is an error of that status and code.
func (g got) refused(t testing.TB, status int, code string) map[string]any {
	t.Helper()
	require.Equal(t, status, g.StatusCode, g.body)
	var r map[string]any
	require.NoError(t, json.Unmarshal([]byte(g.body), &r))
	require.Equal(t, code, r["error"], g.body)
	require.NotEmpty(t, r["message"])
	require.InDelta(t, status, r["status"], 0)
	require.Equal(t, "urn:oneton:request:"+g.Header.Get("X-Request-Id"), r["instance"])
	require.Equal(t, "no-store", g.Header.Get("Cache-Control"))
	return r
}

// Only the server's own page calls, and a page of another origin cannot make a browser do it.
func TestCallsOfOthersAreRefused(t *testing.T) {
	s := newSessions()
	page := serve(t, s) + "/session/" + sessionID
	for _, call := range []string{"/bind", "/begin", "/guide", "/step", "/cancel"} {
		send(t, "POST", page+call, `{}`, asJSON).refused(t, 403, "FORBIDDEN")
		for _, site := range []string{"cross-site", "same-site", "none"} {
			send(t, "POST", page+call, `{}`, asJSON, unbound, "Sec-Fetch-Site: "+site).refused(t, 403, "FORBIDDEN")
		}
		asked := send(t, "OPTIONS", page+call, "", "Origin: https://thief.example", "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: capture-binding")
		require.Empty(t, asked.Header.Get("Access-Control-Allow-Origin"))
		require.NotContains(t, strings.ToLower(asked.Header.Get("Access-Control-Allow-Headers")), "capture-binding")
		require.Equal(t, 405, send(t, "GET", page+call, "").StatusCode)
	}
	// What a form of another site can send is not taken, whatever it claims.
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded"} {
		require.Equal(t, 415, send(t, "POST", page+"/bind", `{}`, "Content-Type: "+media, unbound).StatusCode)
	}
	require.Empty(t, s.called())
}

func TestCallsTakeWhatTheySay(t *testing.T) {
	s := newSessions()
	s.stands(facesession.Embedding{Returns: []string{"https://shop.example/done"}})
	page := serve(t, s) + "/session/" + sessionID
	send(t, "POST", page+"/bind", `{"return":"https://thief.example/"}`, asJSON, unbound).refused(t, 400, "INVALID_INPUT")
	send(t, "POST", page+"/bind", `{"token":"x"}`, asJSON, unbound).refused(t, 400, "INVALID_INPUT")
	first := send(t, "POST", page+"/bind", `{"nonce":"n"}`, asJSON, unbound, "Sec-Fetch-Site: same-origin")
	require.JSONEq(t, `{"binding":"b0und","attempt":0,"attempts":3,"expiresIn":600,"checking":false,"origins":[],"redirect":"https://shop.example/done"}`, first.body)
	send(t, "POST", page+"/bind", `{}`, asJSON, unbound).refused(t, 409, "SESSION_OPEN_ELSEWHERE")
	send(t, "POST", page+"/begin", `{}`, asJSON, "Capture-Binding: guessed").refused(t, 409, "SESSION_OPEN_ELSEWHERE")
	send(t, "POST", page+"/guide", "x", asJSON, bound).refused(t, 415, "INVALID_INPUT")
	send(t, "POST", page+"/guide", strings.Repeat("x", 600<<10), asJPEG, bound).refused(t, 413, "INVALID_INPUT")
	begun := send(t, "POST", page+"/begin", `{}`, asJSON, bound)
	require.JSONEq(t, `{"step":{"token":"t1","kind":"look","attempt":1,"number":1,"of":3,"expiresIn":45},"attempt":1,"attempts":3}`, begun.body)
	for _, at := range []string{"", "1", "1,2,3", "1,x", "1,-2", "1,99999999999", "1, 2", "1.5,2"} {
		send(t, "POST", page+"/step", form(at, "one", "two"), asForm, bound, "Capture-Step: t1").refused(t, 400, "INVALID_INPUT")
	}
	send(t, "POST", page+"/step", form("1,2", "one", "two"), asForm, bound, "Capture-Step: t9").refused(t, 409, "STEP_NOT_EXPECTED")
	require.Equal(t, 200, send(t, "POST", page+"/step", form("100,250", "one", "two"), asForm, bound, "Capture-Step: t1").StatusCode)
	require.Equal(t, []string{"one 100ms", "two 250ms"}, []string{
		fmt.Sprint(string(s.last[0].JPEG), " ", s.last[0].At), fmt.Sprint(string(s.last[1].JPEG), " ", s.last[1].At),
	})
	send(t, "POST", page+"/cancel", `{"code":"FACE_NO_MATCH"}`, asJSON, bound).refused(t, 400, "INVALID_INPUT")
	require.JSONEq(t, `{"error":"USER_CANCEL"}`, send(t, "POST", page+"/cancel", `{"code":"USER_CANCEL"}`, asJSON, bound).body)
}

// erring are sessions of which no attempt begins.
type erring struct {
	*sessions
	err error
}

func (e erring) Begin(context.Context, string, string) (facesession.Progress, error) {
	return facesession.Progress{}, e.err
}

func TestErrorsOfCalls(t *testing.T) {
	for _, c := range []struct {
		err    error
		status int
		code   string
		reason any
	}{
		{facesession.ErrGone, 404, "SESSION_EXPIRED_OR_NOT_FOUND", nil},
		{facesession.ErrUnauthorized, 403, "UNAUTHORIZED", nil},
		{facesession.ErrElsewhere, 409, "SESSION_OPEN_ELSEWHERE", nil},
		{facesession.ErrStep, 409, "STEP_NOT_EXPECTED", nil},
		{facesession.ErrNonceUsed, 409, "NONCE_USED", nil},
		{&facesession.FramesError{Reason: facesession.Repeated}, 400, "INVALID_INPUT", "repeated"},
		{facesession.ErrBusy, 429, "BUSY", nil},
		{facesession.ErrOff, 501, "UNEXPECTED_ERROR", nil},
		{pool.ErrBusy, 503, "BUSY", nil},
		{photo.ErrCorrupt, 400, "INVALID_INPUT", nil},
		{store.ErrUnavailable, 503, "UNEXPECTED_ERROR", nil},
		{io.ErrUnexpectedEOF, 500, "UNEXPECTED_ERROR", nil},
	} {
		page := serve(t, erring{newSessions(), fmt.Errorf("do it: %w", c.err)}) + "/session/" + sessionID
		r := send(t, "POST", page+"/begin", `{}`, asJSON, bound).refused(t, c.status, c.code)
		require.Equal(t, c.reason, r["reason"], c.code)
	}
}
