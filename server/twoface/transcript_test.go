package twoface_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/kyc"
	"oneton/server/servertest"
	"oneton/server/twoface"
	"oneton/store"
)

var update = flag.Bool("update", false, "write the transcripts anew")

// changing is what no two runs have in common, and what stands for it.
var changing = []struct {
	what *regexp.Regexp
	as   string
}{
	{regexp.MustCompile(`\bot_[0-9a-z]+_[0-9a-z]+`), "<key>"},
	{regexp.MustCompile(`\b[A-Z2-7]{26}\b`), "<session>"},
	{regexp.MustCompile(`\b[0-9a-f]{24}\b`), "<id>"},
	{regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), "<uuid>"},
	{regexp.MustCompile(`\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`), "<time>"},
	{regexp.MustCompile(`http://127\.0\.0\.1:\d+/`), "<server>/"},
	{regexp.MustCompile(`expires=\d+&signature=[A-Za-z0-9_-]{43}`), "expires=<seconds>&signature=<signature>"},
	{regexp.MustCompile(`r=\d+;t=\d+`), "r=<left>;t=<seconds>"},
}

func steady(text string) string {
	for _, c := range changing {
		text = c.what.ReplaceAllString(text, c.as)
	}
	return text
}

// told are the headers that a transcript shows.
var told = []string{"Allow", "Content-Type", "Retry-After", "RateLimit", "RateLimit-Policy", "X-Attempt-Limit", "X-Attempt-Retries", "X-Job-Id", "X-Oneton-Code"}

// script is what was asked of one call, and answered.
type script struct {
	t    *testing.T
	text strings.Builder
}

// ask sends a request and writes it down with its answer.
func (s *script) ask(note string, c client, method, path string, body any, headers ...string) answer {
	s.t.Helper()
	contentType, shown, content := "", "", []byte(nil)
	switch b := body.(type) {
	case url.Values:
		contentType, content = "application/x-www-form-urlencoded", []byte(b.Encode())
		shown = b.Encode()
	case m:
		contentType, content = multipartOf(s.t, b)
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(b)) {
			if file, ok := b[name].([]byte); ok {
				lines = append(lines, name+": "+describe(file))
				continue
			}
			lines = append(lines, fmt.Sprint(name, ": ", b[name]))
		}
		shown = strings.Join(lines, "\n")
	case json.RawMessage:
		contentType, content, shown = "application/json", b, string(b)
	case []byte:
		content, shown = b, describe(b)
	}
	return s.sent(note, c, method, path, contentType, content, shown, headers...)
}

func (s *script) sent(note string, c client, method, path, contentType string, content []byte, shown string, headers ...string) answer {
	s.t.Helper()
	a := c.send(s.t, method, path, contentType, content, headers...)
	s.write(note, c, method, path, contentType, shown, a, headers...)
	return a
}

// write writes down what was asked and answered.
func (s *script) write(note string, c client, method, path, contentType, shown string, a answer, headers ...string) {
	fmt.Fprintf(&s.text, "== %s\n%s %s\n", note, method, steady(path))
	if c.key != "" {
		fmt.Fprintf(&s.text, "Authorization: %s\n", steady(c.key))
	}
	if c.session != "" {
		fmt.Fprintf(&s.text, "X-Tagshelf-Session: %s\n", steady(c.session))
	}
	for _, h := range headers {
		fmt.Fprintln(&s.text, steady(h))
	}
	if media, _, _ := strings.Cut(contentType, ";"); media != "" {
		fmt.Fprintf(&s.text, "Content-Type: %s\n", media)
	}
	if shown != "" {
		fmt.Fprintln(&s.text, steady(shown))
	}
	fmt.Fprintf(&s.text, "-- %d\n", a.Status)
	for _, name := range told {
		if value := a.Header.Get(name); value != "" {
			if name == "Retry-After" {
				value = "<seconds>"
			}
			fmt.Fprintf(&s.text, "%s: %s\n", name, steady(value))
		}
	}
	if strings.HasPrefix(a.Header.Get("Content-Type"), "image/") {
		fmt.Fprintf(&s.text, "(the photo)\n\n")
		return
	}
	fmt.Fprintf(&s.text, "%s\n\n", steady(string(a.Body)))
}

// describe stands for a file.
func describe(content []byte) string {
	begin := bytes.IndexByte(content, '{')
	if begin < 0 || len(content) > 1<<10 {
		if len(content) > 64 {
			return fmt.Sprintf("(%d bytes)", len(content))
		}
		return fmt.Sprintf("(%s)", content)
	}
	var shows struct {
		Faces []struct {
			Person string
			Size   float32
		}
		Document map[string]any
		Fail     string
	}
	if json.Unmarshal(content[begin:], &shows) != nil {
		return fmt.Sprintf("(%q)", content)
	}
	var faces strings.Builder
	for _, f := range shows.Faces {
		fmt.Fprintf(&faces, " of %s", f.Person)
		if f.Size > 0 {
			fmt.Fprintf(&faces, ", %v pixels wide", f.Size)
		}
	}
	text := faces.String()
	switch {
	case shows.Fail != "":
		text = ", " + shows.Fail
	case shows.Document != nil:
		text = fmt.Sprintf(" of a %v, %v, %v,%s", shows.Document["Type"], shows.Document["Side"], shows.Document["Number"], text)
	case text == "":
		text = " of nobody"
	}
	return "(a photo" + text + ")"
}

// form is a body as browsers encode it.
func form(fields ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(fields); i += 2 {
		values.Add(fields[i], fields[i+1])
	}
	return values
}

// What each call answers, and each error of its, is as it stands in the call's file,
// on either database.
func TestTranscripts(t *testing.T) {
	if testing.Short() {
		t.Skip("with -short: it does one thing after another")
	}
	stores(t, func(t *testing.T, r rig) {
		for name, write := range map[string]func(*script, rig){
			"session": sessionCalls, "session-close": closeCalls, "faces-detect": detectCalls, "faces-compare": compareCalls,
			"faces-check-smile": gestureCalls("/faces/check-smile", "smile"), "faces-check-blink": gestureCalls("/faces/check-blink", "blink"),
			"documents-validate-document-type": typeCalls, "documents-validate-identity": identityCalls,
			"jobs-start": startCalls, "jobs": jobCalls, "users": userCalls, "attempts": attemptCalls, "attempts-review": reviewCalls,
			"photos": photoCalls, "requests": requestCalls,
		} {
			s := &script{t: t}
			write(s, r)
			s.is(name)
		}
	})
}

// is holds the script to the transcript of the name, or with -update makes it that.
func (s *script) is(name string) {
	s.t.Helper()
	require.Contains(s.t, transcripts, name)
	path := filepath.Join("testdata", name+".txt")
	if *update {
		require.NoError(s.t, os.MkdirAll("testdata", 0o755))
		require.NoError(s.t, os.WriteFile(path, []byte(s.text.String()), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(s.t, err)
	require.Equal(s.t, string(want), s.text.String(), path)
}

// transcripts are all there are, each held by a test.
var transcripts = []string{
	"session", "session-close", "faces-detect", "faces-compare", "faces-check-smile", "faces-check-blink",
	"documents-validate-document-type", "documents-validate-identity", "jobs-start", "jobs", "users", "attempts", "attempts-review", "photos", "requests",
	"refused-photos", "refused-clips", "refused-without-models", "refused-in-time", "failures",
}

// Each call and each error that the guide promises is in a transcript.
func TestTranscriptsShowAll(t *testing.T) {
	files, err := os.ReadDir("testdata")
	require.NoError(t, err)
	require.Len(t, files, len(transcripts))
	var whole strings.Builder
	for _, name := range transcripts {
		text, err := os.ReadFile(filepath.Join("testdata", name+".txt"))
		require.NoError(t, err)
		whole.Write(text)
	}
	text := whole.String()
	var calls []string
	for _, call := range regexp.MustCompile(`(?m)^([A-Z]+) (/\S*)\n`).FindAllStringSubmatch(text, -1) {
		calls = append(calls, call[1]+" "+call[2])
	}
	for _, e := range twoface.Calls() {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`:\w+`).ReplaceAllString(e, `[^/]+`) + `(\?|$)`)
		require.True(t, slices.ContainsFunc(calls, pattern.MatchString), "%s is in a transcript", e)
	}
	guide, err := os.ReadFile("../../docs/twoface.md")
	require.NoError(t, err)
	_, table, _ := strings.Cut(string(guide), "| status | `X-Oneton-Code` | when |\n|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	var promised, shown []string
	for row := range strings.Lines(table + "\n") {
		cells := strings.Split(row, "|")
		for _, code := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(cells[2], -1) {
			promised = append(promised, strings.TrimSpace(cells[1])+" "+code[1])
		}
	}
	for _, a := range regexp.MustCompile(`-- (\d{3})\n(?:.+\n)*?X-Oneton-Code: ([a-z_]+)\n`).FindAllStringSubmatch(text, -1) {
		shown = append(shown, a[1]+" "+a[2])
	}
	shown = append(shown, "409 being_deleted") // only another API puts a deletion off
	slices.Sort(promised)
	slices.Sort(shown)
	require.Equal(t, promised, slices.Compact(shown))
}

func sessionCalls(s *script, r rig) {
	c := r.backend(s.t, "session")
	bare := client{url: c.url}
	s.ask("a signup's", c, "POST", "/session", form("type", "SIGNUP"))
	s.ask("a validation's, in JSON", c, "POST", "/session", json.RawMessage(`{"type":"VALIDATION"}`))
	s.ask("in a multipart form, with Bearer", client{url: c.url, key: "Bearer " + c.key}, "POST", "/session", m{"type": "SIGNUP"})
	s.ask("of another type", c, "POST", "/session", form("type", "signup"))
	s.ask("of no type", c, "POST", "/session", nil)
	s.ask("without a key", bare, "POST", "/session", form("type", "SIGNUP"))
	s.ask("with a wrong key", client{url: c.url, key: "ot_a_b"}, "POST", "/session", form("type", "SIGNUP"))
	open := c.open(s.t, "SIGNUP")
	s.ask("with a session's token", open, "POST", "/session", form("type", "SIGNUP"))
	s.ask("with a session's token as a key", client{url: c.url, key: open.session}, "POST", "/session", form("type", "SIGNUP"))
	s.ask("with a key that lacks the scope", client{url: c.url, key: r.Key(s.t, "session", twoface.ScopeRead)}, "POST", "/session", form("type", "SIGNUP"))
	s.ask("with a field that there is not", c, "POST", "/session", form("type", "SIGNUP", "kind", "SIGNUP"))
	s.ask("without a User-Agent", c, "POST", "/session", form("type", "SIGNUP"), "User-Agent: ")
	s.ask("with a blank User-Agent", c, "POST", "/session", form("type", "SIGNUP"), "User-Agent:   ")
}

func closeCalls(s *script, r rig) {
	c := r.backend(s.t, "close")
	open := c.open(s.t, "SIGNUP")
	s.ask("with another status", open, "POST", "/session/close", form("status", "DONE"))
	s.ask("without a status", open, "POST", "/session/close", nil)
	s.ask("as REVIEW", open, "POST", "/session/close", form("status", "REVIEW"))
	s.ask("again", open, "POST", "/session/close", form("status", "REVIEW"))
	s.ask("as SUCCESS, in JSON", c.open(s.t, "VALIDATION"), "POST", "/session/close", json.RawMessage(`{"status":"SUCCESS"}`))
	s.ask("as FAILED", c.open(s.t, "VALIDATION"), "POST", "/session/close", form("status", "FAILED"))
	s.ask("with a key", c, "POST", "/session/close", form("status", "FAILED"))
	s.ask("with a key as the token", client{url: c.url, session: c.key}, "POST", "/session/close", form("status", "FAILED"))
	s.ask("with a wrong token", client{url: c.url, session: "AAAAAAAAAAAAAAAAAAAAAAAAAA"}, "POST", "/session/close", form("status", "FAILED"))
	s.ask("with no token", client{url: c.url}, "POST", "/session/close", form("status", "FAILED"))
}

func detectCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "detect")
	const path = "/faces/detect"
	open := c.open(t, "SIGNUP")
	s.ask("without a file", open, "POST", path, m{})
	s.ask("with a field that there is not", open, "POST", path, m{"photo": selfie(t, "ada")})
	s.ask("one face", open, "POST", path, m{"file": selfie(t, "ada")})
	s.ask("two faces", open, "POST", path, m{"file": servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "bob"})})
	s.ask("no face", open, "POST", path, m{"file": servertest.Photo(t)})
	s.ask("no attempt is left", open, "POST", path, m{"file": selfie(t, "ada")})
	s.ask("a comparison at this address still has its own", open, "POST", path, m{"document": selfie(t, "ada"), "face": servertest.Of(t, "ada", 2)})
	open = c.open(t, "SIGNUP")
	s.ask("in JSON", open, "POST", path, json.RawMessage(`{"file":"data:image/jpeg;base64,/9j/4HsiRmFjZXMiOlt7IlBlcnNvbiI6ImFkYSJ9XX0="}`))
	s.ask("a file that is no photo", open, "POST", path, m{"file": []byte("GIF89a:still")})
	s.ask("a photo that does not decode", open, "POST", path, m{"file": servertest.Scripted(t, servertest.Script{Fail: "corrupt"})})
	s.ask("with all three parts", open, "POST", path, m{"file": selfie(t, "ada"), "document": selfie(t, "ada"), "face": selfie(t, "ada")})
	open = c.open(t, "SIGNUP")
	s.ask("too many pixels", open, "POST", path, m{"file": servertest.Scripted(t, servertest.Script{Fail: "too large"})})
	s.ask("too few pixels", open, "POST", path, m{"file": servertest.Scripted(t, servertest.Script{Fail: "too small"})})
	s.ask("too many bytes", open, "POST", path, m{"file": bytes.Repeat([]byte("a"), 10<<20+1)})
	s.ask("an empty file", open, "POST", path, m{"file": []byte{}})
	s.ask("at once, as a job", open, "POST", path+"?async=true", m{"file": selfie(t, "ada")})
	s.ask("neither at once nor not", open, "POST", path+"?async=maybe", m{"file": selfie(t, "ada")})
	s.ask("with no token", client{url: c.url}, "POST", path, m{"file": selfie(t, "ada")})
	s.ask("with a key", c, "POST", path, m{"file": selfie(t, "ada")})
	s.ask("without a User-Agent", open, "POST", path, m{"file": selfie(t, "ada")}, "User-Agent: ")
	s.ask("as a GET", open, "GET", path, nil)
	s.sent("a body of another type", open, "POST", path, "text/plain", []byte("file"), "file")
	s.sent("a malformed form", open, "POST", path, "multipart/form-data; boundary=x", []byte("--x\r\nContent"), "--x\r\nContent")
	s.sent("JSON that is none", open, "POST", path, "application/json", []byte(`{"file":`), `{"file":`)
	s.sent("a compressed body", open, "POST", path, "application/json", []byte(`{}`), `{}`, "Content-Encoding: gzip")
}

func compareCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "compare")
	const path = "/faces/compare"
	open := c.open(t, "SIGNUP")
	s.ask("one person", open, "POST", path, m{"document": selfie(t, "ada"), "face": servertest.Of(t, "ada", 2)})
	s.ask("two people", open, "POST", path, m{"document": selfie(t, "ada"), "face": selfie(t, "bob")})
	s.ask("by their other names", open, "POST", path, m{"faceA": selfie(t, "ada"), "faceB": selfie(t, "bob"), "threshold": "0.8"})
	s.ask("no attempt is left", open, "POST", path, m{"document": selfie(t, "ada"), "face": selfie(t, "bob")})
	s.ask("nor at the other address", open, "POST", "/faces/detect", m{"document": selfie(t, "ada"), "face": selfie(t, "bob")})
	open = c.open(t, "SIGNUP")
	s.ask("without a document", open, "POST", path, m{"face": selfie(t, "ada")})
	s.ask("without a face", open, "POST", path, m{"document": selfie(t, "ada")})
	s.ask("with a file", open, "POST", path, m{"file": selfie(t, "ada"), "document": selfie(t, "ada"), "face": selfie(t, "ada")})
	s.ask("a photo of nobody", open, "POST", path, m{"document": selfie(t, "ada"), "face": servertest.Photo(t)})
	s.ask("a small face", open, "POST", path, m{"document": selfie(t, "ada"), "face": servertest.Photo(t, servertest.Shown{Person: "ada", Size: 10})})
	s.ask("a photo of two", open, "POST", path, m{"document": selfie(t, "ada"), "face": servertest.Photo(t, servertest.Shown{Person: "ada"}, servertest.Shown{Person: "bob"})})
	s.ask("a face that cannot be compared", c.open(t, "SIGNUP"), "POST", path,
		m{"document": selfie(t, "ada"), "face": servertest.Photo(t, servertest.Shown{Person: "ada", Reasons: []string{"too_dark", "not_comparable"}})})
	s.ask("with no token", client{url: c.url}, "POST", path, m{"document": selfie(t, "ada"), "face": selfie(t, "ada")})
}

func gestureCalls(path, what string) func(*script, rig) {
	return func(s *script, r rig) {
		c := r.backend(s.t, what)
		open := c.open(s.t, "SIGNUP")
		s.ask("a clip in which it does", open, "POST", path, m{"clip": []byte("GIF89a:" + what)})
		s.ask("a clip in which it does not", open, "POST", path, m{"clip": []byte("GIF89a:still")})
		s.ask("a clip in which it does, in JSON", open, "POST", path, json.RawMessage(`{"clip":"`+base64.StdEncoding.EncodeToString([]byte("GIF89a:"+what))+`"}`))
		s.ask("no attempt is left", open, "POST", path, m{"clip": []byte("GIF89a:" + what)})
		open = c.open(s.t, "SIGNUP")
		s.ask("without a clip", open, "POST", path, m{})
		s.ask("too many bytes", open, "POST", path, m{"clip": bytes.Repeat([]byte("a"), 10<<20+1)})
		s.ask("with no token", client{url: c.url}, "POST", path, m{"clip": []byte("GIF89a:" + what)})
	}
}

func typeCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "type")
	const path = "/documents/validate-document-type"
	front, back := document(t, "ada", "CEDULA", "FRONT", cedula), document(t, "ada", "CEDULA", "BACK", cedula)
	open := c.open(t, "SIGNUP")
	s.ask("its type, of its front", open, "POST", path, m{"file": front, "documentType": "CEDULA"})
	s.ask("its type, of its back", open, "POST", path, m{"file": back, "documentType": "CEDULA", "side": "BACK"})
	s.ask("another type", open, "POST", path, m{"file": front, "documentType": "PASSPORT", "side": "FRONT"})
	s.ask("no attempt is left", open, "POST", path, m{"file": front, "documentType": "CEDULA"})
	open = c.open(t, "SIGNUP")
	s.ask("its other side", open, "POST", path, m{"file": front, "documentType": "CEDULA", "side": "BACK"})
	s.ask("a type that there is not", open, "POST", path, m{"file": front, "documentType": "LICENSE"})
	s.ask("without a type", open, "POST", path, m{"file": front})
	s.ask("a side that there is not", open, "POST", path, m{"file": front, "documentType": "CEDULA", "side": "TOP"})
	s.ask("without a file", open, "POST", path, m{"documentType": "CEDULA"})
	s.ask("without a file, in a form as browsers encode it", open, "POST", path, form("documentType", "CEDULA"))
	s.ask("with no token", client{url: c.url}, "POST", path, m{"file": front, "documentType": "CEDULA"})
}

func identityCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "identity")
	const path = "/documents/validate-identity"
	front := document(t, "ada", "CEDULA", "FRONT", cedula)
	open := c.open(t, "SIGNUP")
	s.ask("its number, written otherwise", open, "POST", path, m{"file": front, "documentType": "CEDULA", "documentId": "00112345673"})
	s.ask("another number", open, "POST", path, m{"file": front, "documentType": "CEDULA", "documentId": "001-1234567-1"})
	s.ask("another type", open, "POST", path, m{"file": front, "documentType": "PASSPORT", "documentId": cedula})
	s.ask("no attempt is left", open, "POST", path, m{"file": front, "documentType": "CEDULA", "documentId": cedula})
	open = c.open(t, "SIGNUP")
	s.ask("a type that there is not", open, "POST", path, m{"file": front, "documentType": "cedula", "documentId": cedula})
	s.ask("without a number", open, "POST", path, m{"file": front, "documentType": "CEDULA"})
	s.ask("without a file", open, "POST", path, m{"documentType": "CEDULA", "documentId": cedula})
	s.ask("with no token", client{url: c.url}, "POST", path, m{"file": front, "documentType": "CEDULA", "documentId": cedula})
}

func startCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "start")
	const path = "/jobs/start/"
	open, front := c.open(t, "SIGNUP"), document(t, "ada", "CEDULA", "FRONT", cedula)
	s.ask("a signup", open, "POST", path+"signup", m{
		"face": selfie(t, "ada"), "document": front, "documentSide": "FRONT", "documentType": "CEDULA", "metadata": `{"plan":"gold"}`, "threshold": "85",
	})
	s.ask("a workflow that there is not", open, "POST", path+"sign%20up", m{"face": selfie(t, "ada")})
	s.ask("a check is no workflow", open, "POST", path+"faces%2Fdetect", m{"file": selfie(t, "ada")})
	s.ask("without a document", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "documentType": "CEDULA"})
	s.ask("with a type that there is not", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "ID"})
	s.ask("with metadata that is none", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA", "metadata": "gold"})
	s.ask("with a threshold that is none", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA", "threshold": "high"})
	s.ask("with a threshold out of bounds", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA", "threshold": "101"})
	s.ask("with a field that there is not", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA", "treshold": "85"})
	s.ask("too many bytes", open, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": bytes.Repeat([]byte("a"), 10<<20+1), "documentType": "CEDULA"})
	s.ask("with a key", c, "POST", path+"signup", m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA"})
	s.ask("a workflow that there is not, without a token", client{url: c.url}, "POST", path+"none", nil)
}

// started is a job of a signup.
func (c client) started(t testing.TB, fields m) (job string) {
	t.Helper()
	c.files(t, "/jobs/start/signup", fields).result(t, &job)
	return job
}

func jobCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "job")
	open, front := c.open(t, "SIGNUP"), document(t, "ada", "CEDULA", "FRONT", cedula)
	let := r.hold()
	job := open.started(t, m{"face": selfie(t, "ada"), "document": front, "documentType": "CEDULA"})
	require.Eventually(t, func() bool { return r.holding() == 1 }, waits, tick)
	s.ask("in progress", c, "GET", "/jobs/"+job, nil)
	let()
	c.ended(t, job)
	s.ask("passed", c, "GET", "/jobs/"+job, nil)
	job = open.started(t, m{"face": selfie(t, "bob"), "document": front, "documentType": "CEDULA"})
	c.ended(t, job)
	s.ask("another's face", c, "GET", "/jobs/"+job, nil)
	job = open.started(t, m{"face": servertest.Photo(t), "document": front, "documentType": "CEDULA"})
	c.ended(t, job)
	s.ask("did not pass, for want of a face in the selfie", c, "GET", "/jobs/"+job, nil)
	job = open.started(t, m{"face": selfie(t, "ada"), "document": servertest.Photo(t), "documentType": "CEDULA"})
	c.ended(t, job)
	s.ask("could not start, for want of a document in the photo", c, "GET", "/jobs/"+job, nil)
	var u struct{ ID string }
	c.form(t, "/users", "attempt", c.registrable(t, "eve", "402-0000000-0"), "documentId", "402-0000000-0", "documentType", "CEDULA").result(t, &u)
	_, err := r.Service.UpdatePolicy(t.Context(), store.Actor{Tenant: "job"}, kyc.DefaultConfig().Gallery, func(g store.Gallery) (store.Policy, error) {
		g.Policy.Liveness = store.GateEnforce
		return g.Policy, nil
	})
	require.NoError(t, err)
	validation := c.open(t, "VALIDATION")
	for _, v := range []struct {
		note string
		live float64
	}{
		{"could not start: the face looks like a picture of one, where the gallery's policy enforces liveness", 0.01},
		{"could not start: nor can it be told", 0.3},
	} {
		validation.files(t, "/jobs/start/validation", m{"face": servertest.Photo(t, servertest.Shown{Person: "eve", Live: &v.live}), "userId": u.ID}).result(t, &job)
		c.ended(t, job)
		s.ask(v.note, c, "GET", "/jobs/"+job, nil)
	}
	open.files(t, "/faces/detect?async=true", m{"file": selfie(t, "ada")}).result(t, &job)
	c.ended(t, job)
	s.ask("of a check", c, "GET", "/jobs/"+job, nil)
	s.ask("that there is not", c, "GET", "/jobs/000000000000000000000000", nil)
	s.ask("that is no id", c, "GET", "/jobs/none%20such", nil)
	s.ask("another tenant's", r.backend(t, "job-other"), "GET", "/jobs/"+job, nil)
	s.ask("with a session's token", open, "GET", "/jobs/"+job, nil)
}

// registrable is an attempt from which a user can be registered.
func (c client) registrable(t testing.TB, person, number string) (attempt string) {
	t.Helper()
	open := c.open(t, "SIGNUP")
	status, output := c.ended(t, open.started(t, m{"face": selfie(t, person), "document": document(t, person, "CEDULA", "FRONT", number), "documentType": "CEDULA"}))
	require.Equal(t, 2, status, "%s", output)
	open.form(t, "/session/close", "status", "SUCCESS").result(t, &attempt)
	return attempt
}

func userCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "user")
	attempt := c.registrable(t, "ada", cedula)
	s.ask("registered", c, "POST", "/users", form("attempt", attempt, "documentId", cedula, "documentType", "CEDULA", "metadata", `{"plan":"gold"}`))
	var u struct{ ID string }
	s.ask("again, in JSON", c, "POST", "/users", json.RawMessage(fmt.Sprintf(`{"attempt":%q,"documentId":%q,"documentType":"CEDULA","metadata":{"plan":"gold"}}`, attempt, cedula))).result(t, &u)
	s.ask("with another document", c, "POST", "/users", form("attempt", attempt, "documentId", "X", "documentType", "PASSPORT"))
	s.ask("with a document of another's", c, "POST", "/users", form("attempt", c.registrable(t, "bob", "001-0000000-9"), "documentId", cedula, "documentType", "CEDULA"))
	s.ask("of no attempt", c, "POST", "/users", form("attempt", "000000000000000000000000", "documentId", cedula, "documentType", "CEDULA"))
	var failed string
	c.open(t, "SIGNUP").form(t, "/session/close", "status", "FAILED").result(t, &failed)
	s.ask("of one that failed", c, "POST", "/users", form("attempt", failed, "documentId", cedula, "documentType", "CEDULA"))
	s.ask("of no type of document", c, "POST", "/users", form("attempt", attempt, "documentId", cedula))
	s.ask("without a document's number", c, "POST", "/users", form("attempt", attempt, "documentType", "CEDULA"))
	s.ask("by its id", c, "GET", "/users/"+u.ID, nil)
	s.ask("by its document", c, "GET", "/users/document/001%201234567%203", nil)
	s.ask("that there is not", c, "GET", "/users/000000000000000000000000", nil)
	s.ask("that is no id", c, "GET", "/users/none", nil)
	s.ask("of a document that there is not", c, "GET", "/users/document/402-0000000-0", nil)
	other := r.backend(t, "user-other")
	s.ask("another tenant's", other, "GET", "/users/"+u.ID, nil)
	s.ask("another tenant's, by its document", other, "GET", "/users/document/"+cedula, nil)
	s.ask("another tenant's, to delete", other, "DELETE", "/users/"+u.ID, nil)
	s.ask("deleted", c, "DELETE", "/users/"+u.ID, nil)
	s.ask("deleted again", c, "DELETE", "/users/"+u.ID, nil)
	s.ask("with a session's token", c.open(t, "SIGNUP"), "GET", "/users/"+u.ID, nil)
}

func attemptCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "attempt")
	open := c.open(t, "SIGNUP")
	c.ended(t, open.started(t, m{"face": selfie(t, "ada"), "document": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA"}))
	open.files(t, "/faces/check-smile", m{"clip": []byte("GIF89a:smile")})
	open.files(t, "/documents/validate-identity", m{"file": document(t, "ada", "CEDULA", "FRONT", cedula), "documentType": "CEDULA", "documentId": "1"})
	var id string
	open.form(t, "/session/close", "status", "SUCCESS").result(t, &id)
	s.ask("a signup's", c, "GET", "/attempts/"+id, nil)
	var none string
	c.open(t, "VALIDATION").form(t, "/session/close", "status", "FAILED").result(t, &none)
	s.ask("without a check", c, "GET", "/attempts/"+none, nil)
	s.ask("that there is not", c, "GET", "/attempts/000000000000000000000000", nil)
	s.ask("another tenant's", r.backend(t, "attempt-other"), "GET", "/attempts/"+id, nil)
	s.ask("with a session's token", c.open(t, "SIGNUP"), "GET", "/attempts/"+id, nil)
}

func reviewCalls(s *script, r rig) {
	t, c := s.t, r.backend(s.t, "review")
	in := func(status string) (id string) {
		c.open(t, "SIGNUP").form(t, "/session/close", "status", status).result(t, &id)
		return id
	}
	id := in("REVIEW")
	s.ask("with another status", c, "POST", "/attempts/review/"+id, form("status", "REVIEW"))
	s.ask("another tenant's", r.backend(t, "review-other"), "POST", "/attempts/review/"+id, form("status", "SUCCESS"))
	s.ask("as SUCCESS", c, "POST", "/attempts/review/"+id, form("status", "SUCCESS"))
	s.ask("again", c, "POST", "/attempts/review/"+id, form("status", "FAILED"))
	s.ask("as CANCELLED, in JSON", c, "POST", "/attempts/review/"+in("REVIEW"), json.RawMessage(`{"status":"CANCELLED"}`))
	s.ask("as FAILED", c, "POST", "/attempts/review/"+in("REVIEW"), form("status", "FAILED"))
	s.ask("one that is not in REVIEW", c, "POST", "/attempts/review/"+in("SUCCESS"), form("status", "FAILED"))
	s.ask("that there is not", c, "POST", "/attempts/review/000000000000000000000000", form("status", "FAILED"))
	s.ask("with a session's token", c.open(t, "SIGNUP"), "POST", "/attempts/review/"+id, form("status", "SUCCESS"))
}

func photoCalls(s *script, r rig) {
	address := r.address(s.t, "photo")
	bare := client{url: r.URL + at}
	path := strings.TrimPrefix(address, bare.url)
	s.ask("by its address", bare, "GET", path, nil)
	s.ask("without a signature", bare, "GET", strings.Split(path, "?")[0], nil)
	s.ask("of another tenant", bare, "GET", strings.Replace(path, "tenant=photo", "tenant=other", 1), nil)
}

func requestCalls(s *script, r rig) {
	c := r.backend(s.t, "request")
	s.ask("no such call", c, "GET", "/people", nil)
	s.ask("no such call, of faces", c, "POST", "/faces/none", nil)
	s.ask("no such call, without a User-Agent", c, "GET", "/people", nil, "User-Agent: ")
	s.ask("the root", c, "GET", "", nil)
	s.ask("a slash too many", c, "POST", "/session/", form("type", "SIGNUP"))
	s.ask("in capitals", c, "POST", "/SESSION", form("type", "SIGNUP"))
	s.ask("another method", c, "PUT", "/session", form("type", "SIGNUP"))
	s.ask("a method that there is not", c, "BREW", "/session", nil)
	s.ask("two keys", c, "GET", "/jobs/000000000000000000000000", nil, "Authorization: Basic YTpi")
}
