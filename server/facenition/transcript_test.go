package facenition_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

var update = flag.Bool("update", false, "write the transcript anew")

const transcriptFile = "testdata/transcript.txt"

// changing is what no two runs have in common, and what stands for it.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`oti_[A-Za-z0-9_-]+`), "<identity token>"},
	{regexp.MustCompile(`ot_[0-9a-z]+_[0-9a-z]+`), "<client token>"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`"ticket":"[A-Z2-7]{26}"`), `"ticket":"<ticket>"`},
	{regexp.MustCompile(`"(email_code|phone_code)":"\d{6}"`), `"$1":"<code>"`},
	{regexp.MustCompile(`"score":\d+\.\d+`), `"score":<score>`},
	{regexp.MustCompile(`/9j/4[A-Za-z0-9+/=]*`), "<photo>"},
}

func steady(text string) string {
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.as)
	}
	return text
}

// script is what was asked and answered.
type script struct {
	client
	text strings.Builder
}

// ask sends a request and writes it down with its answer.
func (s *script) ask(t *testing.T, note, path string, body any, headers ...string) servertest.Answer {
	t.Helper()
	content, err := json.Marshal(body)
	require.NoError(t, err)
	return s.told(t, note, path, string(content), s.send(t, path, "application/json", content, headers...), headers...)
}

func (s *script) told(t *testing.T, note, path, body string, a servertest.Answer, headers ...string) servertest.Answer {
	t.Helper()
	if s.token != "" {
		headers = append(headers, "X-Auth-Token: "+s.token)
	}
	fmt.Fprintf(&s.text, "== %s\nPOST %s\n", note, path)
	for _, h := range headers {
		fmt.Fprintln(&s.text, steady(h))
	}
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.NotEmpty(t, a.Header.Get("X-Request-Id"))
	fmt.Fprintf(&s.text, "%s\n-- %d", steady(body), a.Status)
	if after := a.Header.Get("Retry-After"); after != "" {
		fmt.Fprint(&s.text, ", Retry-After")
	}
	fmt.Fprintf(&s.text, "\n%s\n\n", steady(string(a.Body)))
	return a
}

// What each call answers, and each error that the guide tells of, is as it stands in
// the file.
func TestTranscript(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	r := start(t)
	s := &script{client: client{r.URL, ""}}
	photo := func(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
	pair := func(more ...string) m {
		all := m{"email": email, "phone": phone}
		for i := 0; i < len(more); i += 2 {
			all[more[i]] = more[i+1]
		}
		return all
	}
	s.ask(t, "a call of version 2 in version 1", "/new-credentials", pair())
	s.ask(t, "an address that is none", "/v2/new-credentials", m{"email": "ada", "phone": phone})
	s.ask(t, "a number that is none", "/v2/new-credentials", m{"email": email, "phone": "12"})
	s.ask(t, "a client token without verification", "/v2/generateToken", pair())
	s.ask(t, "codes", "/new-credentials", pair(), "X-API-Version: 2")
	s.ask(t, "codes again", "/v2/new-credentials", pair())
	byEmail, byPhone := r.post.codes(email, phone)
	wrong := "000000"
	if byEmail == wrong {
		wrong = "000001"
	}
	s.ask(t, "a wrong code", "/v2/authenticate-credentials", pair("email_code", wrong, "phone_code", byPhone))
	s.ask(t, "both codes", "/v2/authenticate-credentials", pair("email_code", byEmail, "phone_code", byPhone))
	s.ask(t, "both codes again", "/v2/authenticate-credentials", pair("email_code", byEmail, "phone_code", byPhone))
	a := s.ask(t, "a client token of the pair", "/v2/generateToken", pair())
	var token struct {
		AuthToken string `json:"auth_token"`
	}
	require.NoError(t, json.Unmarshal(a.Body, &token))
	s.ask(t, "a client token without codes", "/v1/generateToken", pair())
	s.ask(t, "no client token", "/generate", m{"image": photo(ada(t, 1))})
	s.ask(t, "a version that there is not", "/generate", m{}, "X-API-Version: 3")
	s.token = "ot_wrong"
	s.ask(t, "a wrong client token", "/generate", m{"image": photo(ada(t, 1))})
	s.token = r.Key(t, "acme", "search")
	s.ask(t, "a key without the scope", "/generate", m{"image": photo(ada(t, 1))})
	s.ask(t, "a key of an operator", "/token", m{"revoke": true})
	s.token = token.AuthToken
	s.ask(t, "about the client token", "/token", m{})
	a = s.ask(t, "another client token in its place", "/token", m{"rotate": true})
	s.ask(t, "about the one replaced", "/token", m{})
	require.NoError(t, json.Unmarshal(a.Body, &token))
	s.token = token.AuthToken

	identity := func(note, path string, body m) string {
		var i struct{ Token string }
		require.NoError(t, json.Unmarshal(s.ask(t, note, path, body).Body, &i))
		return i.Token
	}
	one := identity("an identity token", "/generate", m{"image": photo(ada(t, 1)), "secret": "s", "context": "door", "accuracy": 5, "expires_in": 3600})
	s.ask(t, "images of two people", "/generate", m{"images": []string{photo(ada(t, 1)), photo(bob(t, 1))}})
	held := m{"token": one, "secret": "s", "context": "door", "accuracy": 5}
	with := func(field string, v any) m {
		all := m{"image": photo(ada(t, 2))}
		maps.Copy(all, held)
		all[field] = v
		return all
	}
	s.ask(t, "its person", "/authenticate", with("context", "door"))
	s.ask(t, "somebody else", "/authenticate", with("image", photo(bob(t, 1))))
	s.ask(t, "a wrong secret", "/authenticate", with("secret", "S"))
	s.ask(t, "another context", "/authenticate", with("context", "gate"))
	s.ask(t, "another accuracy", "/authenticate", with("accuracy", 4))
	s.ask(t, "no identity token", "/authenticate", with("token", "x"))
	for _, p := range []struct {
		note  string
		photo []byte
	}{
		{"no face", servertest.Photo(t)},
		{"two faces", servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"})},
		{"a small face", servertest.Photo(t, servertest.Shown{Person: "a", Size: 10})},
		{"a face that cannot be compared", servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"too_dark", "not_comparable"}})},
		{"a file that does not decode", servertest.Scripted(t, servertest.Script{Fail: "corrupt"})},
		{"too many pixels", servertest.Scripted(t, servertest.Script{Fail: "too large"})},
		{"too few pixels", servertest.Scripted(t, servertest.Script{Fail: "too small"})},
		{"a GIF", []byte("GIF89a")},
		{"many photos at once", servertest.Scripted(t, servertest.Script{Fail: "busy"})},
		{"a server that stops", servertest.Scripted(t, servertest.Script{Fail: "closed"})},
		{"a failure", servertest.Scripted(t, servertest.Script{Fail: "other"})},
	} {
		s.ask(t, p.note, "/generate", m{"image": photo(p.photo)})
	}
	s.ask(t, "two images of one person", "/match", m{"image1": photo(ada(t, 1)), "image2": photo(ada(t, 2))})
	s.ask(t, "two images of two people", "/match", m{"image": []string{photo(ada(t, 1)), photo(bob(t, 1))}})
	s.ask(t, "one image", "/match", m{"image": photo(ada(t, 1))})
	two := identity("another in its place", "/rotate", m{"token": one, "context": "door"})
	s.ask(t, "the one replaced", "/authenticate", with("token", one))
	s.ask(t, "a new secret by a wrong face", "/rotate", m{"token": two, "context": "door", "new_secret": "t", "secret": "s", "image": photo(bob(t, 1))})
	three := identity("a new secret", "/rotate", m{"token": two, "context": "door", "new_secret": "t", "secret": "s", "image": photo(ada(t, 1))})
	s.ask(t, "its end", "/revoke", m{"token": three})
	s.ask(t, "its end again", "/revoke", m{"token": three})
	brief := identity("an identity token of a second", "/generate", m{"image": photo(ada(t, 1)), "expires_in": 1})
	time.Sleep(2100 * time.Millisecond)
	s.ask(t, "a second later", "/authenticate", m{"token": brief, "image": photo(ada(t, 1))})
	s.ask(t, "a field that there is not", "/revoke", m{"tokens": []string{}})
	s.told(t, "a body of another type", "/revoke", "token=x", s.send(t, "/revoke", "text/plain", []byte("token=x")), "Content-Type: text/plain")
	large := append([]byte(`{"token":"`), make([]byte, 1<<20)...)
	s.told(t, "too large a body", "/revoke", "(1 MiB)", s.send(t, "/revoke", "application/json", large))
	s.ask(t, "no such call", "/v2/enrol", m{})
	s.ask(t, "its end", "/token", m{"revoke": true})
	r.post.failed = errors.New("the gateway is down")
	s.token = ""
	s.ask(t, "codes that cannot be sent", "/v2/new-credentials", m{"email": "bob@example.org", "phone": "+41791234568"})

	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(transcriptFile, []byte(s.text.String()), 0o644))
	}
	want, err := os.ReadFile(transcriptFile)
	require.NoError(t, err)
	require.Equal(t, string(want), s.text.String())
	everyErrorIsShown(t, s.text.String())
}

// notShown are errors that take more than a request: the end of a key or a pack, a
// disk that is full, a client that is slow, and a photo that is made to be costly.
var notShown = []string{
	"400 request_timeout", "400 image_too_complex", "409 other_pack", "410 key_gone", "502 timeout", "502 storage_full", "502 outcome_unknown",
}

func everyErrorIsShown(t *testing.T, text string) {
	t.Helper()
	guide, err := os.ReadFile("../../docs/facenition.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(guide), "| status | code | when |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var told, shown []string
	for row := range strings.Lines(table + "\n") {
		cells := strings.Split(row, "|")
		for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			told = append(told, strings.TrimSpace(cells[1])+" "+code[1])
		}
	}
	for _, a := range regexp.MustCompile(`-- (\d{3}).*\n.*"code":"([a-z_]+)"`).FindAllStringSubmatch(text, -1) {
		shown = append(shown, a[1]+" "+a[2])
	}
	shown = append(shown, notShown...)
	slices.Sort(told)
	slices.Sort(shown)
	require.Equal(t, told, slices.Compact(shown))
	require.NotContains(t, text, http.StatusText(http.StatusInternalServerError))
}
