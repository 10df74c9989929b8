package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/require"

	"oneton/client"
)

// answering is one answer of a scripted server.
type answering func(http.ResponseWriter)

func problem(status int, code client.Code, headers ...string) answering {
	return func(w http.ResponseWriter) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(map[string]any{"code": code, "status": status, "detail": "as scripted", "request_id": "r1"})
	}
}

func page(status int) answering {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "<h1>a proxy</h1>")
	}
}

func object(status int, text string) answering {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Oneton-Position", "7")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// lost closes the connection without an answer, and cut in the middle of one.
func lost(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err == nil {
		_ = c.Close()
	}
}

func cut(w http.ResponseWriter) {
	w.Header().Set("Content-Length", "100")
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, `{"match":`)
	panic(http.ErrAbortHandler)
}

// sent is a request as it came.
type sent struct {
	method, path, position string
	id                     string
}

// scripted is a server that gives the answers in turn.
type scripted struct {
	*httptest.Server

	mu      sync.Mutex
	answers []answering
	got     []sent
}

func script(t *testing.T, answers ...answering) *scripted {
	t.Helper()
	s := &scripted{answers: answers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := ""
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			id = r.FormValue("id")
		} else {
			_, _ = io.Copy(io.Discard, r.Body)
		}
		s.mu.Lock()
		s.got = append(s.got, sent{r.Method, r.URL.Path, r.Header.Get("X-Oneton-Position"), id})
		if len(s.answers) == 0 {
			s.mu.Unlock()
			t.Errorf("%s %s is one call too many", r.Method, r.URL)
			return
		}
		answer := s.answers[0]
		s.answers = s.answers[1:]
		s.mu.Unlock()
		answer(w)
	}))
	t.Cleanup(s.Close)
	return s
}

// received are the requests so far.
func (s *scripted) received() []sent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got)
}

func (s *scripted) client(t *testing.T, change ...func(*client.Config)) *client.Client {
	t.Helper()
	cfg := client.Config{URL: s.URL, Key: "ot_x", Pause: time.Millisecond}
	for _, c := range change {
		c(&cfg)
	}
	c, err := client.New(cfg)
	require.NoError(t, err)
	return c
}

var (
	subject = `{"id":"ada","metadata":{},"face_count":1,"created_at":"2026-11-22T21:55:10Z","updated_at":"2026-11-22T21:55:10Z"}`
	withOne = strings.TrimSuffix(subject, "}") + `,"faces":[{"id":"f1"}]}`
	nobody  = object(200, `{"match":"nobody","candidates":[],"faces":3}`)
	added   = object(201, `{"subject":`+subject+`,"faces":[{"id":"f1"}]}`)
	gone    = object(204, "")
	busy    = problem(503, client.Busy)
)

// calls are one of each kind: what they do when the answer is lost differs.
var calls = map[string]func(context.Context, *client.Client) error{
	"search": func(ctx context.Context, c *client.Client) error {
		_, err := c.Search(ctx, "staff", client.Search{Photos: []client.Photo{client.Bytes([]byte("photo"))}})
		return err
	},
	"insert": func(ctx context.Context, c *client.Client) error {
		_, err := c.Search(ctx, "staff", client.Search{Photos: []client.Photo{client.Bytes([]byte("photo"))}, Insert: true})
		return err
	},
	"enrol": func(ctx context.Context, c *client.Client) error {
		_, err := c.Enrol(ctx, "staff", client.NewSubject{ID: "ada", Photos: []client.Photo{client.Bytes([]byte("photo"))}})
		return err
	},
	"add": func(ctx context.Context, c *client.Client) error {
		_, err := c.AddFaces(ctx, "staff", "ada", client.NewFaces{Photos: []client.Photo{client.Bytes([]byte("photo"))}})
		return err
	},
	"add once": func(ctx context.Context, c *client.Client) error {
		_, err := c.AddFaces(ctx, "staff", "ada", client.NewFaces{Photos: []client.Photo{client.Bytes([]byte("photo"))}, Once: true})
		return err
	},
	"delete": func(ctx context.Context, c *client.Client) error { return c.DeleteSubject(ctx, "staff", "ada") },
	"create": func(ctx context.Context, c *client.Client) error {
		_, err := c.CreateGallery(ctx, client.NewGallery{Name: "staff"})
		return err
	},
}

// What is sent again, and what is in doubt, follows the table of codes of docs/api.md.
func TestRetries(t *testing.T) {
	gallery := object(201, `{"name":"staff","pack":"default"}`)
	done := map[string]answering{"search": nobody, "insert": nobody, "enrol": added, "add": added, "add once": added, "delete": gone, "create": gallery}
	every := []string{"search", "insert", "enrol", "add", "add once", "delete", "create"}
	repeated := []string{"search", "enrol", "add once", "delete", "create"}
	doubtful := []string{"insert", "add"}
	for name, first := range map[string]answering{
		"busy": busy, "converting": problem(503, client.Converting), "position_not_reached": problem(503, client.PositionNotReached),
		"request_timeout": problem(408, client.RequestTimeout), "a proxy's limit": page(429),
	} {
		for _, kind := range every {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := script(t, first, first, done[kind]) //nolint:gocritic // twice the same
				require.NoError(t, calls[kind](t.Context(), s.client(t)))
				require.Len(t, s.received(), 3)
				require.Equal(t, s.received()[0], s.received()[2], "the same request")
			})
		}
	}
	for name, first := range map[string]answering{
		"lost": lost, "cut": cut, "unavailable": problem(503, client.Unavailable), "timeout": problem(504, client.Timeout),
		"outcome_unknown": problem(504, client.OutcomeUnknown), "internal": problem(500, client.Internal),
		"proxy without a server": page(502), "proxy in doubt": page(504),
	} {
		for _, kind := range repeated {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := script(t, first, done[kind])
				require.NoError(t, calls[kind](t.Context(), s.client(t)))
			})
		}
		for _, kind := range doubtful {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := script(t, first)
				require.ErrorIs(t, calls[kind](t.Context(), s.client(t)), client.ErrMayBeDone)
				require.Len(t, s.received(), 1)
			})
		}
	}
	for name, final := range map[string]answering{
		"no_face": problem(422, client.NoFace), "unauthorized": problem(401, client.Unauthorized), "storage_full": problem(507, client.StorageFull),
		"damaged": problem(500, client.Damaged), "a proxy's refusal": page(413),
	} {
		for _, kind := range every {
			t.Run(name+", "+kind, func(t *testing.T) {
				s := script(t, final)
				err := calls[kind](t.Context(), s.client(t))
				var e *client.Error
				require.ErrorAs(t, err, &e)
				require.NotErrorIs(t, err, client.ErrMayBeDone)
				require.Len(t, s.received(), 1)
			})
		}
	}
	t.Run("internal twice", func(t *testing.T) {
		internal := problem(500, client.Internal)
		require.ErrorIs(t, calls["search"](t.Context(), script(t, internal, internal).client(t)), client.Internal) //nolint:gocritic // twice the same
	})
	t.Run("no end of it", func(t *testing.T) {
		s := script(t, busy, busy, busy) //nolint:gocritic // again and again
		require.ErrorIs(t, calls["search"](t.Context(), s.client(t, func(c *client.Config) { c.Attempts = 3 })), client.Busy)
	})
	t.Run("busy at last, in doubt before", func(t *testing.T) {
		s := script(t, lost, busy)
		err := calls["enrol"](t.Context(), s.client(t, func(c *client.Config) { c.Attempts = 2 }))
		require.ErrorIs(t, err, client.Busy)
		require.ErrorIs(t, err, client.ErrMayBeDone)
	})
}

// After a lost answer the same id says whether the enrolment was made, and nobody is
// enrolled twice.
func TestNobodyIsEnrolledTwice(t *testing.T) {
	taken := problem(409, client.AlreadyExists)
	t.Run("it was made", func(t *testing.T) {
		s := script(t, lost, taken, object(200, withOne))
		c := s.client(t)
		c.Reached(3)
		e, err := c.Enrol(t.Context(), "staff", client.NewSubject{Photos: []client.Photo{client.Bytes([]byte("photo"))}})
		require.NoError(t, err)
		require.Equal(t, "f1", e.Faces[0].ID)
		require.NotEmpty(t, s.received()[0].id, "the client makes an id")
		require.Equal(t, s.received()[0].id, s.received()[1].id)
		require.Equal(t, "/v1/galleries/staff/subjects/"+s.received()[0].id, s.received()[2].path)
	})
	t.Run("somebody else's", func(t *testing.T) {
		s := script(t, lost, taken, object(200, strings.Replace(withOne, `"metadata":{}`, `"metadata":{"name":"another"}`, 1)))
		err := calls["enrol"](t.Context(), s.client(t))
		require.ErrorIs(t, err, client.AlreadyExists)
		require.ErrorIs(t, err, client.ErrMayBeDone)
	})
	t.Run("a key that may not read", func(t *testing.T) {
		s := script(t, lost, taken, problem(403, client.Forbidden))
		err := calls["enrol"](t.Context(), s.client(t))
		require.ErrorIs(t, err, client.ErrMayBeDone)
		require.ErrorIs(t, err, client.Forbidden)
	})
	t.Run("taken before", func(t *testing.T) {
		err := calls["enrol"](t.Context(), script(t, taken).client(t))
		require.ErrorIs(t, err, client.AlreadyExists)
		require.NotErrorIs(t, err, client.ErrMayBeDone)
	})
	t.Run("deleted by the attempt whose answer was lost", func(t *testing.T) {
		require.NoError(t, calls["delete"](t.Context(), script(t, lost, problem(404, client.NotFound)).client(t)))
		require.ErrorIs(t, calls["delete"](t.Context(), script(t, problem(404, client.NotFound)).client(t)), client.NotFound)
	})
	t.Run("made by the attempt whose answer was lost", func(t *testing.T) {
		is := object(200, `{"name":"staff","pack":"default","policy":{"fpir":0.01}}`)
		require.NoError(t, calls["create"](t.Context(), script(t, lost, taken, is).client(t)))
		c := script(t, lost, taken, is).client(t)
		_, err := c.CreateGallery(t.Context(), client.NewGallery{Name: "staff", Policy: &client.PolicyChange{FPIR: new(0.5)}})
		require.ErrorIs(t, err, client.ErrMayBeDone)
	})
	t.Run("a change of one version", func(t *testing.T) {
		c := script(t, lost).client(t)
		_, err := c.ChangeSubject(t.Context(), "staff", "ada", nil, client.IfMatch(`"x"`))
		require.ErrorIs(t, err, client.ErrMayBeDone)
	})
}

// Positions are carried from answers to searches where the caller asks for it, and
// forgotten where the log has lost them.
func TestPositions(t *testing.T) {
	own := func(c *client.Config) { c.OwnWrites = true }
	s := script(t, added, nobody, nobody) //nolint:gocritic // twice the same
	c := s.client(t, own)
	require.NoError(t, calls["enrol"](t.Context(), c))
	require.EqualValues(t, 7, c.Position())
	require.NoError(t, calls["search"](t.Context(), c))
	c.Reached(9)
	c.Reached(8)
	require.NoError(t, calls["search"](t.Context(), c))
	require.Equal(t, []string{"", "7", "9"}, []string{s.received()[0].position, s.received()[1].position, s.received()[2].position})

	s = script(t, added, problem(409, client.PositionAhead), nobody)
	c = s.client(t, own)
	require.NoError(t, calls["enrol"](t.Context(), c))
	require.NoError(t, calls["search"](t.Context(), c))
	require.Equal(t, []string{"", "7", ""}, []string{s.received()[0].position, s.received()[1].position, s.received()[2].position})

	s = script(t, added, lost, problem(404, client.NotFound), nobody)
	c = s.client(t, own)
	require.NoError(t, calls["enrol"](t.Context(), c))
	require.NoError(t, calls["delete"](t.Context(), c))
	require.NoError(t, calls["search"](t.Context(), c))
	require.Empty(t, s.received()[3].position, "of the deletion no position is known: the search sees all there is")

	s = script(t, added, nobody)
	c = s.client(t)
	require.NoError(t, calls["enrol"](t.Context(), c))
	require.NoError(t, calls["search"](t.Context(), c))
	require.Empty(t, s.received()[1].position, "without it a search sees what anybody was answered")
}

// Nobody waits longer than the context lives or the configuration lets.
func TestWaits(t *testing.T) {
	s := script(t, problem(503, client.Busy, "Retry-After", "3600"))
	err := calls["search"](t.Context(), s.client(t))
	var e *client.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, time.Hour, e.RetryAfter)
	require.Equal(t, "as scripted [503 busy, request r1]", e.Error())

	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	s = script(t, problem(503, client.Busy, "Retry-After", "60"))
	require.ErrorIs(t, calls["search"](ctx, s.client(t, func(c *client.Config) { c.MaxPause = time.Hour })), client.Busy)
	require.NoError(t, ctx.Err())

	ctx, cancel = context.WithCancel(t.Context())
	s = script(t, busy)
	time.AfterFunc(50*time.Millisecond, cancel)
	require.Error(t, calls["search"](ctx, s.client(t, func(c *client.Config) { c.Pause = time.Hour; c.MaxPause = 2 * time.Hour })))

	hung := make(chan struct{})
	s = script(t, func(http.ResponseWriter) { <-hung })
	defer close(hung)
	ctx, cancel = context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	err = calls["enrol"](ctx, s.client(t))
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, client.ErrMayBeDone, "what was cut off in the middle may have been done")
}

// Where nobody answers, nothing was sent: it is sent again whatever it is.
func TestNobodyAnswers(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, ln.Close())
	for kind, call := range calls {
		c, err := client.New(client.Config{URL: "http://" + ln.Addr().String(), Key: "ot_x", Pause: time.Millisecond, Attempts: 2})
		require.NoError(t, err)
		err = call(t.Context(), c)
		require.ErrorIs(t, err, client.ErrUnreachable, kind)
		require.NotErrorIs(t, err, client.ErrMayBeDone, kind)
	}
}

// A photo is streamed: the server has its first bytes before the last are there.
func TestPhotosAreStreamed(t *testing.T) {
	first, rest := make(chan struct{}), strings.Repeat("x", 1<<20)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		if err == nil {
			var part io.Reader
			if part, err = form.NextPart(); err == nil {
				b := make([]byte, 5)
				if _, err = io.ReadFull(part, b); err == nil {
					close(first)
					_, err = io.Copy(io.Discard, part)
				}
			}
		}
		if err != nil {
			t.Error(err)
		}
		nobody(w)
	}))
	defer s.Close()
	c, err := client.New(client.Config{URL: s.URL, Key: "ot_x"})
	require.NoError(t, err)
	r, w := io.Pipe()
	go func() {
		_, err := io.WriteString(w, "begin")
		<-first
		if err == nil {
			_, err = io.WriteString(w, rest)
		}
		_ = w.CloseWithError(err)
	}()
	_, err = c.Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.Reader(r)}})
	require.NoError(t, err)
}

// What can be read once is not sent again, and what cannot be read is not sent.
func TestPhotosThatCannotBeRead(t *testing.T) {
	s := script(t, busy)
	_, err := s.client(t).Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.Reader(strings.NewReader("photo"))}})
	require.ErrorIs(t, err, client.Busy)

	opened := 0
	s = script(t, busy, nobody)
	_, err = s.client(t).Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.Opener(func() (io.ReadCloser, error) {
		opened++
		return io.NopCloser(strings.NewReader("photo")), nil
	})}})
	require.NoError(t, err)
	require.Equal(t, 2, opened)

	broken := errors.New("broken disk")
	s = script(t)
	_, err = s.client(t).Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.Opener(func() (io.ReadCloser, error) { return nil, broken })}})
	require.ErrorIs(t, err, broken)
	_, err = s.client(t).Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.File(t.TempDir() + "/none.jpg")}})
	require.ErrorContains(t, err, "none.jpg")
	_, err = s.client(t).Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.File(t.TempDir())}})
	require.ErrorContains(t, err, "is a folder")

	quiet := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer quiet.Close()
	c, err := client.New(client.Config{URL: quiet.URL, Key: "ot_x", Attempts: 1})
	require.NoError(t, err)
	_, err = c.Search(t.Context(), "staff", client.Search{Photos: []client.Photo{client.Reader(iotest.ErrReader(broken))}})
	require.ErrorIs(t, err, broken)
}

// Lists come in pages, and end with their error.
func TestPages(t *testing.T) {
	var queries []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		queries = append(queries, r.URL.RawQuery)
		switch r.FormValue("after") {
		case "":
			object(200, `{"subjects":[{"id":"a"},{"id":"b"}],"next":"b&c"}`)(w)
		case "b&c":
			object(200, `{"subjects":[{"id":"d"}],"next":"d"}`)(w)
		default:
			problem(404, client.NotFound)(w)
		}
	}))
	defer s.Close()
	c, err := client.New(client.Config{URL: s.URL, Key: "ot_x"})
	require.NoError(t, err)
	var ids []string
	for p, err := range c.Subjects(t.Context(), "staff") {
		if err != nil {
			require.ErrorIs(t, err, client.NotFound)
			break
		}
		ids = append(ids, p.ID)
	}
	require.Equal(t, []string{"a", "b", "d"}, ids)
	require.Equal(t, []string{"limit=1000", "after=b%26c&limit=1000", "after=d&limit=1000"}, queries)
	queries = nil
	for range c.Subjects(t.Context(), "staff") {
		break
	}
	require.Len(t, queries, 1, "nobody asks for what nobody reads")
}

// Names are one segment of a path, whatever they are.
func TestNamesAreEscaped(t *testing.T) {
	s := script(t, object(200, withOne))
	_, err := s.client(t).Subject(t.Context(), "../staff?x", "a/b%2F#")
	require.NoError(t, err)
	require.Equal(t, "/v1/galleries/../staff?x/subjects/a/b%2F#", s.received()[0].path, "unescaped by the server, as four segments")
}

// What is no answer of a oneton server is said to be none.
func TestOtherServers(t *testing.T) {
	s := script(t, object(200, "<html>"), page(404))
	require.ErrorIs(t, calls["search"](t.Context(), s.client(t)), client.ErrAnswer)
	err := calls["search"](t.Context(), s.client(t))
	var e *client.Error
	require.ErrorAs(t, err, &e)
	require.Empty(t, e.Code)
	require.Equal(t, "Not Found [404]", e.Error())
	require.NotErrorIs(t, err, client.Code(""))
}

func TestConfigsThatCannotBeUsed(t *testing.T) {
	for name, c := range map[string]client.Config{
		"no URL": {}, "no scheme": {URL: "127.0.0.1:8080"}, "another scheme": {URL: "ftp://x"}, "no host": {URL: "http://"},
		"user": {URL: "http://u:p@x"}, "query": {URL: "http://x?key=1"}, "key of lines": {URL: "http://x", Key: "ot_\n"}, "negative": {URL: "http://x", Attempts: -1},
	} {
		_, err := client.New(c)
		require.ErrorIs(t, err, client.ErrConfig, name)
		require.NotContains(t, err.Error(), "u:p", "what may be a secret is not repeated")
	}
	for _, url := range []string{"http://127.0.0.1:8080", "https://faces.example.org/", "http://[::1]:8080", "http://x/below"} {
		_, err := client.New(client.Config{URL: url})
		require.NoError(t, err, url)
	}
}

// The client of a server below a path, and under a lot of callers at once.
func TestAtOnce(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if !strings.HasPrefix(r.URL.Path, "/faces/v1/") || r.Header.Get("Authorization") != "Bearer ot_x" {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		nobody(w)
	}))
	defer s.Close()
	c, err := client.New(client.Config{URL: s.URL + "/faces/", Key: "ot_x", OwnWrites: true})
	require.NoError(t, err)
	var callers sync.WaitGroup
	for i := range 8 {
		callers.Go(func() {
			for range 20 {
				photo := client.Bytes(bytes.Repeat([]byte(fmt.Sprint(i)), 1000))
				if _, err := c.Search(t.Context(), "staff", client.Search{Photos: []client.Photo{photo}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	callers.Wait()
	c.Close()
}
