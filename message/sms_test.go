package message_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/message"
)

// gateway is a gateway of text messages, and what it was last asked.
type gateway struct {
	url    string
	mu     sync.Mutex
	asked  *http.Request
	body   string
	times  int
	answer func(w http.ResponseWriter)
}

func newGateway(t *testing.T) *gateway {
	t.Helper()
	g := &gateway{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			g.mu.Lock()
			g.asked, g.body = r, string(body)
			g.times++
			g.mu.Unlock()
		}
		if g.answer != nil {
			g.answer(w)
		}
	}))
	t.Cleanup(s.Close)
	g.url = s.URL
	return g
}

// count is how often it was asked.
func (g *gateway) count() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.times
}

func sms(url string) message.Config {
	cfg := message.DefaultConfig()
	cfg.SMS.URL, cfg.SMS.Timeout = url, 5*time.Second
	return cfg
}

// However odd the text is, the gateway reads what was meant, and no field more.
func TestTextMessage(t *testing.T) {
	const number = "+41791234567"
	odd := "{code} & \"quotes\" \\ = + % {to}\nnew line, é 🙂 ','x':'y"
	text := strings.Replace(odd, "{code}", "012345", 1)
	token := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(token, []byte("bearer of it\n"), 0o600))
	for name, c := range map[string]struct {
		change func(*message.SMS)
		read   func(t *testing.T, g *gateway) (to, text string)
	}{
		"JSON": {func(s *message.SMS) {
			s.Body, s.Status = `{"recipient":["{to}"],"message":{"content":"{text}"}}`, http.StatusAccepted
		}, func(t *testing.T, g *gateway) (to, text string) {
			var asked struct {
				Recipient []string `json:"recipient"`
				Message   struct {
					Content string `json:"content"`
				} `json:"message"`
			}
			d := json.NewDecoder(strings.NewReader(g.body))
			d.DisallowUnknownFields()
			require.NoError(t, d.Decode(&asked))
			require.Equal(t, "application/json", g.asked.Header.Get("Content-Type"))
			require.Len(t, asked.Recipient, 1)
			return asked.Recipient[0], asked.Message.Content
		}},
		"form": {func(s *message.SMS) {
			s.Format, s.Body, s.Method = message.Form, "To={to}&Body={text}&From=us", http.MethodPut
		}, func(t *testing.T, g *gateway) (to, text string) {
			form, err := url.ParseQuery(g.body)
			require.NoError(t, err)
			require.Len(t, form, 3)
			require.Equal(t, http.MethodPut, g.asked.Method)
			require.Equal(t, "application/x-www-form-urlencoded", g.asked.Header.Get("Content-Type"))
			return form.Get("To"), form.Get("Body")
		}},
		"URL": {func(s *message.SMS) {
			s.URL, s.Body, s.Method = s.URL+"/send?to={to}&text={text}", "", http.MethodGet
		}, func(t *testing.T, g *gateway) (to, text string) {
			require.Empty(t, g.body)
			require.Equal(t, "/send", g.asked.URL.Path)
			require.Len(t, g.asked.URL.Query(), 2)
			return g.asked.URL.Query().Get("to"), g.asked.URL.Query().Get("text")
		}},
		"headers of one's own": {func(s *message.SMS) {
			s.Headers, s.TokenFile = []string{"X-Api-Key: a, b", "content-type:application/vnd.x+json"}, token
		}, func(t *testing.T, g *gateway) (to, text string) {
			require.Equal(t, "Bearer bearer of it", g.asked.Header.Get("Authorization"))
			require.Equal(t, "a, b", g.asked.Header.Get("X-Api-Key"))
			require.Equal(t, []string{"application/vnd.x+json"}, g.asked.Header.Values("Content-Type"))
			var asked map[string]string
			require.NoError(t, json.Unmarshal([]byte(g.body), &asked))
			return asked["to"], asked["text"]
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			cfg := sms(g.url)
			cfg.SMS.Text = odd
			c.change(&cfg.SMS)
			g.answer = func(w http.ResponseWriter) { w.WriteHeader(cfg.SMS.Status) }
			for _, s := range cfg.Settings() {
				require.True(t, s.Want == "" || s.OK, "%s must be %s", s.Key, s.Want)
			}
			post, err := message.New(cfg, "")
			require.NoError(t, err)
			require.NoError(t, post.SMS(t.Context(), number, "012345", valid))
			to, got := c.read(t, g)
			require.Equal(t, number, to)
			require.Equal(t, text, got)
		})
	}
}

// TestRefusedTextMessage: what a gateway answers is a status, and nothing of its
// words, of the number or of the code is told.
func TestRefusedTextMessage(t *testing.T) {
	elsewhere := newGateway(t)
	for name, answer := range map[string]func(w http.ResponseWriter){
		"another status": func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = io.WriteString(w, "+41791234567 012345")
		},
		"another success": func(w http.ResponseWriter) { w.WriteHeader(http.StatusAccepted) },
		"a redirect": func(w http.ResponseWriter) {
			w.Header().Set("Location", elsewhere.url)
			w.WriteHeader(http.StatusTemporaryRedirect)
		},
		"no answer": func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
		"too late":  func(http.ResponseWriter) { time.Sleep(300 * time.Millisecond) },
		"headers without end": func(w http.ResponseWriter) {
			w.Header().Set("X-Long", strings.Repeat("x", 1<<20))
			w.WriteHeader(http.StatusOK)
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGateway(t)
			g.answer = answer
			cfg := sms(g.url + "?to={to}&code={text}")
			cfg.SMS.Timeout = 200 * time.Millisecond
			post, err := message.New(cfg, "")
			require.NoError(t, err)
			err = post.SMS(t.Context(), "+41791234567", "012345", valid)
			require.ErrorIs(t, err, message.ErrRefused)
			require.NotContains(t, err.Error(), "41791234567")
			require.NotContains(t, err.Error(), "012345")
			require.Equal(t, 1, g.count(), "and it is not tried again, which might send it twice")
		})
	}
	require.Zero(t, elsewhere.count())

	// An answer without end is left where enough was read.
	g := newGateway(t)
	g.answer = func(w http.ResponseWriter) {
		for range 1 << 10 {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil {
				return
			}
		}
		t.Error("all of it was read")
	}
	post, err := message.New(sms(g.url), "")
	require.NoError(t, err)
	require.NoError(t, post.SMS(t.Context(), "+41791234567", "012345", valid))
}

// A gateway's certificate is checked.
func TestUnsafeGateways(t *testing.T) {
	is, other := newIssuer(t), newIssuer(t)
	for name, c := range map[string]struct {
		by   issuer
		ip   string
		sent bool
	}{"its own": {is, "127.0.0.1", true}, "another's": {other, "127.0.0.1", false}, "another name's": {is, "127.0.0.2", false}} {
		taken := false
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { taken = true }))
		s.TLS = c.by.server(t, c.ip, time.Now().Add(time.Hour))
		s.Config.ErrorLog = nil
		s.StartTLS()
		cfg := sms(s.URL)
		cfg.SMS.CA = is.file
		post, err := message.New(cfg, "")
		require.NoError(t, err)
		err = post.SMS(t.Context(), "+41791234567", "012345", valid)
		if c.sent {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, message.ErrRefused, name)
		}
		require.Equal(t, c.sent, taken, name)
		s.Close()
	}
}
