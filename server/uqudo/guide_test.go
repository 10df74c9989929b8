package uqudo_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/servertest"
)

var (
	block = regexp.MustCompile("(?s)```(sh|json)\n(.*?)```")
	word  = regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`)
)

// walk follows the guide as somebody would who copies its commands.
type walk struct {
	client
	vars  map[string]string
	files map[string][]byte
	last  servertest.Answer
	asked map[string]bool
}

// Every command of the guide works as it stands, in its order, and is answered as the
// guide says; there is one of each call.
func TestGuide(t *testing.T) {
	guide, err := os.ReadFile("../../docs/uqudo.md")
	require.NoError(t, err)
	r, _ := start(t)
	asJSON := func(v m) []byte {
		text, err := json.Marshal(v)
		require.NoError(t, err)
		return text
	}
	ada := text(servertest.Of(t, "ada", 1))
	w := &walk{client: newClient(t, r, "acme", all...), vars: map[string]string{}, asked: map[string]bool{}, files: map[string][]byte{
		"id.jpg": servertest.Of(t, "ada", 2), "photo.json": asJSON(m{"idPhoto": ada}), "nobody.json": asJSON(m{"idPhoto": text(servertest.Photo(t))}),
		"pair.json": asJSON(m{"sourceImage": ada, "targetImage": text(servertest.Of(t, "ada", 2)), "minimumMatchLevel": 3}),
	}}
	for _, b := range block.FindAllStringSubmatch(string(guide), -1) {
		if b[1] == "sh" {
			for line := range strings.Lines(b[2]) {
				w.run(t, strings.TrimSpace(line))
			}
			continue
		}
		var want, got any
		require.NoError(t, json.Unmarshal([]byte(b[2]), &want))
		require.NoError(t, json.Unmarshal(w.last.Body, &got), "%s", w.last.Body)
		require.True(t, like(want, got), "%s is as %s", w.last.Body, b[2])
	}
	for _, q := range calls(t) {
		pattern := regexp.MustCompile("^" + q.method + " " + regexp.MustCompile(`\{\w+\}`).ReplaceAllString(q.described, `[^/]+`) + "$")
		shown := false
		for asked := range w.asked {
			shown = shown || pattern.MatchString(asked)
		}
		require.True(t, shown, "the guide shows %s %s", q.method, q.described)
		require.Contains(t, string(guide), "| `"+q.method+" "+q.described+"` | `"+q.scope+"`")
	}
}

// like tells whether an answer has the guide's fields and values, where these are not
// left out and are nobody's id.
func like(want, got any) bool {
	switch v := want.(type) {
	case m:
		fields, ok := got.(m)
		if !ok || len(fields) != len(v) {
			return false
		}
		for name := range v {
			if !like(v[name], fields[name]) {
				return false
			}
		}
		return true
	case []any:
		list, ok := got.([]any)
		return ok && len(list) > 0 && like(v[0], list[0])
	case string:
		text, ok := got.(string)
		begins, _, short := strings.Cut(v, "…")
		return ok && (text == v || short && strings.HasPrefix(text, begins) || len(v) == 36 && len(text) == 36)
	}
	return want == got
}

// run does a line: it sets a variable, or is a call of curl; the operator's commands
// have been done.
func (w *walk) run(t *testing.T, line string) {
	t.Helper()
	if name, value, ok := strings.Cut(line, "="); ok && !strings.Contains(name, " ") {
		w.vars[name] = w.value(t, name, value)
		return
	}
	words := word.FindAllString(line, -1)
	if words[0] == "oneton" || words[0] == "#" {
		return
	}
	require.Equal(t, "curl", words[0])
	var pairs []string
	var parts bytes.Buffer
	form := multipart.NewWriter(&parts)
	contentType, method, address, headers := "", http.MethodGet, "", http.Header{}
	for i := 1; i < len(words); i++ {
		argument := func() string { i++; return w.unquoted(words[i]) }
		switch words[i] {
		case "-d":
			value := argument()
			if file, ok := strings.CutPrefix(value, "@"); ok {
				require.Contains(t, w.files, file)
				value = string(w.files[file])
			}
			pairs = append(pairs, value)
			method, contentType = http.MethodPost, "application/x-www-form-urlencoded"
		case "-F":
			name, file, ok := strings.Cut(argument(), "=@")
			require.True(t, ok)
			require.Contains(t, w.files, file)
			part, err := form.CreatePart(textproto.MIMEHeader{
				"Content-Disposition": {`form-data; name="` + name + `"; filename="` + file + `"`}, "Content-Type": {"image/jpeg"},
			})
			require.NoError(t, err)
			_, err = part.Write(w.files[file])
			require.NoError(t, err)
			method, contentType = http.MethodPost, form.FormDataContentType()
		case "-H":
			name, value, ok := strings.Cut(argument(), ": ")
			require.True(t, ok)
			headers.Set(name, value)
		case "-u":
			id, secret, _ := strings.Cut(argument(), ":")
			name, value, _ := strings.Cut(basic(id, secret), ": ")
			headers.Set(name, value)
		case "-X":
			method = argument()
		default:
			address = w.unquoted(words[i])
		}
	}
	body := []byte(strings.Join(pairs, "&"))
	if pairs == nil && contentType != "" {
		require.NoError(t, form.Close())
		body = parts.Bytes()
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	require.NoError(t, err)
	if req.Header = headers; contentType != "" && headers.Get("Content-Type") == "" {
		req.Header.Set("Content-Type", contentType)
	}
	w.last = w.Send(t, req, body)
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	w.asked[method+" "+parsed.Path] = true
	if !strings.Contains(line, "nobody.json") && !strings.Contains(line, "$image") { // which only a flow has
		require.Less(t, w.last.Status, http.StatusBadRequest, "%s: %s", line, w.last.Body)
	}
}

// value is what a reader puts in the place of an example.
func (w *walk) value(t *testing.T, name, example string) string {
	t.Helper()
	var last struct {
		ID      string `json:"oneToNVerificationId"`
		Session string `json:"sessionId"`
	}
	_ = json.Unmarshal(w.last.Body, &last)
	switch name {
	case "api":
		return strings.Replace(example, "http://127.0.0.1:8080", w.URL, 1)
	case "id":
		return w.id
	case "secret":
		return w.secret
	case "token":
		return w.token
	case "person":
		return last.ID
	case "session":
		return cmp.Or(last.Session, example)
	}
	return example
}

// unquoted is a word without quotes, with its variables' values.
func (w *walk) unquoted(text string) string {
	return os.Expand(strings.NewReplacer(`"`, "", "'", "").Replace(text), func(name string) string { return w.vars[name] })
}
