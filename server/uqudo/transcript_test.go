package uqudo_test

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/routers"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/servertest"
	"oneton/server/uqudo"
	"oneton/store"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// changing is what no two runs have in common, and what stands for it.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*`), "<token>"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b[0-9a-f]{32}\b`), "<kid>"},
	{regexp.MustCompile(`"n":"[A-Za-z0-9_-]+"`), `"n":"<modulus>"`},
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "<image>"},
	{regexp.MustCompile(`Retry-After: \d+`), "Retry-After: <seconds>"},
}

// told are the headers that a transcript shows.
var told = []string{"Allow", "Cache-Control", "Content-Type", "Retry-After", "WWW-Authenticate"}

// script is what was asked of one call, and answered.
type script struct {
	client
	t      *testing.T
	router routers.Router
	text   strings.Builder
	// statuses are those that came.
	statuses map[int]bool
}

// ask sends a request and writes it down with its answer, which is as described; of its
// body no more than the note.
func (s *script) ask(note, token, method, path, contentType string, body []byte, headers ...string) servertest.Answer {
	s.t.Helper()
	sent := slices.Clone(headers)
	if token != "" {
		sent = append(sent, "Authorization: Bearer "+token)
	}
	a := s.Do(s.t, "", method, path, contentType, body, append(slices.Clone(sent), "X-Request-Id: r")...)
	checked(s.t, s.router, s.Rig, method, path, sent, a)
	s.statuses[a.Status] = true
	var lines []string
	for _, h := range headers {
		if strings.HasPrefix(h, "Authorization: Basic") {
			h = "Authorization: Basic <id and secret>"
		}
		lines = append(lines, "> "+h)
	}
	shown := string(a.Body)
	if a.Header.Get("Content-Type") == "image/jpeg" {
		shown = "(a JPEG)"
	}
	s.write(note, method+" "+path, append(lines, strconv.Itoa(a.Status)), a.Header, shown)
	return a
}

func (s *script) json(note, token, method, path string, v m) servertest.Answer {
	s.t.Helper()
	if v == nil {
		return s.ask(note, token, method, path, "", nil)
	}
	return s.ask(note, token, method, path, "application/json", []byte(jsonOf(s.t, v)))
}

// broken asks for what needs a table while that is away, which is a fault of the server.
func (s *script) broken(table string, ask func()) {
	s.t.Helper()
	rename := func(from, to string) {
		require.NoError(s.t, s.Store.Update(s.t.Context(), "rename a table", func(tx store.Tx) error {
			_, err := tx.Exec("ALTER TABLE " + from + " RENAME TO " + to)
			return err
		}))
	}
	rename(table, "away")
	defer rename("away", table)
	ask()
}

// raw sends what no client of HTTP would, and writes down the answer.
func (s *script) raw(note, shown, request string) {
	s.t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.URL, "http://"))
	require.NoError(s.t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, request)
	require.NoError(s.t, err)
	answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(s.t, err)
	s.statuses[answer.StatusCode] = true
	s.write(note, shown, []string{strconv.Itoa(answer.StatusCode)}, answer.Header, string(body))
}

// write writes an answer down.
func (s *script) write(note, request string, lines []string, header http.Header, body string) {
	for _, name := range told {
		if v := header.Get(name); v != "" {
			lines = append(lines, name+": "+v)
		}
	}
	text := fmt.Sprintf("== %s\n%s\n%s\n%s\n\n", note, request, strings.Join(lines, "\n"), body)
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.as)
	}
	s.text.WriteString(strings.ReplaceAll(text, s.secret, "<secret>"))
}

// record runs a call's script, and holds what came to what came before, and to have
// every status that is listed.
func record(t *testing.T, name string, statuses []int, run func(s *script)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		r, _ := startOn(t, servertest.Options{}, func(cfg *config.Config) {
			cfg.Uqudo.Limited, cfg.Limits.Requests = []string{"metered"}, 1
		})
		s := &script{client: newClient(t, r, "acme", all...), t: t, router: routerOf(t, r), statuses: map[int]bool{}}
		run(s)
		for _, status := range statuses {
			require.True(t, s.statuses[status], "%d was not told", status)
		}
		got, path := s.text.String(), filepath.Join("testdata", name+".txt")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o700))
			require.NoError(t, os.WriteFile(path, []byte(got), 0o600))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), got)
	})
}

// refusals are what every call that needs a token may be refused with, whatever it is
// about.
func (s *script) refusals(method, path, contentType string, good []byte, others ...string) {
	s.t.Helper()
	s.ask("no token", "", method, path, contentType, good)
	s.ask("no token there is", "x.y.z", method, path, contentType, good)
	s.ask("a key for a token", "ot_"+s.id+"_"+s.secret, method, path, contentType, good)
	s.ask("no token, for a client that reads problems", "", method, path, contentType, good, "Accept: application/problem+json")
	s.ask("a token without the scope", newClient(s.t, s.Rig, "acme", others...).token, method, path, contentType, good)
	metered := newClient(s.t, s.Rig, "metered", all...) // its token was its one request
	s.ask("one request too many", metered.token, method, path, contentType, good)
	s.ask("a method that it does not take", s.token, "PATCH", path, contentType, good)
	s.ask("below it", s.token, method, path+"/more/and/more", contentType, good)
	revoked := newClient(s.t, s.Rig, "gone", all...)
	require.NoError(s.t, s.Access.DeleteTenant(s.t.Context(), "gone"))
	s.ask("a token of a client that has gone", revoked.token, method, path, contentType, good)
}

// photos are what may be wrong with a photo, by field.
func (s *script) photos(path, field string, others m) {
	s.t.Helper()
	live := 0.01
	with := func(photo any) m {
		body := m{field: photo}
		maps.Copy(body, others)
		return body
	}
	for _, q := range []struct {
		note  string
		photo []byte
	}{
		{"nobody", servertest.Photo(s.t)},
		{"two people", servertest.Photo(s.t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"})},
		{"a small face", servertest.Photo(s.t, servertest.Shown{Person: "a", Size: 10})},
		{"a dark face", servertest.Photo(s.t, servertest.Shown{Person: "a", Reasons: []string{"dark", "not_comparable"}})},
		{"a screen", servertest.Photo(s.t, servertest.Shown{Person: "a", Live: &live})},
		{"a damaged file", servertest.Scripted(s.t, servertest.Script{Fail: "corrupt"})},
		{"too many pixels", servertest.Scripted(s.t, servertest.Script{Fail: "too large"})},
		{"more than 5 MB", append(servertest.Of(s.t, "ada", 1), make([]byte, 5<<20)...)},
		{"a WebP", servertest.AsWebP(servertest.Of(s.t, "ada", 1))},
		{"a GIF", []byte("GIF89a")},
		{"no picture", []byte("hello")},
		{"workers that are busy", servertest.Scripted(s.t, servertest.Script{Fail: "busy"})},
		{"a fault of the server", servertest.Scripted(s.t, servertest.Script{Fail: "other"})},
		{"a panic of the server", servertest.Scripted(s.t, servertest.Script{Panic: true})},
	} {
		s.json(field+": "+q.note, s.token, "POST", path, with(text(q.photo)))
	}
	for _, q := range []struct {
		note  string
		value any
	}{{"missing", nil}, {"empty", ""}, {"a number", 7}, {"no base64", "***"}, {"a data: URL that is not base64", "data:image/jpeg,x"}} {
		body := with(q.value)
		if q.note == "missing" {
			delete(body, field)
		}
		s.json(field+": "+q.note, s.token, "POST", path, body)
	}
	s.json("a field that there is not", s.token, "POST", path, m{"photo": "x"})
	s.ask("no JSON", s.token, "POST", path, "application/json", []byte("{"))
	s.ask("no body", s.token, "POST", path, "application/json", nil)
	s.ask("JSON that is no object", s.token, "POST", path, "application/json", []byte("[]"))
	s.ask("a body of text", s.token, "POST", path, "text/plain", []byte("{}"))
	s.ask("a compressed body", s.token, "POST", path, "application/json", []byte("{}"), "Content-Encoding: gzip")
	s.ask("a body of 16 MB", s.token, "POST", path, "application/json", make([]byte, 16<<20))
}

// Each call answers each status that is listed, as it did.
func TestTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	const face = "/api/v1/face"
	ada, again, zoe := text(servertest.Of(t, "ada", 1)), text(servertest.Of(t, "ada", 2)), text(servertest.Of(t, "zoe", 1))
	record(t, "token", []int{200, 400, 401, 413, 429, 500}, func(s *script) {
		const path, media = "/api/oauth/token", "application/x-www-form-urlencoded"
		good := s.credentials()
		s.ask("id and secret", "", "POST", path, media, []byte(good.Encode()))
		s.ask("HTTP Basic", "", "POST", path, media, []byte("grant_type=client_credentials"), basic(s.id, s.secret))
		s.ask("a wrong secret by HTTP Basic", "", "POST", path, media, []byte("grant_type=client_credentials"), basic(s.id, "x"))
		s.ask("both", "", "POST", path, media, []byte(good.Encode()), basic(s.id, s.secret))
		s.ask("without /api", "", "POST", "/oauth/token", media, []byte(good.Encode()))
		s.ask("below the prefix", "", "POST", "/uqudo"+path, media, []byte(good.Encode()))
		for _, scope := range []string{"face:match", "face:match openid", "openid", "KYC_FACE_SEARCH_SDK"} {
			form := s.credentials()
			form.Set("scope", scope)
			s.ask("scope "+scope, "", "POST", path, media, []byte(form.Encode()))
		}
		matcher := newClient(t, s.Rig, "acme", uqudo.ScopeMatch).credentials()
		matcher.Set("scope", "face:search")
		s.ask("a scope that the client has not", "", "POST", path, media, []byte(matcher.Encode()))
		for _, name := range []string{"grant_type", "client_id", "client_secret"} {
			form := s.credentials()
			form.Set(name, "x")
			s.ask("bad "+name, "", "POST", path, media, []byte(form.Encode()))
			form.Del(name)
			s.ask("no "+name, "", "POST", path, media, []byte(form.Encode()))
		}
		s.ask("by JSON", "", "POST", path, "application/json", []byte("{}"))
		s.ask("no body", "", "POST", path, "", nil)
		s.ask("a malformed form", "", "POST", path, media, []byte("%zz"))
		s.ask("credentials in the query", "", "POST", path+"?client_id=x&client_secret=y", media, []byte("grant_type=client_credentials"))
		s.ask("5,000 bytes", "", "POST", path, media, make([]byte, 5000))
		s.ask("GET", "", "GET", path, "", nil)
		s.ask("another call", "", "POST", "/api/oauth/authorize", media, []byte(good.Encode()))
		metered := newClient(t, s.Rig, "metered", all...)
		s.ask("one request too many", "", "POST", path, media, []byte(metered.credentials().Encode()))
		s.broken("keys", func() { s.ask("a fault of the server", "", "POST", path, media, []byte(good.Encode())) })
	})
	record(t, "keys", []int{200, 404, 500}, func(s *script) {
		for _, base := range []string{"", "/api", "/uqudo", "/uqudo/api"} {
			s.ask("the key set", "", "GET", base+"/.well-known/jwks.json", "", nil)
		}
		s.ask("POST", "", "POST", "/.well-known/jwks.json", "", nil)
		s.ask("another file", "", "GET", "/api/.well-known/openid-configuration", "", nil)
		s.broken("signing_keys", func() { s.ask("a fault of the server", "", "GET", "/.well-known/jwks.json", "", nil) })
	})
	record(t, "transport", []int{400}, func(s *script) {
		for _, host := range []string{"a b", "a/b", "a@b", "[::1", ":", "a:b:c", "%"} {
			line := "POST /api/v1/face/match HTTP/1.1"
			s.raw("the host "+host, line+"\n> Host: "+host, line+"\r\nHost: "+host+"\r\nX-Request-Id: r\r\nContent-Length: 0\r\n\r\n")
		}
		s.raw("no host", "GET /api/v1/face HTTP/1.1", "GET /api/v1/face HTTP/1.1\r\nX-Request-Id: r\r\n\r\n")
		s.raw("a header of 64 KB", "POST /api/v1/face/match HTTP/1.1\n> X-Long: xxx…",
			"POST /api/v1/face/match HTTP/1.1\r\nHost: x\r\nX-Request-Id: r\r\nX-Long: "+strings.Repeat("x", 64<<10)+"\r\nContent-Length: 0\r\n\r\n")
		s.raw("a line that is no header", "POST /api/v1/face/match HTTP/1.1\n> nothing", "POST /api/v1/face/match HTTP/1.1\r\nHost: x\r\nnothing\r\n\r\n")
	})
	record(t, "match", []int{200, 400, 401, 403, 404, 413, 415, 429, 500, 503}, func(s *script) {
		s.json("one person", s.token, "POST", face+"/match", m{"sourceImage": ada, "targetImage": again})
		s.json("one person, at the highest level", s.token, "POST", face+"/match", m{"sourceImage": ada, "targetImage": again, "minimumMatchLevel": 5})
		s.json("two people", s.token, "POST", face+"/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": 1})
		s.json("a data: URL", s.token, "POST", face+"/match", m{"sourceImage": "data:image/jpeg;base64," + ada, "targetImage": again[:40] + "\r\n" + again[40:]})
		s.json("below the prefix", s.token, "POST", "/uqudo"+face+"/match", m{"sourceImage": ada, "targetImage": again})
		for _, level := range []any{0, 6, "3", 2.5} {
			s.json(fmt.Sprintf("level %v", level), s.token, "POST", face+"/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": level})
		}
		s.photos(face+"/match", "sourceImage", m{"targetImage": ada})
		s.photos(face+"/match", "targetImage", m{"sourceImage": ada})
		s.refusals("POST", face+"/match", "application/json", []byte(jsonOf(t, m{"sourceImage": ada, "targetImage": again})), uqudo.ScopeSearch)
	})
	record(t, "search", []int{200, 400, 401, 403, 404, 413, 415, 429, 500, 503}, func(s *script) {
		const path = face + "/one-to-n/search"
		s.json("nobody is there", s.token, "POST", path, m{"idPhoto": ada})
		s.json("nobody is there, and not inserted", s.token, "POST", path, m{"idPhoto": ada, "insert": false})
		s.json("inserted", s.token, "POST", path, m{"idPhoto": ada, "insert": true})
		s.json("found", s.token, "POST", path, m{"idPhoto": again, "insert": true})
		s.json("another person", s.token, "POST", path, m{"idPhoto": zoe})
		s.json("insert of no boolean", s.token, "POST", path, m{"idPhoto": zoe, "insert": "yes"})
		s.json("insert without its scope", newClient(t, s.Rig, "acme", uqudo.ScopeSearch).token, "POST", path, m{"idPhoto": zoe, "insert": true})
		s.photos(path, "idPhoto", m{"insert": true})
		s.refusals("POST", path, "application/json", []byte(jsonOf(t, m{"idPhoto": ada})), uqudo.ScopeInsert)
	})
	record(t, "insert", []int{200, 400, 401, 403, 404, 413, 415, 429, 500, 503}, func(s *script) {
		const path = face + "/one-to-n/insert"
		s.json("inserted", s.token, "POST", path, m{"idPhoto": ada})
		s.photos(path, "idPhoto", nil)
		s.refusals("POST", path, "application/json", []byte(jsonOf(t, m{"idPhoto": ada})), uqudo.ScopeSearch)
	})
	record(t, "delete", []int{204, 401, 403, 404, 429, 500}, func(s *script) {
		var got struct {
			ID string `json:"oneToNVerificationId"`
		}
		s.post(t, "/one-to-n/insert", m{"idPhoto": ada}).Into(t, http.StatusOK, &got)
		path := face + "/one-to-n/search/" + got.ID
		s.json("another tenant's", newClient(t, s.Rig, "rival", all...).token, "DELETE", path, nil)
		s.json("the photo", s.token, "DELETE", path, nil)
		s.json("again", s.token, "DELETE", path, nil)
		s.json("nobody", s.token, "DELETE", face+"/one-to-n/search/nobody", nil)
		s.json("no text", s.token, "DELETE", face+"/one-to-n/search/%00", nil)
		s.broken("faces", func() { s.json("a fault of the server", s.token, "DELETE", path, nil) })
		s.refusals("DELETE", path, "", nil, uqudo.ScopeSearch)
	})
	record(t, "session", []int{201, 400, 401, 403, 404, 413, 415, 429, 500, 503}, func(s *script) {
		contentType, body := multipartOf(t, map[string][]byte{"idPhoto": servertest.Of(t, "ada", 1)})
		s.ask("a form", s.token, "POST", face, contentType, body)
		s.json("JSON", s.token, "POST", face, m{"idPhoto": ada})
		s.json("with all that may be said", s.token, "POST", face, m{
			"idPhoto": ada, "maxAttempts": 1, "minimumMatchLevel": 2, "returnDataForIncompleteSession": true, "oneToN": "search", "liveness": true, "nonce": "n",
		})
		s.json("a nonce again", s.token, "POST", face, m{"idPhoto": ada, "nonce": "n"})
		s.json("four attempts", s.token, "POST", face, m{"idPhoto": ada, "maxAttempts": 4})
		s.json("a search without its scope", newClient(t, s.Rig, "acme", uqudo.ScopeSession).token, "POST", face, m{"idPhoto": ada, "oneToN": "search"})
		s.ask("a form without a boundary", s.token, "POST", face, "multipart/form-data", body)
		s.ask("a form that breaks off", s.token, "POST", face, contentType, body[:len(body)-10])
		s.ask("a photo as it is", s.token, "POST", face, "image/jpeg", servertest.Of(t, "ada", 1))
		s.photos(face, "idPhoto", nil)
		s.refusals("POST", face, "application/json", []byte(jsonOf(t, m{"idPhoto": ada})), uqudo.ScopeSearch)
	})
	record(t, "image", []int{200, 401, 403, 404, 429, 500}, func(s *script) {
		id := opened(t, s.post(t, "", m{"idPhoto": ada}))
		end := (&person{name: "ada", take: 20}).goes(t, s.Rig, id, "")
		var claims struct {
			Data struct {
				Face struct {
					Image string `json:"auditTrailImageId"`
				} `json:"face"`
			} `json:"data"`
		}
		verified(t, s.Rig, end.Result, &claims)
		path := "/api/v1/info/img/" + claims.Data.Face.Image
		s.json("the picture", s.token, "GET", path, nil)
		s.json("another client's", newClient(t, s.Rig, "acme", all...).token, "GET", path, nil)
		s.json("another tenant's", newClient(t, s.Rig, "rival", all...).token, "GET", path, nil)
		s.json("unknown", s.token, "GET", "/api/v1/info/img/0123456789abcdef01234567", nil)
		s.json("no id", s.token, "GET", "/api/v1/info/img/x", nil)
		s.broken("face_images", func() { s.json("a fault of the server", s.token, "GET", path, nil) })
		s.refusals("GET", path, "", nil, uqudo.ScopeSearch)
		require.Equal(t, http.StatusNoContent, s.JSON(t, s.token, "DELETE", "/api/v1/info/"+id, nil).Status)
		s.json("of a session that was purged", s.token, "GET", path, nil)
	})
	record(t, "purge", []int{204, 400, 401, 403, 404, 429, 500}, func(s *script) {
		path := "/api/v1/info/" + opened(t, s.post(t, "", m{"idPhoto": ada}))
		s.broken("face_sessions", func() { s.json("a fault of the server", s.token, "DELETE", path, nil) })
		s.json("the session", s.token, "DELETE", path, nil)
		s.json("again", s.token, "DELETE", path, nil)
		s.json("unknown", s.token, "DELETE", "/api/v1/info/"+uuid.NewString(), nil)
		s.json("no id", s.token, "DELETE", "/api/v1/info/x", nil)
		s.refusals("DELETE", path, "", nil, uqudo.ScopeSearch)
	})
}

// verified are the claims of a result that the server has signed.
func verified(t *testing.T, r *servertest.Rig, compact string, into any) {
	t.Helper()
	text, err := r.Node.Signatures.Verify(t.Context(), compact)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, into))
}

func jsonOf(t *testing.T, v m) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
