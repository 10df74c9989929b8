package node_test

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/server/servertest"
)

// watched is a rig with an address for the operator.
func watched(t *testing.T, more ...func(*config.Config)) *servertest.Rig {
	t.Helper()
	return servertest.Start(t, servertest.Options{Settings: func(c *config.Config) {
		c.Admin.Listen = "127.0.0.1:0"
		for _, change := range more {
			change(c)
		}
	}})
}

// scrape is what the operator's address tells: samples by their name with labels.
func scrape(t *testing.T, r *servertest.Rig) map[string]float64 {
	t.Helper()
	samples := map[string]float64{}
	for line := range strings.Lines(exposition(t, r)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		at := strings.LastIndexByte(line, ' ')
		var value float64
		_, err := fmt.Sscan(line[at+1:], &value)
		require.NoError(t, err, line)
		samples[line[:at]] = value
	}
	return samples
}

func exposition(t *testing.T, r *servertest.Rig) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+r.Node.AdminAddr().String()+"/metrics", nil)
	require.NoError(t, err)
	res, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s", text)
	return string(text)
}

// What is asked of a server is counted as what it was, and with the right answer.
func TestRequestsAreCounted(t *testing.T) {
	r := watched(t)
	key := r.Key(t, "acme", "*")
	ada, bob := servertest.Of(t, "ada", 1), servertest.Of(t, "bob", 1)
	post := func(path string, status int, photos ...[]byte) {
		t.Helper()
		body := map[string]any{}
		for i, p := range photos {
			body[[]string{"photo", "reference"}[i]] = p
		}
		if strings.HasSuffix(path, "/search") {
			body["threshold"] = 0.5
		}
		require.Equal(t, status, r.JSON(t, key, http.MethodPost, path, body).Status)
	}
	r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
	post("/v1/galleries/staff/subjects", http.StatusCreated, ada)
	post("/v1/galleries/staff/search", http.StatusOK, servertest.Of(t, "ada", 2))
	post("/v1/galleries/staff/search", http.StatusOK, bob)
	post("/v1/galleries/staff/search", http.StatusOK, servertest.Of(t, "bob", 1))
	post("/v1/galleries/staff/subjects", http.StatusCreated, ada) // twice the same
	post("/v1/galleries/staff/search", http.StatusOK, servertest.Of(t, "ada", 4))
	post("/v1/verify", http.StatusOK, ada, servertest.Of(t, "ada", 5))
	post("/v1/verify", http.StatusOK, ada, bob)
	post("/v1/galleries/staff/search", http.StatusUnprocessableEntity, servertest.Photo(t))
	post("/v1/galleries/none/search", http.StatusNotFound, bob)
	require.Equal(t, http.StatusUnauthorized, r.JSON(t, "wrong", http.MethodGet, "/v1/galleries", nil).Status)
	require.Equal(t, http.StatusNotFound, r.JSON(t, key, http.MethodGet, "/nothing/here", nil).Status)

	got := scrape(t, r)
	for sample, want := range map[string]float64{
		`oneton_http_requests_total{api="native",method="POST",route="/v1/galleries/:gallery/search",status="2xx"}`:   4,
		`oneton_http_requests_total{api="native",method="POST",route="/v1/galleries/:gallery/search",status="4xx"}`:   2,
		`oneton_http_requests_total{api="native",method="POST",route="/v1/galleries/:gallery/subjects",status="2xx"}`: 2,
		`oneton_http_requests_total{api="native",method="GET",route="none",status="4xx"}`:                             1,
		`oneton_http_requests_total{api="server",method="GET",route="none",status="4xx"}`:                             1,
		`oneton_http_problems_total{api="native",code="no_face"}`:                                                     1,
		`oneton_http_problems_total{api="native",code="unauthorized"}`:                                                1,
		`oneton_http_request_duration_seconds_count{api="native",route="/v1/galleries/:gallery/search"}`:              6,
		`oneton_search_answers_total{answer="nobody",pack="default"}`:                                                 2,
		`oneton_search_answers_total{answer="one",pack="default"}`:                                                    1,
		`oneton_search_answers_total{answer="several",pack="default"}`:                                                1,
		`oneton_verify_answers_total{answer="yes",pack="default"}`:                                                    1,
		`oneton_verify_answers_total{answer="no",pack="default"}`:                                                     1,
		`oneton_best_cosine_count{of="mate",pack="default"}`:                                                          2,
		`oneton_best_cosine_count{of="stranger",pack="default"}`:                                                      2,
		`oneton_best_cosine_margin_count{pack="default"}`:                                                             4,
		`oneton_search_looked_total{pack="default"}`:                                                                  4,
		`oneton_faces_total{pack="default",quality="good"}`:                                                           10,
		`oneton_stage_duration_seconds_count{outcome="ok",stage="search"}`:                                            4,
		`oneton_stage_duration_seconds_count{outcome="ok",stage="store"}`:                                             2,
		`oneton_stage_duration_seconds_count{outcome="ok",stage="wait"}`:                                              4,
		`oneton_stage_duration_seconds_count{outcome="ok",stage="read"}`:                                              2,
		`oneton_index_rescored_rows_count`:                                                                            4,
		`oneton_index_scanned_rows_total`:                                                                             5, // of galleries of 1, 1, 1 and 2
		`oneton_index_uncertified_scans_total`:                                                                        0,
		`oneton_index_faces`:                                                                                          2,
		`oneton_index_galleries`:                                                                                      1,
		`oneton_index_following`:                                                                                      1,
		`oneton_index_lag`:                                                                                            0,
		`oneton_index_set_aside_faces`:                                                                                0,
		`oneton_log_position`:                                                                                         got["oneton_index_position"],
		`oneton_http_connections{state="spare"}`:                                                                      0,
		`oneton_http_body_memory_bytes`:                                                                               0,
		`oneton_http_body_memory_limit_bytes`:                                                                         512 << 20,
	} {
		value, there := got[sample]
		require.True(t, there, sample)
		require.Equal(t, want, value, sample)
	}
	require.Positive(t, got["oneton_log_position"])
	require.Positive(t, got[`oneton_http_received_bytes_total{api="native"}`])
	require.Positive(t, got[`oneton_http_sent_bytes_total{api="native"}`])
	require.Positive(t, got["go_goroutines"])
	require.Positive(t, got["process_resident_memory_bytes"])
	found := false
	for sample := range got {
		found = found || strings.HasPrefix(sample, "oneton_build_info{")
	}
	require.True(t, found)
}

// The best cosine of a mate and of a stranger are counted where they are.
func TestBestCosines(t *testing.T) {
	r := watched(t)
	key := r.Key(t, "acme", "*")
	r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"})
	enrol := map[string]any{"photo": servertest.Of(t, "ada", 0)}
	require.Equal(t, http.StatusCreated, r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/subjects", enrol).Status)
	require.Equal(t, http.StatusOK, r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/search", enrol).Status) // cosine 1
	stranger := map[string]any{"photo": servertest.Of(t, "bob", 0), "threshold": 0.9}
	require.Equal(t, http.StatusOK, r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/search", stranger).Status) // about 0
	got := scrape(t, r)
	require.InDelta(t, 1, got[`oneton_best_cosine_sum{of="mate",pack="default"}`], 1e-6)
	require.Equal(t, 0., got[`oneton_best_cosine_bucket{of="mate",pack="default",le="0.95"}`])
	require.InDelta(t, 0, got[`oneton_best_cosine_sum{of="stranger",pack="default"}`], 0.4)
	require.Equal(t, 1., got[`oneton_best_cosine_bucket{of="stranger",pack="default",le="0.4"}`])
	require.InDelta(t, 1-0.9+(got[`oneton_best_cosine_sum{of="stranger",pack="default"}`]-0.9)+(0.9-threshold(t, r, key)),
		got[`oneton_best_cosine_margin_sum{pack="default"}`], 1e-6)
}

func threshold(t *testing.T, r *servertest.Rig, key string) float64 {
	t.Helper()
	var a struct {
		Threshold float64 `json:"threshold"`
	}
	r.JSON(t, key, http.MethodPost, "/v1/galleries/staff/search", map[string]any{"photo": servertest.Of(t, "ada", 0)}).Into(t, http.StatusOK, &a)
	return a.Threshold
}

// Whatever a client sends, there are no more series than before, and nothing of what it
// sent is in any.
func TestLabelsAreBounded(t *testing.T) {
	r := watched(t)
	key := r.Key(t, "acme", "*")
	hostile := func(round string) {
		name := "planted" + round
		r.JSON(t, key, http.MethodPost, "/v1/galleries", map[string]any{"name": name})
		r.JSON(t, key, http.MethodPost, "/v1/galleries/"+name+"/subjects", map[string]any{"id": name, "photo": servertest.Of(t, name, 1), "metadata": map[string]string{name: name}})
		r.JSON(t, key, http.MethodPost, "/v1/galleries/"+name+"/search", map[string]any{"photo": servertest.Of(t, name, 2), "filter": map[string][]string{name: {name}}})
		r.JSON(t, key, http.MethodGet, "/v1/galleries/"+name+"x/subjects/"+name, nil)
		r.JSON(t, key, http.MethodDelete, "/v1/galleries/"+name, nil)
		for _, path := range []string{"/" + name, "/v1/" + name, "/v1/galleries/" + name + "/" + name, "/%00" + name, "//" + name, "/v1/galleries/" + name + "?" + name + "=" + name} {
			for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodTrace, http.MethodConnect, http.MethodOptions, http.MethodHead, "PLANTED" + strings.ToUpper(round), "x" + name} {
				raw(t, r, method+" "+path+" HTTP/1.1\r\nHost: "+name+"\r\nUser-Agent: "+name+"\r\nTraceparent: "+name+
					"\r\nX-Request-Id: "+name+"\r\nX-Forwarded-For: "+name+"\r\nAuthorization: Bearer "+name+"\r\nConnection: close\r\n\r\n")
			}
		}
		for _, bytes := range []string{"GET", name + "\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "GET /" + strings.Repeat(name, 4000) + " HTTP/1.1\r\n\r\n", "POST /v1/galleries HTTP/1.1\r\nHost: x\r\nContent-Length: " + name + "\r\n\r\n", "\x16\x03\x01" + name} {
			raw(t, r, bytes)
		}
	}
	hostile("0")
	scrape(t, r) // which kinds of jobs there are is read with it, and all are told from the next on
	before := scrape(t, r)
	for i := range 20 {
		hostile(fmt.Sprint(i + 1))
	}
	after := exposition(t, r)
	require.NotContains(t, strings.ToLower(after), "planted")
	require.NotContains(t, after, "acme")
	own := func(all map[string]float64) (names []string) {
		for name := range all {
			if strings.HasPrefix(name, "oneton_") {
				names = append(names, name)
			}
		}
		return names
	}
	require.ElementsMatch(t, own(before), own(scrape(t, r)))
	require.NotContains(t, after, key)
}

// raw sends bytes and reads until the server closes, or answers.
func raw(t *testing.T, r *servertest.Rig, text string) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(r.URL, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(500*time.Millisecond)))
	if _, err := io.WriteString(conn, text); err != nil {
		return
	}
	if !strings.HasSuffix(text, "\r\n\r\n") {
		_ = conn.(*net.TCPConn).CloseWrite()
	}
	_, _ = bufio.NewReader(conn).ReadString('\n')
}

// Names and helps are as Prometheus would have them.
func TestNamesOfMetrics(t *testing.T) {
	problems, err := promlint.New(strings.NewReader(exposition(t, watched(t)))).Lint()
	require.NoError(t, err)
	require.Empty(t, problems)
}

// Without an address there is none, and nobody counts.
func TestNoAddressUnlessAsked(t *testing.T) {
	r := servertest.Start(t, servertest.Options{})
	require.Nil(t, r.Node.AdminAddr())
	res := r.Do(t, "", http.MethodGet, "/metrics", "", nil)
	require.Equal(t, http.StatusNotFound, res.Status)
	r = watched(t)
	require.NotEqual(t, r.URL, "http://"+r.Node.AdminAddr().String())
	for _, path := range []string{"/metrics", "/debug/pprof/heap"} {
		require.Equal(t, http.StatusNotFound, r.Do(t, "", http.MethodGet, path, "", nil).Status, "on the API's address")
	}
}

// profile is a profile of the operator's address.
func profile(t *testing.T, r *servertest.Rig, name string) string {
	t.Helper()
	res, err := http.Get("http://" + r.Node.AdminAddr().String() + "/debug/pprof/" + name)
	require.NoError(t, err)
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	return string(text)
}

func encode(photo []byte) string { return base64.StdEncoding.EncodeToString(photo) }
