package facenition_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"mime/multipart"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/server/facenition"
	"oneton/server/servertest"
)

var (
	block = regexp.MustCompile("(?s)```(sh|json)\n(.*?)```")
	word  = regexp.MustCompile(`(?:[^\s'"]|'[^']*'|"[^"]*")+`)
)

// walk follows the guide as somebody would who copies its commands.
type walk struct {
	rig
	vars   map[string]string
	photos map[string][]byte
	// last is the answer before.
	last servertest.Answer
	// asked are the calls that were made.
	asked map[string]bool
}

// Every command of the guide works as it stands, in its order, and is answered as
// the guide says; there is one of each call.
func TestGuide(t *testing.T) {
	text, err := os.ReadFile("../../docs/facenition.md")
	require.NoError(t, err)
	w := &walk{rig: start(t), asked: map[string]bool{}, vars: map[string]string{}, photos: map[string][]byte{
		"ada1.jpg": ada(t, 1), "ada2.jpg": ada(t, 2), "ada3.jpg": ada(t, 3), "bob.jpg": bob(t, 1),
	}}
	for _, b := range block.FindAllStringSubmatch(string(text), -1) {
		switch b[1] {
		case "sh":
			for line := range strings.Lines(b[2]) {
				w.run(t, strings.TrimSpace(line))
			}
		case "json":
			require.Equal(t, http.StatusOK, w.last.Status, "%s", w.last.Body)
			var want, got m
			require.NoError(t, json.Unmarshal([]byte(b[2]), &want))
			require.NoError(t, json.Unmarshal(w.last.Body, &got))
			like(t, want, got)
		}
	}
	for _, e := range facenition.Endpoints() {
		require.True(t, w.asked[e.Name], "the guide shows %s", e.Name)
	}
}

// like holds that an answer has the guide's fields and values, where these are no
// numbers and not left out.
func like(t *testing.T, want, got m) {
	t.Helper()
	for name, v := range want {
		require.Contains(t, got, name)
		switch v := v.(type) {
		case string:
			text, ok := got[name].(string)
			require.True(t, ok, name)
			begins, _, short := strings.Cut(v, "…")
			require.True(t, short, name)
			require.True(t, strings.HasPrefix(text, begins), "%s: %s", name, text)
			got[name] = v
		case float64:
			require.IsType(t, v, got[name])
			got[name] = v
		}
	}
	require.Equal(t, want, got)
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
	contentType, url, headers := form.FormDataContentType(), "", http.Header{}
	for i := 1; i < len(words); i++ {
		argument := func() string { i++; return w.unquoted(words[i]) }
		switch words[i] {
		case "-F":
			name, value, ok := strings.Cut(argument(), "=")
			require.True(t, ok)
			if photo, ok := strings.CutPrefix(value, "@"); ok {
				part, err := form.CreateFormFile(name, photo)
				require.NoError(t, err)
				_, err = part.Write(w.photos[photo])
				require.NoError(t, err)
				continue
			}
			require.NoError(t, form.WriteField(name, value))
		case "-H":
			name, value, ok := strings.Cut(argument(), ": ")
			require.True(t, ok)
			headers.Set(name, value)
		case "-d":
			text := argument()
			for name, photo := range w.photos {
				text = strings.ReplaceAll(text, name, base64.StdEncoding.EncodeToString(photo))
			}
			contentType = "application/x-www-form-urlencoded"
			body.Reset()
			body.WriteString(text)
		default:
			url = w.unquoted(words[i])
		}
	}
	if contentType == form.FormDataContentType() {
		require.NoError(t, form.Close())
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &body)
	require.NoError(t, err)
	req.Header.Set("Content-Type", contentType)
	maps.Copy(req.Header, headers)
	w.last = ask(t, req)
	w.asked[url[strings.LastIndex(url, "/")+1:]] = true
	require.Equal(t, http.StatusOK, w.last.Status, "%s: %s", line, w.last.Body)
}

// value is what a reader puts in the place of an example.
func (w *walk) value(t *testing.T, name, example string) string {
	t.Helper()
	byEmail, byPhone := w.post.codes(email, phone)
	switch name {
	case "api":
		return strings.Replace(example, "http://127.0.0.1:8080", w.URL, 1)
	case "email_code":
		return byEmail
	case "phone_code":
		return byPhone
	}
	begins, _, ok := strings.Cut(example, "…")
	require.True(t, ok, example)
	var answer m
	require.NoError(t, json.Unmarshal(w.last.Body, &answer))
	for _, v := range answer {
		if text, ok := v.(string); ok && strings.HasPrefix(text, begins) {
			return text
		}
	}
	require.Fail(t, "the answer before has no "+begins)
	return ""
}

// unquoted is a word without quotes, with its variables' values.
func (w *walk) unquoted(text string) string {
	text = strings.NewReplacer("'", "").Replace(text)
	if !strings.HasPrefix(text, "{") {
		text = strings.ReplaceAll(text, `"`, "")
	}
	return os.Expand(text, func(name string) string { return w.vars[name] })
}
