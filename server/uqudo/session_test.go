package uqudo_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/facesession"
	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

// multipartOf is a form of files and texts.
func multipartOf(t *testing.T, fields map[string][]byte) (contentType string, body []byte) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, content := range fields {
		if name == "idPhoto" {
			part, err := form.CreateFormFile(name, "id.jpg")
			require.NoError(t, err)
			_, err = part.Write(content)
			require.NoError(t, err)
			continue
		}
		require.NoError(t, form.WriteField(name, string(content)))
	}
	require.NoError(t, form.Close())
	return form.FormDataContentType(), b.Bytes()
}

// opened is the id of a session that was opened.
func opened(t *testing.T, a servertest.Answer) string {
	t.Helper()
	var got map[string]string
	a.Into(t, http.StatusCreated, &got)
	require.Len(t, got, 1)
	_, err := uuid.Parse(got["sessionId"])
	require.NoError(t, err)
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	return got["sessionId"]
}

// A session is opened by a form or by JSON, and is the client's own.
func TestOpenSessions(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	photo := servertest.Of(t, "ada", 1)
	form := func(fields map[string][]byte) servertest.Answer {
		contentType, body := multipartOf(t, fields)
		return r.Do(t, c.token, "POST", "/api/v1/face", contentType, body)
	}
	ids := map[string]bool{}
	for _, a := range []servertest.Answer{
		form(map[string][]byte{"idPhoto": photo}),
		form(map[string][]byte{"idPhoto": servertest.AsPNG(photo), "maxAttempts": []byte("1"), "nonce": []byte("n-1"), "liveness": []byte("true")}),
		c.post(t, "", m{"idPhoto": text(photo)}),
		c.post(t, "", m{"idPhoto": "data:image/jpeg;base64," + text(photo), "maxAttempts": 2, "minimumMatchLevel": 4, "returnDataForIncompleteSession": true, "oneToN": "insert", "nonce": "n-2"}),
	} {
		id := opened(t, a)
		e, err := r.Node.FaceSessions.Embedding(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, store.TenantID("acme"), e.Tenant)
		require.Equal(t, store.KeyID(c.id), e.Client)
		require.InDelta(t, 600, time.Until(e.EndsAt).Seconds(), 30)
		ids[id] = true
	}
	require.Len(t, ids, 4)
	for _, q := range []struct {
		body  m
		field string
	}{
		{m{}, "idPhoto"},
		{m{"idPhoto": ""}, "idPhoto"},
		{m{"idPhoto": text(photo), "maxAttempts": 0}, "maxAttempts"},
		{m{"idPhoto": text(photo), "maxAttempts": 4}, "maxAttempts"},
		{m{"idPhoto": text(photo), "maxAttempts": "three"}, "maxAttempts"},
		{m{"idPhoto": text(photo), "minimumMatchLevel": 6}, "minimumMatchLevel"},
		{m{"idPhoto": text(photo), "oneToN": "delete"}, "oneToN"},
		{m{"idPhoto": text(photo), "nonce": string(bytes.Repeat([]byte("x"), 65))}, "nonce"},
		{m{"idPhoto": text(photo), "nonce": "n-1"}, "nonce"},
		{m{"idPhoto": text(photo), "photo": "x"}, "photo"},
	} {
		require.Equal(t, q.field, refused(t, c.post(t, "", q.body), http.StatusBadRequest, "INVALID_INPUT").Field, q.body)
	}
	refused(t, r.Do(t, c.token, "POST", "/api/v1/face", "image/jpeg", photo), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	refused(t, form(map[string][]byte{"nonce": []byte("n-3")}), http.StatusBadRequest, "INVALID_INPUT")
	refused(t, form(map[string][]byte{"idPhoto": []byte("GIF89a")}), http.StatusUnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE")
	refused(t, form(map[string][]byte{"idPhoto": append(photo, make([]byte, 5<<20)...)}), http.StatusRequestEntityTooLarge, "PAYLOAD_TOO_LARGE")
	for _, q := range []struct {
		photo []byte
		code  string
	}{
		{servertest.Photo(t), "NO_FACE"},
		{servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"}), "SEVERAL_FACES"},
		{servertest.Photo(t, servertest.Shown{Person: "a", Size: 10}), "FACE_TOO_SMALL"},
		{servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"not_comparable"}}), "LOW_QUALITY"},
	} {
		require.Equal(t, "idPhoto", refused(t, c.post(t, "", m{"idPhoto": text(q.photo)}), http.StatusBadRequest, q.code).Field)
	}

	// What a session would do needs the scopes of doing it.
	only := newClient(t, r, "acme", uqudo.ScopeSession)
	require.Contains(t, refused(t, only.post(t, "", m{"idPhoto": text(photo), "oneToN": "search"}), http.StatusForbidden, "FORBIDDEN").Message, uqudo.ScopeSearch)
	finder := newClient(t, r, "acme", uqudo.ScopeSession, uqudo.ScopeSearch)
	opened(t, finder.post(t, "", m{"idPhoto": text(photo), "oneToN": "search"}))
	require.Contains(t, refused(t, finder.post(t, "", m{"idPhoto": text(photo), "oneToN": "insert"}), http.StatusForbidden, "FORBIDDEN").Message, uqudo.ScopeInsert)
	opened(t, only.post(t, "", m{"idPhoto": text(photo), "oneToN": "off"}))
}

// blind can check no step.
type blind struct{ looks }

func (blind) Plan() []facesession.StepKind { return nil }

// A session that nobody could finish is not opened, and more than a tenant may have are
// refused until one is over.
func TestSessionsThatAreNotOpened(t *testing.T) {
	photo := text(servertest.Of(t, "ada", 1))
	r, _ := startOn(t, servertest.Options{Checks: blind{}})
	refusal := refused(t, newClient(t, r, "acme", all...).post(t, "", m{"idPhoto": photo}), http.StatusNotImplemented, "UNEXPECTED_ERROR")
	require.Contains(t, refusal.Message, "models")

	r, _ = startOn(t, servertest.Options{}, func(cfg *config.Config) { cfg.Uqudo.Sessions = 1 })
	c, rival := newClient(t, r, "acme", all...), newClient(t, r, "rival", all...)
	id := opened(t, c.post(t, "", m{"idPhoto": photo}))
	a := newClient(t, r, "acme", all...).post(t, "", m{"idPhoto": photo})
	require.Contains(t, refused(t, a, http.StatusTooManyRequests, "TOO_MANY_REQUESTS").Message, "uqudo.sessions is 1")
	after, err := strconv.Atoi(a.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.InDelta(t, 600, after, 30)
	opened(t, rival.post(t, "", m{"idPhoto": photo}))
	require.Equal(t, http.StatusNoContent, c.JSON(t, c.token, "DELETE", "/api/v1/info/"+id, nil).Status)
	opened(t, c.post(t, "", m{"idPhoto": photo}))
}

// A purge ends a session of the client's own, and tells nothing of any other's.
func TestPurgeSessions(t *testing.T) {
	r, _ := start(t)
	c, other := newClient(t, r, "acme", all...), newClient(t, r, "rival", all...)
	photo := text(servertest.Of(t, "ada", 1))
	id := opened(t, c.post(t, "", m{"idPhoto": photo}))
	purge := func(c client, id string) servertest.Answer {
		return c.JSON(t, c.token, "DELETE", "/api/v1/info/"+id, nil)
	}
	there := func() error { _, err := r.Node.FaceSessions.Embedding(t.Context(), id); return err }
	require.Equal(t, http.StatusNoContent, purge(other, id).Status)
	require.NoError(t, there(), "another's session stays")
	for range 2 {
		a := purge(c, id)
		require.Equal(t, http.StatusNoContent, a.Status)
		require.Empty(t, a.Body)
		require.ErrorIs(t, there(), facesession.ErrGone)
	}
	require.Equal(t, http.StatusNoContent, purge(c, uuid.NewString()).Status)
	for _, bad := range []string{"x", id[:35], id + "0", "%00", "urn:uuid:" + id, "{" + id + "}"} {
		require.Equal(t, "sessionId", refused(t, purge(c, bad), http.StatusBadRequest, "INVALID_INPUT").Field)
	}
}

// No picture that is unknown is told from one that has gone, or is another's.
func TestUnknownAuditImages(t *testing.T) {
	r, _ := start(t)
	c := newClient(t, r, "acme", all...)
	for _, id := range []string{"0123456789abcdef01234567", "x", "%00", uuid.NewString(), "0123456789ABCDEF01234567"} {
		refused(t, c.JSON(t, c.token, "GET", "/api/v1/info/img/"+id, nil), http.StatusNotFound, "NOT_FOUND")
	}
}
