package capture_test

import (
	"compress/gzip"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
	"github.com/stretchr/testify/require"

	"oneton/facesession"
)

// got is an answer.
type got struct {
	*http.Response
	body string
}

func send(t testing.TB, method, address, body string, headers ...string) got {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Accept-Encoding", "identity")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return got{res, string(content)}
}

// policy are the directives of a content security policy.
func (g got) policy(t testing.TB) map[string]string {
	t.Helper()
	directives := map[string]string{}
	for part := range strings.SplitSeq(g.Header.Get("Content-Security-Policy"), "; ") {
		name, value, _ := strings.Cut(part, " ")
		require.NotContains(t, directives, name)
		directives[name] = value
	}
	return directives
}

func TestPageIsGuarded(t *testing.T) {
	s := newSessions()
	page := serve(t, s) + "/session/" + sessionID
	alone := send(t, "GET", page, "")
	require.Equal(t, 200, alone.StatusCode)
	require.Equal(t, map[string]string{
		"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "connect-src": "'self'",
		"base-uri": "'none'", "form-action": "'none'", "frame-ancestors": "'none'",
		"require-trusted-types-for": "'script'", "trusted-types": "'none'",
	}, alone.policy(t))
	for name, value := range map[string]string{
		"X-Frame-Options": "DENY", "Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff",
		"Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Resource-Policy": "same-origin",
		"Permissions-Policy": "camera=(self), display-capture=(), geolocation=(), microphone=()",
	} {
		require.Equal(t, value, alone.Header.Get(name), name)
	}
	require.Empty(t, alone.Header.Values("Set-Cookie"))

	s.stands(facesession.Embedding{
		Origins: []string{"https://shop.example", "https://bank.example:8443"},
		Returns: []string{"https://shop.example/done?order=1", "https://shop.example/other"},
	})
	around := send(t, "GET", page, "")
	policy := around.policy(t)
	require.Equal(t, "https://bank.example:8443 https://shop.example", policy["frame-ancestors"])
	require.Equal(t, "https://shop.example", policy["form-action"])
	require.Empty(t, around.Header.Get("X-Frame-Options"))
	require.Equal(t, "cross-origin", around.Header.Get("Cross-Origin-Resource-Policy"))
}

var inline = regexp.MustCompile(`(?i)<script[^>]*>[^<]|<style|\sstyle=|\son[a-z]+=|javascript:|(?:src|href)="(?:https?:)?//`)

// What stands in the address is written nowhere into the page, and nothing in it runs.
func TestPageTakesNothingFromItsAddress(t *testing.T) {
	page := serve(t, newSessions()) + "/session/"
	const attack = `"><script>alert(1)</script>{{.}}` + "%0d%0aX-Bad: 1"
	for _, address := range []string{
		page + sessionID + "?nonce=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&lang=%22%3E%3Cscript%3E&return=javascript:alert(1)",
		page + "%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E",
		page + "..%2f..%2fetc",
		page + strings.Repeat("a", 5000),
	} {
		g := send(t, "GET", address, "", "Accept-Language: "+strings.ReplaceAll(attack, "%0d%0a", " "))
		require.Contains(t, []int{200, 404}, g.StatusCode, address)
		require.Equal(t, "text/html; charset=utf-8", g.Header.Get("Content-Type"))
		require.NotContains(t, g.body, "alert(1)")
		require.NotRegexp(t, inline, g.body)
		require.Equal(t, "'self'", g.policy(t)["script-src"])
	}
}

func TestPageOfAnEndedSession(t *testing.T) {
	s := newSessions()
	g := send(t, "GET", serve(t, s)+"/session/9a0fdf0e-0000-4000-8000-000000000000?lang=es", "")
	require.Equal(t, 404, g.StatusCode)
	require.Contains(t, g.body, "Esta verificación ha terminado")
	require.NotContains(t, g.body, "<script")
	require.Equal(t, "'none'", g.policy(t)["frame-ancestors"])
	s.gone = true
	require.Equal(t, 404, send(t, "GET", serve(t, s)+"/session/"+sessionID, "").StatusCode)
}

func TestPageSpeaksTheLanguageAskedFor(t *testing.T) {
	page := serve(t, newSessions()) + "/session/" + sessionID
	for _, c := range []struct{ query, accepts, lang, dir string }{
		{"", "", "en", "ltr"},
		{"", "fr-FR, ar-EG;q=0.8, es;q=0.5", "ar", "rtl"},
		{"", "es-MX", "es", "ltr"},
		{"?lang=es", "ar", "es", "ltr"},
		{"?lang=ar-SA", "en", "ar", "rtl"},
		{"?lang=xx", "es", "es", "ltr"},
		{"?lang=" + strings.Repeat("-", 2000), "de", "en", "ltr"},
	} {
		g := send(t, "GET", page+c.query, "", "Accept-Language: "+c.accepts)
		require.Contains(t, g.body, `<html lang="`+c.lang+`" dir="`+c.dir+`">`, "%v", c)
		require.Equal(t, c.lang, g.Header.Get("Content-Language"))
	}
}

// texts are those of a language.
func texts(t testing.TB, lang string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile("texts/" + lang + ".json")
	require.NoError(t, err)
	var of map[string]string
	require.NoError(t, json.Unmarshal(raw, &of))
	return of
}

// Every language has every text, with what is put into it, and the page has no text that
// is not shown.
func TestLanguagesHaveTheSameTexts(t *testing.T) {
	english := texts(t, "en")
	into := regexp.MustCompile(`\{\w+\}`)
	for _, lang := range []string{"es", "ar"} {
		other := texts(t, lang)
		require.Len(t, other, len(english), lang)
		for name, text := range english {
			require.NotEmpty(t, other[name], "%s in %s", name, lang)
			want, have := into.FindAllString(text, -1), into.FindAllString(other[name], -1)
			slices.Sort(want)
			slices.Sort(have)
			require.Equal(t, want, have, "%s in %s", name, lang)
		}
	}
	var source strings.Builder
	for _, name := range []string{"page.js", "view.js", "tell.js", "page.html"} {
		content, err := os.ReadFile("page/" + name)
		require.NoError(t, err)
		source.Write(content)
	}
	for name := range english {
		family, _, _ := strings.Cut(name, ".")
		made := []string{"guide", "step", "reason", "fail", "camera"}
		if !slices.Contains(made, family) && !strings.HasSuffix(name, ".heading") && !strings.HasSuffix(name, ".text") {
			require.Contains(t, source.String(), name)
		}
	}
}

// Whatever the server may say to the person has words.
func TestWordsForWhatTheServerSays(t *testing.T) {
	english := texts(t, "en")
	for _, code := range []facesession.GuidanceCode{
		facesession.GuideOK, facesession.GuideNoFace, facesession.GuideSeveralFaces, facesession.GuideCloser, facesession.GuideFurther,
		facesession.GuideCentre, facesession.GuideTooDark, facesession.GuideTooBright, facesession.GuideBlurred, facesession.GuideHoldStill,
	} {
		require.Contains(t, english, "guide."+string(code))
	}
	for _, kind := range []facesession.StepKind{facesession.Look, facesession.TurnLeft, facesession.TurnRight, facesession.Blink, facesession.Smile} {
		require.Contains(t, english, "step."+string(kind))
	}
	for _, code := range []facesession.Code{
		facesession.UserCancel, facesession.Unauthorized, facesession.ExpiredOrUnknown, facesession.TooManyAttempts,
		facesession.MediaNotAllowed, facesession.MediaNotFound, facesession.Unexpected, facesession.NoMatch, facesession.LivenessFailed, "FORBIDDEN",
	} {
		require.Contains(t, english, "fail."+string(code)+".heading")
		require.Contains(t, english, "fail."+string(code)+".text")
	}
}

// The parts of the page are small, compressed, kept by browsers, and all from here.
func TestAssets(t *testing.T) {
	base := serve(t, newSessions())
	page := send(t, "GET", base+"/session/"+sessionID, "")
	var parts []string
	for _, m := range regexp.MustCompile(`(?:href|src)="(/[^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		parts = append(parts, html.UnescapeString(m[1]))
	}
	slices.Sort(parts)
	parts = slices.Compact(parts)
	require.Len(t, parts, 8, "%v", parts)
	whole := map[string]int{}
	for _, part := range append(parts, "/session/"+sessionID) {
		plain := send(t, "GET", base+part, "")
		require.Equal(t, 200, plain.StatusCode, part)
		require.Contains(t, plain.Header.Get("Vary"), "Accept-Encoding")
		br := send(t, "GET", base+part, "", "Accept-Encoding: gzip, br")
		require.Equal(t, "br", br.Header.Get("Content-Encoding"))
		opened, err := io.ReadAll(brotli.NewReader(strings.NewReader(br.body)))
		require.NoError(t, err)
		require.Equal(t, plain.body, string(opened))
		gz := send(t, "GET", base+part, "", "Accept-Encoding: gzip")
		require.Equal(t, "gzip", gz.Header.Get("Content-Encoding"))
		unzip, err := gzip.NewReader(strings.NewReader(gz.body))
		require.NoError(t, err)
		opened, err = io.ReadAll(unzip)
		require.NoError(t, err)
		require.Equal(t, plain.body, string(opened))
		whole["br"] += len(br.body)
		whole["gzip"] += len(gz.body)
		whole["plain"] += len(plain.body)
		if part != "/session/"+sessionID {
			require.Equal(t, "public, max-age=31536000, immutable", plain.Header.Get("Cache-Control"))
			other := regexp.MustCompile(`assets/[0-9a-f]{16}/`).ReplaceAllString(part, "assets/0123456789abcdef/")
			old := send(t, "GET", base+other, "")
			require.Equal(t, plain.body, old.body)
			require.Equal(t, "no-store", old.Header.Get("Cache-Control"))
		}
	}
	t.Logf("bytes of the page with all its parts: %v", whole)
	require.Less(t, whole["br"], 20<<10)
	require.Less(t, whole["gzip"], 24<<10)
	require.Equal(t, 404, send(t, "GET", base+"/session/assets/0123456789abcdef/page.html", "").StatusCode)
	require.Equal(t, 404, send(t, "GET", base+"/session/assets/0123456789abcdef/..%2fcapture.go", "").StatusCode)
}
