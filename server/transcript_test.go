package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/access"
	"oneton/server"
	"oneton/server/servertest"
	"oneton/server/uqudo"
)

var update = flag.Bool("update", false, "write the transcript anew")

const transcriptFile = "testdata/transcript.txt"

// changing is what no two runs have in common, and what stands for it.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z`), "<time>"},
	{regexp.MustCompile(`\\?"[A-Za-z0-9_-]{22}\\?"`), "<tag>"},
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+`), "<token>"},
	{regexp.MustCompile(`"key_id":"[0-9a-z]{16}"`), `"key_id":"<key>"`},
	{regexp.MustCompile(`"duration":[0-9.e-]+`), `"duration":<ms>`},
	{regexp.MustCompile(`"stack":"([^"\\]|\\.)*"`), `"stack":"<stack>"`},
	{regexp.MustCompile(`"(queue|decode|detect|refine|align|recognise|assess|liveness|wait|search|store|total)":[0-9.e-]+`), `"$1":<ms>`},
	// The last digits of a sum depend on the order of its terms.
	{regexp.MustCompile(`(\d\.\d{6})\d+(e-\d+)?`), "$1…$2"},
}

// missing is what is said of an answer without the headers that all have.
var missing = []string{"no Cache-Control: no-store", "no Vary: Origin", "no X-Content-Type-Options: nosniff", "no X-Request-Id: r"}

func steady(text string) string {
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.as)
	}
	return text
}

// transcript is what was asked and what came back, with the log's lines.
type transcript struct {
	*servertest.Rig
	text   bytes.Buffer
	logged int
}

// ask sends a request and writes it down; of its body no more than the note.
func (tr *transcript) ask(t *testing.T, note, key, method, path, contentType string, body []byte, headers ...string) servertest.Answer {
	t.Helper()
	a := tr.Do(t, key, method, path, contentType, body, append(slices.Clone(headers), "X-Request-Id: r")...)
	fmt.Fprintf(&tr.text, "== %s: %s %s %s\n%d\n", note, method, steady(path), steady(strings.Join(headers, "; ")), a.Status)
	lines := slices.Clone(missing)
	for name, values := range a.Header {
		line := fmt.Sprintf("%s: %s", name, steady(strings.Join(values, " | ")))
		switch i := slices.Index(lines, "no "+line); {
		case i >= 0:
			lines = slices.Delete(lines, i, i+1)
		// The length is the body's, which stands below where it is steady.
		case name != "Date" && name != "Content-Length":
			lines = append(lines, line)
		}
	}
	slices.Sort(lines)
	shown := steady(string(a.Body))
	if a.Header.Get("Content-Type") == "application/yaml" {
		shown = "(a description)"
	}
	log := tr.Log.String()[tr.logged:]
	tr.logged += len(log)
	if shown != string(a.Body) || method == http.MethodHead { // times have as many digits as they need
		log = regexp.MustCompile(`"sent":\d+`).ReplaceAllString(log, `"sent":<n>`)
	}
	fmt.Fprintf(&tr.text, "%s\n%s\n%s\n", strings.Join(lines, "\n"), shown, steady(log))
	return a
}

func (tr *transcript) json(t *testing.T, note, key, method, path string, v any, headers ...string) servertest.Answer {
	t.Helper()
	if v == nil {
		return tr.ask(t, note, key, method, path, "", nil, headers...)
	}
	body, err := json.Marshal(v)
	require.NoError(t, err)
	return tr.ask(t, note, key, method, path, "application/json", body, headers...)
}

func (tr *transcript) photo(t *testing.T, note, key, path string, photo []byte, headers ...string) servertest.Answer {
	t.Helper()
	return tr.ask(t, note, key, "POST", path, "image/jpeg", photo, headers...)
}

// poorPhotos are photos that are refused, by the note.
func poorPhotos(t *testing.T) map[string][]byte {
	spoof, unsure := 0.01, 0.3
	return map[string][]byte{
		"nobody":       servertest.Photo(t),
		"two people":   servertest.Photo(t, servertest.Shown{Person: "a"}, servertest.Shown{Person: "b"}),
		"a small face": servertest.Photo(t, servertest.Shown{Person: "a", Size: 10}),
		"a dark face":  servertest.Photo(t, servertest.Shown{Person: "a", Reasons: []string{"dark"}}),
		"a screen":     servertest.Photo(t, servertest.Shown{Person: "a", Live: &spoof}),
		"maybe live":   servertest.Photo(t, servertest.Shown{Person: "a", Live: &unsure}),
		"corrupt":      servertest.Scripted(t, servertest.Script{Fail: "corrupt"}),
		"too large":    servertest.Scripted(t, servertest.Script{Fail: "too large"}),
		"too small":    servertest.Scripted(t, servertest.Script{Fail: "too small"}),
		"busy":         servertest.Scripted(t, servertest.Script{Fail: "busy"}),
		"closed":       servertest.Scripted(t, servertest.Script{Fail: "closed"}),
		"other":        servertest.Scripted(t, servertest.Script{Fail: "other"}),
		"panic":        servertest.Scripted(t, servertest.Script{Panic: true}),
		"GIF":          []byte("GIF89a"),
		"no image":     []byte("hello"),
	}
}

// What every route answers, in its main cases and refusals, is what it was:
// status, headers, body and log line.
func TestTranscript(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	tr := &transcript{Rig: servertest.Start(t, servertest.Options{
		Config: func(cfg *server.Config) { cfg.Origins = []string{app} },
		APIs: func(r *servertest.Rig) []server.API {
			return []server.API{uqudo.New(uqudo.DefaultConfig(), r.Service, r.Node.FaceSessions, r.Node.Signatures, r.Node.Limiter, r.Access)}
		},
	})}
	tr.logged = len(tr.Log.String())
	key, searcher, none := tr.Key(t, "acme", "*"), tr.Key(t, "acme", "search", "face:search"), ""
	tr.transport(t, key)
	tr.galleries(t, key, searcher)
	tr.subjects(t, key, searcher)
	tr.searches(t, key, searcher)
	for _, method := range []string{"GET", "POST", "PUT", "OPTIONS", "BREW"} {
		for _, k := range []string{none, "nonsense", searcher, key} {
			for _, path := range []string{"/v1", "/v1/", "/v1/nothing", "/v1/galleries", "/v1/galleries/staff/search", "/api/oauth/token", "/api/v1/face", "/api/v1/face/nothing", "/api/v1/face/match", "/api/v1/face/one-to-n/search/x"} {
				tr.ask(t, "by a key", k, method, path, "", nil)
			}
		}
	}
	tr.uqudo(t, key, searcher)
	got := tr.text.String()
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o700))
		require.NoError(t, os.WriteFile(transcriptFile, []byte(got), 0o600))
	}
	want, err := os.ReadFile(transcriptFile)
	require.NoError(t, err)
	gotten := strings.SplitAfter(got, "\n== ")
	for i, was := range strings.SplitAfter(string(want), "\n== ") {
		require.Less(t, i, len(gotten))
		require.Equal(t, was, gotten[i])
	}
	require.Len(t, got, len(want))
}

// transport is what is answered alike for all APIs, or for none.
func (tr *transcript) transport(t *testing.T, key string) {
	t.Helper()
	for _, path := range []string{"/", "/livez", "/readyz", "/openapi.yaml", "/openapi/uqudo.yaml", "/nothing", "/V1/galleries", "/v2", "/v1x", "/v1/../livez", "//v1/galleries", "/%76%31/galleries", "/api", "/api/oauth", "/api/oauth/tokens", "/api/v1/facex", "/openapi/", "/openapi/none.yaml"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "POST", "BREW"} {
			tr.ask(t, "for anyone", "", method, path, "", nil)
		}
	}
	for _, path := range []string{"/readyz", "/v1/galleries", "/api/v1/face/match", "/api/oauth/token", "/nothing"} {
		asks := []string{"Origin: " + app, "Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization"}
		tr.ask(t, "preflight", "", "OPTIONS", path, "", nil, asks...)
		tr.ask(t, "of another origin", key, "GET", path, "", nil, asks[0])
		tr.ask(t, "of a stranger's origin", key, "OPTIONS", path, "", nil, "Origin: https://evil.example.org", asks[1])
		tr.ask(t, "compressed", key, "POST", path, "application/json", []byte("{}"), "Content-Encoding: gzip")
	}
	tr.Unready = errors.New("a cause that no client may see")
	tr.ask(t, "not ready", "", "GET", "/readyz", "", nil)
	tr.Unready = &server.Degraded{SetAside: 2, Faces: []string{"a", "b"}, Damaged: map[string]int{"keys": 1}}
	tr.ask(t, "degraded", "", "GET", "/readyz", "", nil)
	tr.Unready = nil
}

func (tr *transcript) galleries(t *testing.T, key, searcher string) {
	t.Helper()
	const all = "/v1/galleries"
	tr.json(t, "made", key, "POST", all, m{"name": "staff", "policy": m{"keep_photos": true, "fpir": 0.02}})
	tr.json(t, "taken", key, "POST", all, m{"name": "staff"})
	tr.json(t, "no name", key, "POST", all, m{})
	tr.json(t, "bad name", key, "POST", all, m{"name": "a/b"})
	tr.json(t, "unknown field", key, "POST", all, m{"name": "x", "colour": "red"})
	tr.json(t, "bad policy", key, "POST", all, m{"name": "x", "policy": m{"fpir": 2, "quality": "high"}})
	tr.json(t, "bad retention", key, "POST", all, m{"name": "x", "policy": m{"retention_seconds": -1}})
	tr.json(t, "unknown pack", key, "POST", all, m{"name": "x", "pack": "none"})
	tr.json(t, "no scope", searcher, "POST", all, m{"name": "x"})
	tr.ask(t, "not JSON", key, "POST", all, "application/json", []byte("{"))
	tr.ask(t, "a form", key, "POST", all, "application/x-www-form-urlencoded", []byte("name=x"))
	tr.json(t, "a condition", key, "POST", all, m{"name": "x"}, `If-Match: "x"`)
	tr.json(t, "another", key, "POST", all, m{"name": "album"})
	tr.json(t, "list", key, "GET", all, nil)
	tr.json(t, "a page", key, "GET", all+"?limit=1", nil)
	tr.json(t, "bad page", key, "GET", all+"?limit=0", nil)
	a := tr.json(t, "read", key, "GET", all+"/staff", nil)
	tr.json(t, "as it was", key, "GET", all+"/staff", nil, "If-None-Match: "+a.Header.Get("ETag"))
	tr.json(t, "not as it was", key, "GET", all+"/staff", nil, `If-Match: "x"`)
	tr.json(t, "bad tag", key, "GET", all+"/staff", nil, `If-Match: x`)
	tr.json(t, "unknown", key, "GET", all+"/none", nil)
	tr.json(t, "changed", key, "PATCH", all+"/album", m{"policy": m{"liveness": "enforce"}})
	tr.json(t, "changed meanwhile", key, "PATCH", all+"/album", m{"policy": m{"liveness": "off"}}, `If-Match: "x"`)
	tr.json(t, "deleted unknown", key, "DELETE", all+"/none", nil)
	tr.json(t, "deleted on a condition", key, "DELETE", all+"/album", nil, `If-Match: "x"`)
	tr.json(t, "head", key, "HEAD", all+"/staff", nil)
}

func (tr *transcript) subjects(t *testing.T, key, searcher string) {
	t.Helper()
	const all = "/v1/galleries/staff/subjects"
	ada := servertest.Of(t, "ada", 1)
	var e enrolment
	a := tr.photo(t, "enrolled", key, all+"?id=ada", ada)
	a.Into(t, http.StatusCreated, &e)
	tr.json(t, "enrolled with metadata", key, "POST", all, m{"id": "zoe", "metadata": m{"team": "b"}, "photo": []string{text(servertest.Of(t, "zoe", 1)), text(servertest.Of(t, "zoe", 2))}})
	tr.photo(t, "taken", key, all+"?id=ada", ada)
	tr.photo(t, "in an unknown gallery", key, "/v1/galleries/none/subjects", ada)
	tr.json(t, "no photo", key, "POST", all, m{"id": "x"})
	tr.json(t, "bad base64", key, "POST", all, m{"photo": "***"})
	tr.json(t, "bad id", key, "POST", all, m{"id": "a b", "photo": text(ada)})
	tr.ask(t, "as text", key, "POST", all, "text/plain", ada)
	tr.photo(t, "no scope", searcher, all, ada)
	poor := poorPhotos(t)
	for _, note := range slices.Sorted(maps.Keys(poor)) {
		tr.photo(t, note, key, all, poor[note])
		tr.json(t, note+" beside a good one", key, "POST", all, m{"photo": []string{text(ada), text(poor[note])}})
		tr.photo(t, note, key, "/v1/galleries/album/subjects", poor[note])
	}
	tr.json(t, "list", key, "GET", all, nil)
	tr.json(t, "a page", key, "GET", all+"?limit=1", nil)
	a = tr.json(t, "read", key, "GET", all+"/ada", nil)
	tr.json(t, "as it was", key, "GET", all+"/ada", nil, "If-None-Match: "+a.Header.Get("ETag"))
	tr.json(t, "unknown", key, "GET", all+"/nobody", nil)
	tr.json(t, "changed", key, "PATCH", all+"/ada", m{"metadata": m{"team": "a"}})
	tr.json(t, "bad change", key, "PATCH", all+"/ada", m{"metadata": m{"team": 1}})
	tr.json(t, "changed meanwhile", key, "PATCH", all+"/ada", m{"metadata": m{}}, `If-Match: "x"`)
	tr.photo(t, "a face more", key, all+"/ada/faces?timings=true", servertest.Of(t, "ada", 2))
	tr.photo(t, "a face of nobody", key, all+"/nobody/faces", ada)
	face := all + "/ada/faces/" + e.Faces[0].ID
	tr.json(t, "photo", key, "GET", face+"/photo", nil)
	tr.json(t, "no photo", key, "GET", all+"/zoe/faces/"+e.Faces[0].ID+"/photo", nil)
	tr.json(t, "face deleted", key, "DELETE", face, nil)
	tr.json(t, "face gone", key, "DELETE", face, nil)
	tr.json(t, "photos deleted", key, "DELETE", all+"/ada/photos", nil)
	tr.json(t, "photos of nobody", key, "DELETE", all+"/nobody/photos", nil)
	tr.json(t, "no scope", searcher, "DELETE", all+"/ada", nil)
	tr.json(t, "deleted on a condition", key, "DELETE", all+"/ada", nil, `If-None-Match: *`)
}

func (tr *transcript) searches(t *testing.T, key, searcher string) {
	t.Helper()
	const search = "/v1/galleries/staff/search"
	ada, zoe, eve := servertest.Of(t, "ada", 3), servertest.Of(t, "zoe", 3), servertest.Of(t, "eve", 3)
	tr.photo(t, "found", searcher, search, ada)
	tr.photo(t, "nobody", key, search+"?timings=true", eve)
	tr.photo(t, "all faces", key, search+"?all_faces=true", servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "eve"}))
	tr.photo(t, "filtered", key, search+"?filter="+url.QueryEscape(`{"team":["b"]}`)+"&k=2&threshold=0.1", zoe)
	tr.photo(t, "inserted", key, search+"?insert=true", eve)
	tr.photo(t, "inserted without scope", searcher, search+"?insert=true", eve)
	tr.photo(t, "bad k", key, search+"?k=0", ada)
	tr.photo(t, "bad rate", key, search+"?fpir=1", ada)
	tr.photo(t, "bad k of the service", key, search+"?k=100000", ada)
	tr.photo(t, "unknown gallery", key, "/v1/galleries/none/search", ada)
	tr.photo(t, "bad position", key, search, ada, "X-Oneton-Position: x")
	tr.photo(t, "position ahead", key, search, ada, "X-Oneton-Position: 1000000")
	tr.photo(t, "position reached", key, search, ada, "X-Oneton-Position: 1")
	tr.photo(t, "verified", key, "/v1/galleries/staff/subjects/zoe/verify", zoe)
	tr.photo(t, "not verified", key, "/v1/galleries/staff/subjects/zoe/verify?fmr=0.001", eve)
	tr.photo(t, "verified with nobody", key, "/v1/galleries/staff/subjects/nobody/verify", eve)
	tr.photo(t, "bad fmr", key, "/v1/galleries/staff/subjects/zoe/verify?fmr=2", eve)
	tr.json(t, "compared", key, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(eve)})
	tr.json(t, "one missing", key, "POST", "/v1/verify", m{"photo": text(ada)})
	tr.json(t, "unknown pack", key, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(eve), "pack": "none"})
	tr.photo(t, "detected", key, "/v1/detect?liveness=true", servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "eve"}))
	poor := poorPhotos(t)
	for _, note := range slices.Sorted(maps.Keys(poor)) {
		tr.photo(t, note, key, search, poor[note])
		tr.photo(t, note, key, "/v1/galleries/album/search", poor[note])
		tr.photo(t, note, key, "/v1/detect", poor[note])
		tr.json(t, note, key, "POST", "/v1/verify", m{"photo": text(ada), "reference": text(poor[note])})
	}
	tr.json(t, "subject deleted", key, "DELETE", "/v1/galleries/staff/subjects/zoe", nil)
	tr.json(t, "gallery deleted", key, "DELETE", "/v1/galleries/album", nil)
}

// uqudo is what the dialect answers.
func (tr *transcript) uqudo(t *testing.T, key, searcher string) {
	t.Helper()
	credentials := func(key string) url.Values {
		id, secret, ok := access.Split(key)
		require.True(t, ok)
		return url.Values{"grant_type": {"client_credentials"}, "client_id": {string(id)}, "client_secret": {secret}}
	}
	token := func(note string, form url.Values) string {
		a := tr.ask(t, note, "", "POST", "/api/oauth/token", "application/x-www-form-urlencoded", []byte(form.Encode()))
		var got struct {
			Token string `json:"access_token"`
		}
		require.NoError(t, json.Unmarshal(a.Body, &got))
		return got.Token
	}
	all, some := token("token", credentials(key)), token("token of a searcher", credentials(searcher))
	for _, name := range []string{"grant_type", "client_id", "client_secret"} {
		form := credentials(key)
		form.Set(name, "x")
		token("bad "+name, form)
		form.Del(name)
		token("no "+name, form)
	}
	tr.ask(t, "token asked by JSON", "", "POST", "/api/oauth/token", "application/json", []byte("{}"))
	tr.ask(t, "token asked at length", "", "POST", "/api/oauth/token", "application/x-www-form-urlencoded", bytes.Repeat([]byte("x"), 5000))

	const face = "/api/v1/face"
	for _, path := range []string{"", "/nothing", "/match", "/one-to-n/search", "/one-to-n/insert", "/one-to-n/search/x"} {
		for _, method := range []string{"GET", "POST", "DELETE", "OPTIONS"} {
			for _, tk := range []string{"x.y.z", some, all} {
				tr.ask(t, "by a token", tk, method, face+path, "", nil)
			}
		}
	}
	ada, zoe := text(servertest.Of(t, "ada", 1)), text(servertest.Of(t, "zoe", 1))
	tr.json(t, "match", all, "POST", face+"/match", m{"sourceImage": ada, "targetImage": text(servertest.Of(t, "ada", 2))})
	tr.json(t, "no match", all, "POST", face+"/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": 1})
	tr.json(t, "bad level", all, "POST", face+"/match", m{"sourceImage": ada, "targetImage": zoe, "minimumMatchLevel": 6})
	tr.json(t, "one missing", all, "POST", face+"/match", m{"sourceImage": ada})
	tr.json(t, "unknown field", all, "POST", face+"/match", m{"photo": ada})
	tr.json(t, "no scope", some, "POST", face+"/match", m{"sourceImage": ada, "targetImage": zoe})
	tr.json(t, "in an empty gallery", all, "POST", face+"/one-to-n/search", m{"idPhoto": ada})
	var inserted struct {
		ID string `json:"oneToNVerificationId"`
	}
	tr.json(t, "inserted", all, "POST", face+"/one-to-n/insert", m{"idPhoto": ada}).Into(t, http.StatusOK, &inserted)
	tr.json(t, "found", all, "POST", face+"/one-to-n/search", m{"idPhoto": ada})
	tr.json(t, "not found", some, "POST", face+"/one-to-n/search", m{"idPhoto": zoe})
	tr.json(t, "not found without scope", some, "POST", face+"/one-to-n/search", m{"idPhoto": zoe, "insert": true})
	tr.json(t, "not found and inserted", all, "POST", face+"/one-to-n/search", m{"idPhoto": zoe, "insert": true})
	tr.json(t, "photo deleted", all, "DELETE", face+"/one-to-n/search/"+inserted.ID, nil)
	tr.json(t, "photo of nobody", all, "DELETE", face+"/one-to-n/search/nobody", nil)
	tr.ask(t, "as text", all, "POST", face+"/one-to-n/search", "text/plain", []byte("{}"))
	tr.ask(t, "not JSON", all, "POST", face+"/one-to-n/search", "application/json", []byte("{"))
	tr.ask(t, "compressed", all, "POST", face+"/one-to-n/search", "application/json", []byte("{}"), "Content-Encoding: br")
	poor := poorPhotos(t)
	poor["over 5 MB"] = append(servertest.Of(t, "ada", 1), make([]byte, 5<<20)...)
	poor["WebP"] = servertest.AsWebP(servertest.Of(t, "ada", 1))
	for _, liveness := range []string{"off", "enforce"} {
		tr.json(t, "the gallery's liveness: "+liveness, key, "PATCH", "/v1/galleries/uqudo", m{"policy": m{"liveness": liveness}})
		for _, note := range slices.Sorted(maps.Keys(poor)) {
			photo := text(poor[note])
			tr.json(t, note, all, "POST", face+"/one-to-n/search", m{"idPhoto": photo, "insert": true})
			tr.json(t, note, all, "POST", face+"/one-to-n/insert", m{"idPhoto": photo})
			tr.json(t, note, all, "POST", face+"/match", m{"sourceImage": ada, "targetImage": photo})
		}
	}
}
