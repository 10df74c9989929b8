package facenition_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server/facenition"
	"oneton/server/servertest"
)

// A token matches its person under its secret and context alone, can be replaced,
// and ends.
func TestIdentityTokens(t *testing.T) {
	stores(t, func(t *testing.T, r rig) {
		c := r.client(t)
		token := c.identity(t, "image", ada(t, 1), "secret", "s3", "context", "door", "accuracy", "5")
		same := []any{"token", token, "secret", "s3", "context", "door", "accuracy", "5"}
		yes := c.compare(t, "/authenticate", append(same, "image", ada(t, 2))...)
		require.True(t, yes.Match)
		require.Greater(t, yes.Score, 30.0)
		no := c.form(t, "/authenticate", append(same, "image", bob(t, 1))...)
		require.JSONEq(t, `{"ok":true,"match":false,"score":0}`, string(no.Body))
		for _, wrong := range []string{"S3", "s3 ", ""} {
			parts := []any{"token", token, "context", "door", "accuracy", "5", "image", ada(t, 2)}
			if wrong != "" {
				parts = append(parts, "secret", wrong)
			}
			a := c.form(t, "/authenticate", parts...)
			require.Equal(t, http.StatusOK, a.Status)
			require.Equal(t, string(no.Body), string(a.Body), "a wrong secret answers as a wrong face does")
		}
		elsewhere := []any{"token", token, "secret", "s3", "context", "gate", "accuracy", "5", "image", ada(t, 2)}
		refused(t, c.form(t, "/authenticate", elsewhere...), http.StatusForbidden, "wrong_token")
		refused(t, c.form(t, "/authenticate", "token", token, "secret", "s3", "context", "door", "image", ada(t, 2)), http.StatusConflict, "other_accuracy")
		other := r.client(t)
		refused(t, other.form(t, "/authenticate", append(same, "image", ada(t, 2))...), http.StatusForbidden, "wrong_token")
		refused(t, other.form(t, "/rotate", "token", token, "context", "door"), http.StatusForbidden, "wrong_token")
		refused(t, other.form(t, "/revoke", "token", token), http.StatusGone, "ended")

		var next struct{ Token, TokenID string }
		c.form(t, "/rotate", "token", token, "context", "door", "new_context", "gate", "expires_in", "3600").Into(t, http.StatusOK, &next)
		require.NotEqual(t, token, next.Token)
		refused(t, c.form(t, "/authenticate", append(same, "image", ada(t, 2))...), http.StatusGone, "ended")
		elsewhere[1] = next.Token
		require.True(t, c.compare(t, "/authenticate", elsewhere...).Match)

		refused(t, c.form(t, "/rotate", "token", next.Token, "context", "gate", "new_secret", "t4", "secret", "s3", "image", bob(t, 1)), http.StatusForbidden, "not_proved")
		refused(t, c.form(t, "/rotate", "token", next.Token, "context", "gate", "new_secret", "t4", "secret", "no", "image", ada(t, 1)), http.StatusForbidden, "not_proved")
		require.True(t, c.compare(t, "/authenticate", elsewhere...).Match, "which changed nothing")
		c.form(t, "/rotate", "token", next.Token, "context", "gate", "new_secret", "t4", "secret", "s3", "image", ada(t, 1)).Into(t, http.StatusOK, &next)
		elsewhere[1], elsewhere[3] = next.Token, "t4"
		require.True(t, c.compare(t, "/authenticate", elsewhere...).Match)

		require.JSONEq(t, `{"ok":true}`, string(c.form(t, "/revoke", "token", next.Token).Body))
		refused(t, c.form(t, "/authenticate", elsewhere...), http.StatusGone, "ended")
		refused(t, c.form(t, "/revoke", "token", next.Token), http.StatusGone, "ended")
		refused(t, c.form(t, "/rotate", "token", next.Token, "context", "gate"), http.StatusGone, "ended")

		brief := c.identity(t, "image", ada(t, 1), "expires_in", "1")
		time.Sleep(2100 * time.Millisecond)
		refused(t, c.form(t, "/authenticate", "token", brief, "image", ada(t, 2)), http.StatusGone, "expired")
	})
}

// Photos come under every name, repeated, in a form or in JSON.
func TestPhotosUnderEveryName(t *testing.T) {
	r := start(t)
	c := r.client(t)
	b64 := base64.StdEncoding.EncodeToString
	for _, name := range []string{"image", "images", "face", "photo", "file"} {
		token := c.identity(t, name, ada(t, 1), name, ada(t, 2), name, ada(t, 3))
		require.True(t, c.compare(t, "/authenticate", "token", token, name, ada(t, 4)).Match)
		require.True(t, c.compare(t, "/authenticate", "identity_token", token, name, ada(t, 4)).Match)
		require.True(t, c.compare(t, "/match", name, ada(t, 1), name, ada(t, 2)).Match)
		for _, value := range []any{b64(ada(t, 1)), []string{b64(ada(t, 1))}, "data:image/jpeg;base64," + b64(ada(t, 1)), []string{b64(ada(t, 1)), b64(ada(t, 2))}} {
			require.Equal(t, http.StatusOK, c.json(t, "/generate", m{name: value, "accuracy": 8}).Status)
		}
		require.Equal(t, http.StatusOK, c.json(t, "/match", m{name: []string{b64(ada(t, 1)), b64(ada(t, 2))}}).Status)
	}
	require.True(t, c.compare(t, "/match", "image1", ada(t, 1), "image2", ada(t, 2)).Match)
	require.True(t, c.compare(t, "/match", "image1", ada(t, 1), "face", ada(t, 2)).Match)
	require.False(t, c.compare(t, "/match", "image1", ada(t, 1), "image2", bob(t, 2)).Match)
	require.Equal(t, http.StatusOK, c.json(t, "/match", m{"image1": b64(ada(t, 1)), "image2": b64(ada(t, 2)), "accuracy": 1}).Status)
	require.Equal(t, http.StatusOK, c.form(t, "/generate", "image", ada(t, 1), "face", ada(t, 2), "file", ada(t, 3)).Status)
	refused(t, c.form(t, "/generate", "image", ada(t, 1), "image", bob(t, 1)), http.StatusConflict, "different_people")
}

func TestRefusedRequests(t *testing.T) {
	r := start(t)
	c := r.client(t)
	token := c.identity(t, "image", ada(t, 1))
	poor := servertest.Photo(t, servertest.Shown{Person: "ada", Reasons: []string{"blurred", "not_comparable"}})
	several := servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"})
	photos := map[string]struct {
		photo  []byte
		status int
		code   string
		says   string
	}{
		"nobody":     {servertest.Photo(t), 400, "no_face", "image: The photo shows no face"},
		"two people": {several, 400, "several_faces", "2 faces"},
		"small face": {servertest.Photo(t, servertest.Shown{Person: "a", Size: 10}), 400, "face_too_small", "pixels between the eyes"},
		"poor":       {poor, 400, "low_quality", "(blurred, not_comparable)"},
		"corrupt":    {servertest.Scripted(t, servertest.Script{Fail: "corrupt"}), 400, "corrupt_image", "image: "},
		"too large":  {servertest.Scripted(t, servertest.Script{Fail: "too large"}), 400, "image_too_large", "image: "},
		"too small":  {servertest.Scripted(t, servertest.Script{Fail: "too small"}), 400, "image_too_small", "image: "},
		"GIF":        {[]byte("GIF89a"), 400, "unsupported_media_type", "the file is a GIF; send a JPEG"},
		"empty":      {[]byte{}, 400, "invalid_request", "image: image is empty"},
		"busy":       {servertest.Scripted(t, servertest.Script{Fail: "busy"}), 429, "busy", "try again"},
		"stopped":    {servertest.Scripted(t, servertest.Script{Fail: "closed"}), 502, "unavailable", "try again"},
		"failure":    {servertest.Scripted(t, servertest.Script{Fail: "other"}), 502, "internal", "request id"},
		"panic":      {servertest.Scripted(t, servertest.Script{Panic: true}), 502, "internal", "request id"},
	}
	for name, p := range photos {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, refused(t, c.form(t, "/generate", "image", p.photo), p.status, p.code), p.says)
			require.Contains(t, refused(t, c.form(t, "/authenticate", "token", token, "image", p.photo), p.status, p.code), p.says)
			refused(t, c.form(t, "/match", "image", ada(t, 1), "image", p.photo), p.status, p.code)
			says := refused(t, c.form(t, "/match", "image1", ada(t, 1), "image2", p.photo), p.status, p.code)
			if p.status == 400 {
				require.True(t, strings.HasPrefix(says, "image2: "), says)
			}
			refused(t, c.form(t, "/rotate", "token", token, "new_secret", "x", "image", p.photo), p.status, p.code)
		})
	}
	image := base64.StdEncoding.EncodeToString(ada(t, 1))
	six := []string{image, image, image, image, image, image}
	for name, q := range map[string]struct {
		path string
		body m
		says string
	}{
		"no image":            {"/generate", m{}, "image: image is required"},
		"null":                {"/generate", m{"image": nil}, "image: image is required"},
		"six":                 {"/generate", m{"image": six}, "image: image must be 1 to 5 images, not 6"},
		"no base64":           {"/generate", m{"image": "***"}, "image: image is not valid base64"},
		"bad data URL":        {"/generate", m{"face": "data:image/png,xx"}, "face: face is a data: URL that is not base64"},
		"accuracy 0":          {"/generate", m{"image": image, "accuracy": 0}, "accuracy: accuracy must be 1 to 8"},
		"accuracy 9":          {"/generate", m{"image": image, "accuracy": 9}, "accuracy: accuracy must be 1 to 8"},
		"accuracy text":       {"/generate", m{"image": image, "accuracy": "high"}, "accuracy: accuracy must be a whole number"},
		"accuracy 4.5":        {"/match", m{"image": six[:2], "accuracy": 4.5}, "accuracy: accuracy must be a whole number"},
		"ended before":        {"/generate", m{"image": image, "expires_in": 0}, "expires_in: expires_in must be 1 to"},
		"for ever and a day":  {"/generate", m{"image": image, "expires_in": 1 << 40}, "expires_in: expires_in must be 1 to"},
		"beyond numbers":      {"/generate", m{"image": image, "expires_in": 1e30}, "expires_in: "},
		"empty secret":        {"/generate", m{"image": image, "secret": ""}, "secret: secret is empty"},
		"long secret":         {"/generate", m{"image": image, "secret": strings.Repeat("s", 60_000)}, "secret: secret must be text of at most"},
		"long context":        {"/generate", m{"image": image, "context": strings.Repeat("s", 60_000)}, "context: context must be text of at most"},
		"unknown field":       {"/generate", m{"image": image, "acc": 3}, "acc: acc is not a field of this request, whose fields are accuracy, auth_token,"},
		"no token":            {"/authenticate", m{"image": image}, "token: token is required"},
		"two photos":          {"/authenticate", m{"token": token, "image": six[:2]}, "image: image must be one image, not 2"},
		"one photo":           {"/match", m{"image1": image}, "image: image must be 2 images, not 1"},
		"three photos":        {"/match", m{"image1": image, "images": six[:2]}, "image: image must be 2 images, not 3"},
		"secret alone":        {"/rotate", m{"token": token, "secret": "x"}, "new_secret: new_secret is required with image or secret"},
		"new secret alone":    {"/rotate", m{"token": token, "new_secret": "x"}, "image: image is required with new_secret"},
		"empty new secret":    {"/rotate", m{"token": token, "new_secret": "", "image": image}, "new_secret: new_secret is empty"},
		"nothing to revoke":   {"/revoke", m{}, "token: token is required"},
		"a list":              {"/revoke", m{"token": []string{token}}, "token: token must be a string"},
		"another token there": {"/revoke", m{"token": token, "auth_token": "ot_x"}, "auth_token: auth_token is another than that of the header"},
	} {
		t.Run(name, func(t *testing.T) {
			require.Contains(t, refused(t, c.json(t, q.path, q.body), http.StatusBadRequest, "invalid_request"), q.says)
		})
	}
	for _, bad := range []string{"x", token[1:], token[:40], strings.ToUpper(token), " " + token, token + "\n", c.token} {
		refused(t, c.form(t, "/authenticate", "token", bad, "image", ada(t, 1)), http.StatusBadRequest, "malformed_token")
	}
	for cut := 1; cut <= 4; cut++ { // which may or may not be whole bytes
		a := c.form(t, "/authenticate", "token", token[:len(token)-cut], "image", ada(t, 1))
		refused(t, a, a.Status, map[int]string{http.StatusBadRequest: "malformed_token", http.StatusForbidden: "wrong_token"}[a.Status])
	}
	require.True(t, c.compare(t, "/authenticate", "token", token, "image", ada(t, 2)).Match, "none of which changed anything")
}

// A client token comes in the header or in a field of any kind of body; every call
// but four wants one, with its scope.
func TestClientTokens(t *testing.T) {
	r := start(t)
	c := r.client(t)
	nobody := client{r.URL, ""}
	token := c.identity(t, "image", ada(t, 1))
	require.True(t, nobody.compare(t, "/authenticate", "token", token, "image", ada(t, 2), "auth_token", c.token).Match)
	require.True(t, nobody.compare(t, "/authenticate", "auth_token", c.token, "token", token, "image", ada(t, 2)).Match)
	require.True(t, c.compare(t, "/authenticate", "token", token, "image", ada(t, 2), "auth_token", c.token).Match, "twice the same")
	b64 := base64.StdEncoding.EncodeToString(ada(t, 2))
	require.Equal(t, http.StatusOK, nobody.json(t, "/authenticate", m{"token": token, "image": b64, "auth_token": c.token}).Status)
	bodies := map[string]string{"application/json": `{"token":"x","auth_token":"` + c.token + `"}`, "application/x-www-form-urlencoded": "token=x&auth_token=" + c.token}
	for contentType, body := range bodies {
		refused(t, nobody.send(t, "/revoke", contentType, []byte(body)), http.StatusBadRequest, "malformed_token")
	}
	for _, e := range facenition.Endpoints() {
		if e.Open {
			continue
		}
		for _, headers := range [][]string{nil, {"Authorization: Bearer " + c.token}, {"X-Auth-Token: ot_x"}, {"X-Auth-Token: " + c.token + "x"}, {"X-Auth-Token: "}} {
			for _, body := range []m{{}, {"token": token, "image": b64}, {"nonsense": 1}} {
				says := refused(t, nobody.json(t, "/"+e.Name, body, headers...), http.StatusUnauthorized, "unauthorized")
				require.Contains(t, says, "/generateToken makes one")
			}
		}
		refused(t, nobody.send(t, "/"+e.Name, "text/plain", []byte("auth_token="+c.token)), http.StatusUnauthorized, "unauthorized")
		refused(t, nobody.send(t, "/"+e.Name, "application/json", []byte(`{"auth_token":`)), http.StatusBadRequest, "invalid_request")
		key := r.Key(t, "acme", "search")
		require.Contains(t, refused(t, client{r.URL, key}.json(t, "/"+e.Name, m{}), http.StatusForbidden, "forbidden"), "identity:"+e.Name)
		refused(t, client{r.URL, r.Key(t, "acme", "identity:"+e.Name)}.json(t, "/"+e.Name, m{}), http.StatusBadRequest, "invalid_request")
	}
	refused(t, c.json(t, "/generate", m{}), http.StatusBadRequest, "invalid_request")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.URL+at+"/revoke", nil)
	require.NoError(t, err)
	req.Header["X-Auth-Token"] = []string{c.token, r.client(t).token}
	refused(t, ask(t, req), http.StatusBadRequest, "invalid_request")

	key := client{r.URL, r.Key(t, "acme", access.All)}
	require.NotEmpty(t, key.identity(t, "image", ada(t, 1)), "an operator's key is a client token, too")
}

// A token that is refused is so before its photo is looked at: here one that fails
// whoever does.
func TestRefusedTokensTakeNoLookAtPhotos(t *testing.T) {
	r := start(t)
	c := r.client(t)
	unseen := servertest.Scripted(t, servertest.Script{Panic: true})
	token, revoked := c.identity(t, "image", ada(t, 1)), c.identity(t, "image", ada(t, 1))
	brief := c.identity(t, "image", ada(t, 1), "expires_in", "1")
	require.Equal(t, http.StatusOK, c.form(t, "/revoke", "token", revoked).Status)
	time.Sleep(2100 * time.Millisecond)
	for name, q := range map[string]struct {
		by     client
		fields []any
		status int
		code   string
	}{
		"malformed":     {c, []any{"token", token[1:]}, 400, "malformed_token"},
		"altered":       {c, []any{"token", token[:len(token)-40] + "AAAA" + token[len(token)-36:]}, 403, "wrong_token"},
		"other context": {c, []any{"token", token, "context", "x"}, 403, "wrong_token"},
		"other client":  {r.client(t), []any{"token", token}, 403, "wrong_token"},
		"revoked":       {c, []any{"token", revoked}, 410, "ended"},
		"expired":       {c, []any{"token", brief}, 410, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, q.by.form(t, "/authenticate", append(q.fields, "image", unseen)...), q.status, q.code)
			refused(t, q.by.form(t, "/rotate", append(q.fields, "image", unseen, "new_secret", "x")...), q.status, q.code)
		})
	}
	refused(t, c.form(t, "/authenticate", "token", token, "accuracy", "5", "image", unseen), http.StatusConflict, "other_accuracy")
	refused(t, c.form(t, "/authenticate", "token", token, "image", unseen), http.StatusBadGateway, "internal")
}

// A token lasts as long as was asked for, however long its photos take.
func TestTokensLastAsAskedFor(t *testing.T) {
	r := start(t)
	c := r.client(t)
	for range 3 {
		before := time.Now()
		var a struct {
			ExpiresAt time.Time `json:"expires_at"`
		}
		c.form(t, "/generate", "image", ada(t, 1), "expires_in", "1").Into(t, http.StatusOK, &a)
		require.False(t, a.ExpiresAt.Before(before.Add(time.Second)), "%v after %v", a.ExpiresAt, before)
		require.False(t, a.ExpiresAt.After(time.Now().Add(2*time.Second)))
		time.Sleep(310 * time.Millisecond)
	}
}

// Clients that write every field, and everything as text, are served; an empty
// secret is never taken for none.
func TestClientsThatWriteEveryField(t *testing.T) {
	r := start(t)
	c := r.client(t)
	token := c.identity(t, "image", ada(t, 1), "accuracy", "", "context", "", "expires_in", "", "auth_token", "", "photo", "")
	b64 := base64.StdEncoding.EncodeToString(ada(t, 2))
	all := m{"token": token, "image": b64, "accuracy": "4", "secret": nil, "context": nil, "auth_token": nil}
	require.Equal(t, http.StatusOK, c.json(t, "/authenticate", all).Status)
	require.True(t, c.compare(t, "/authenticate", "token", token, "image", "data:image/jpeg;base64,"+b64, "accuracy", "").Match)
	require.Equal(t, http.StatusOK, c.form(t, "/match", "image1", ada(t, 1), "image2", ada(t, 2), "image", "", "accuracy", "").Status)
	for _, path := range []string{"/generate", "/authenticate"} {
		fields := []any{"image", ada(t, 1), "secret", ""}
		if path == "/authenticate" {
			fields = append(fields, "token", token)
		}
		require.Contains(t, refused(t, c.form(t, path, fields...), http.StatusBadRequest, "invalid_request"), "secret: secret is empty")
	}
	var next struct{ Token string }
	c.send(t, "/rotate", "application/x-www-form-urlencoded", []byte("expires_in=&token="+token)).Into(t, http.StatusOK, &next)
	require.NotEmpty(t, next.Token)
	says := refused(t, c.send(t, "/rotate", "application/x-www-form-urlencoded", []byte("image=x&token="+token)), http.StatusBadRequest, "invalid_request")
	require.Contains(t, says, "multipart/form-data or JSON")
	require.Equal(t, http.StatusOK, c.form(t, "/token", "rotate", "", "revoke", "").Status)
}
