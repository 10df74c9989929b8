package twoface_test

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/twoface"
)

var (
	block = regexp.MustCompile("(?s)```(sh|json)\n(.*?)```")
	word  = regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`)
)

// walk follows the guide as somebody would who copies its commands.
type walk struct {
	rig
	key   string
	vars  map[string]string
	files map[string][]byte
	last  answer
	asked map[string]bool
}

// Every command of the guide works as it stands, in its order, and is answered as the
// guide says; there is one of each call.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/twoface.md")
	require.NoError(t, err)
	r := start(t)
	w := &walk{rig: r, key: r.backend(t, "acme").key, asked: map[string]bool{}, vars: map[string]string{}, files: map[string][]byte{
		"selfie.jpg": selfie(t, "ada"), "document.jpg": document(t, "ada", "CEDULA", "FRONT", cedula),
		"smile.mp4": []byte("GIF89a:smile"), "blink.mp4": []byte("GIF89a:blink"),
	}}
	for _, b := range block.FindAllStringSubmatch(string(text), -1) {
		switch b[1] {
		case "sh":
			for line := range strings.Lines(b[2]) {
				w.run(t, strings.TrimSpace(line))
			}
		case "json":
			var want, got m
			require.NoError(t, json.Unmarshal([]byte(b[2]), &want))
			require.NoError(t, json.Unmarshal(w.last.Body, &got))
			require.True(t, like(want, got), "%s is as %s", w.last.Body, b[2])
		}
	}
	for _, call := range twoface.Calls() {
		pattern := regexp.MustCompile("^" + regexp.MustCompile(`:\w+`).ReplaceAllString(call, `[^/]+`) + "$")
		shown := call == "GET /photos/:photo" // whose address an attempt has
		for asked := range w.asked {
			shown = shown || pattern.MatchString(asked)
		}
		require.True(t, shown, "the guide shows %s", call)
	}
}

// like tells whether an answer has the guide's fields and values, where these are no
// fractions and not left out.
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
	case string:
		text, ok := got.(string)
		begins, _, short := strings.Cut(v, "…")
		return ok && (text == v || short && text != "" && strings.HasPrefix(text, begins))
	case float64:
		n, ok := got.(float64)
		return ok && (n == v || v != float64(int(v)))
	}
	return want == got
}

// run does a line: it sets a variable, or is a call of curl.
func (w *walk) run(t *testing.T, line string) {
	t.Helper()
	if name, value, ok := strings.Cut(line, "="); ok && !strings.Contains(name, " ") {
		w.vars[name] = w.value(t, name, value)
		return
	}
	words := word.FindAllString(line, -1)
	require.Equal(t, "curl", words[0])
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	contentType, method, address, headers := "", http.MethodGet, "", http.Header{"User-Agent": {"curl/8"}}
	var pairs []string
	for i := 1; i < len(words); i++ {
		argument := func() string { i++; return w.unquoted(words[i]) }
		switch words[i] {
		case "-F":
			name, value, ok := strings.Cut(argument(), "=")
			require.True(t, ok)
			method, contentType = http.MethodPost, form.FormDataContentType()
			if file, ok := strings.CutPrefix(value, "@"); ok {
				part, err := form.CreateFormFile(name, file)
				require.NoError(t, err)
				require.Contains(t, w.files, file)
				_, err = part.Write(w.files[file])
				require.NoError(t, err)
				continue
			}
			require.NoError(t, form.WriteField(name, value))
		case "-d":
			pairs = append(pairs, argument())
			method, contentType = http.MethodPost, "application/x-www-form-urlencoded"
		case "-H":
			name, value, ok := strings.Cut(argument(), ": ")
			require.True(t, ok)
			headers.Set(name, value)
		case "-X":
			method = argument()
		default:
			address = w.unquoted(words[i])
		}
	}
	switch {
	case pairs != nil:
		body.Reset()
		body.WriteString(strings.Join(pairs, "&"))
	case contentType != "":
		require.NoError(t, form.Close())
	}
	req, err := http.NewRequestWithContext(t.Context(), method, address, &body)
	require.NoError(t, err)
	req.Header = headers
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	w.last = ask(t, req)
	parsed, err := url.Parse(address)
	require.NoError(t, err)
	w.asked[method+" "+strings.TrimPrefix(parsed.Path, at)] = true
	require.Equal(t, http.StatusOK, w.last.Status, "%s: %s", line, w.last.Body)
	if job, ok := strings.CutPrefix(parsed.Path, at+"/jobs/"); ok && method == http.MethodGet {
		client{url: w.URL + at, key: w.key}.ended(t, job) // as a reader would wait
	}
}

// value is what a reader puts in the place of an example.
func (w *walk) value(t *testing.T, name, example string) string {
	t.Helper()
	switch name {
	case "api":
		return strings.Replace(example, "http://127.0.0.1:8080", w.URL, 1)
	case "key":
		return w.key
	case "user":
		var u struct{ ID string }
		w.last.result(t, &u)
		return u.ID
	}
	require.Equal(t, "…", example)
	var text string
	w.last.result(t, &text)
	return text
}

// unquoted is a word without quotes, with its variables' values.
func (w *walk) unquoted(text string) string {
	text = strings.ReplaceAll(text, "'", "")
	if !strings.Contains(text, "{") {
		text = strings.ReplaceAll(text, `"`, "")
	}
	return os.Expand(text, func(name string) string { return w.vars[name] })
}
