package docs_test

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/require"

	"oneton/config"
	"oneton/metrics"
	"oneton/server/servertest"
)

// rule is one of the alert rules, or what they record.
type rule struct {
	Record, Alert, Expr, For string
	Labels, Annotations      map[string]string
}

const alertFile = "observability/alerts.yaml"

func rules(t *testing.T) []rule {
	t.Helper()
	text, err := os.ReadFile(alertFile)
	require.NoError(t, err)
	var file struct {
		Groups []struct{ Rules []rule }
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	require.Len(t, file.Groups, 1)
	require.NotEmpty(t, file.Groups[0].Rules)
	return file.Groups[0].Rules
}

// queries are those of the dashboard by the panel's title.
func queries(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("observability/dashboard.json")
	require.NoError(t, err)
	var board struct {
		Panels []struct {
			ID          int
			Title, Type string
			Targets     []struct{ Expr string }
		}
		Templating struct {
			List []struct {
				Name  string
				Query any
			}
		}
	}
	require.NoError(t, json.Unmarshal(text, &board))
	all, row, ids := map[string][]string{}, "", map[int]bool{}
	for _, p := range board.Panels {
		require.False(t, ids[p.ID], p.Title)
		ids[p.ID] = true
		if p.Type == "row" {
			row = p.Title
			continue
		}
		name := row + ": " + p.Title
		require.NotContains(t, all, name)
		require.NotEmpty(t, p.Targets, name)
		for _, target := range p.Targets {
			all[name] = append(all[name], target.Expr)
		}
	}
	require.Equal(t, map[string]any{"query": "label_values(oneton_build_info, instance)", "refId": "instance"}, board.Templating.List[1].Query)
	return all
}

var (
	ownMetric = regexp.MustCompile(`oneton_[a-z_]+`)
	selector  = regexp.MustCompile(`(?:oneton|process|go)_[a-z_]+(?:\{[^}]*\})?|up\{[^}]*\}`)
	part      = regexp.MustCompile(`_(?:bucket|sum|count)$`)
)

// Whatever is counted is on the dashboard or in an alert, and nothing else is named.
func TestDashboardAndAlertsNameWhatIsCounted(t *testing.T) {
	kinds := map[string]string{}
	for _, d := range metrics.New(metrics.Build{}, zerolog.Nop()).Definitions() {
		kinds[d.Name] = d.Type
	}
	named := map[string]bool{}
	look := func(where, expr string) {
		for _, name := range ownMetric.FindAllString(expr, -1) {
			if base := part.ReplaceAllString(name, ""); kinds[base] == "histogram" {
				require.NotEqual(t, base, name, "%s: a histogram has buckets", where)
				name = base
			}
			require.Contains(t, kinds, name, where)
			named[name] = true
		}
	}
	for panel, exprs := range queries(t) {
		for _, expr := range exprs {
			look(panel, expr)
		}
	}
	for _, r := range rules(t) {
		look(r.Alert+r.Record, r.Expr)
	}
	for name := range kinds {
		require.True(t, named[name], "%s is on no panel and in no alert", name)
	}
}

const tableOfAlerts = "| alert | severity | when | what to do |\n|---|---|---|---|\n"

// The table of alerts is the rules' own words.
func TestTableOfAlerts(t *testing.T) {
	const path = "observability.md"
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var want strings.Builder
	for _, r := range rules(t) {
		if r.Alert != "" {
			fmt.Fprintf(&want, "| `%s` | %s | %s | %s |\n", r.Alert, r.Labels["severity"], r.Annotations["summary"], r.Annotations["description"])
		}
	}
	before, rest, ok := strings.Cut(string(text), tableOfAlerts)
	require.True(t, ok)
	_, after, _ := strings.Cut(rest, "\n\n")
	generated(t, path, before+tableOfAlerts+want.String()+"\n"+after)
}

// installed is a program of Prometheus' package.
func installed(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip("Prometheus: " + name + " is not installed; apt-get install prometheus")
	}
	return path
}

// Each alert has been seen to fire and to be silent.
func TestAlertsFire(t *testing.T) {
	promtool := installed(t, "promtool")
	files := []string{"alerts_test.yaml", "drift_test.yaml"}
	type seen struct{ fires, silent bool }
	all := map[string]*seen{}
	for _, file := range files {
		text, err := os.ReadFile(filepath.Join("observability", file))
		require.NoError(t, err)
		var tests struct {
			Tests []struct {
				Cases []struct {
					Alert  string           `yaml:"alertname"`
					Expect []map[string]any `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		require.NoError(t, yaml.Unmarshal(text, &tests))
		for _, test := range tests.Tests {
			for _, c := range test.Cases {
				if all[c.Alert] == nil {
					all[c.Alert] = &seen{}
				}
				all[c.Alert].fires = all[c.Alert].fires || len(c.Expect) > 0
				all[c.Alert].silent = all[c.Alert].silent || len(c.Expect) == 0
			}
		}
	}
	for _, r := range rules(t) {
		if r.Alert != "" {
			require.Equal(t, &seen{true, true}, all[r.Alert], r.Alert)
		}
	}
	cmd := exec.CommandContext(t.Context(), promtool, append([]string{"test", "rules"}, files...)...)
	cmd.Dir = "observability"
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}

// prometheus is a real one that scrapes.
type prometheus struct{ url string }

// scraping runs Prometheus with the alert rules until the test ends.
func scraping(t *testing.T, target string) prometheus {
	t.Helper()
	program := installed(t, "prometheus")
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := free.Addr().String()
	require.NoError(t, free.Close())
	folder := t.TempDir()
	alerts, err := filepath.Abs(alertFile)
	require.NoError(t, err)
	settings := fmt.Sprintf(`
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [%q]
scrape_configs: [{job_name: oneton, static_configs: [{targets: [%q]}]}]
`, alerts, target)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "prometheus.yml"), []byte(settings), 0o600))
	cmd := exec.CommandContext(t.Context(), program, "--config.file="+filepath.Join(folder, "prometheus.yml"),
		"--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+address, "--log.level=warn")
	var log servertest.Log
	cmd.Stdout, cmd.Stderr = &log, &log
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = time.Minute
	require.NoError(t, cmd.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { // the test's context has ended
		<-ended
		if t.Failed() {
			t.Log(log.String())
		}
	})
	p := prometheus{"http://" + address}
	require.Eventually(t, func() bool {
		res, err := http.Get(p.url + "/-/ready")
		if err != nil {
			return false
		}
		defer res.Body.Close()
		return res.StatusCode == http.StatusOK
	}, time.Minute, 100*time.Millisecond)
	return p
}

// get asks Prometheus' API.
func (p prometheus) get(t *testing.T, path string, into any) {
	t.Helper()
	res, err := http.Get(p.url + path)
	require.NoError(t, err)
	defer res.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	require.NoError(t, json.NewDecoder(res.Body).Decode(&answer))
	require.Equal(t, "success", answer.Status, "%s: %s", path, answer.Error)
}

// series is how many a query gives.
func (p prometheus) series(t *testing.T, query string) int {
	t.Helper()
	var data struct{ Result []any }
	p.get(t, "/api/v1/query?query="+url.QueryEscape(query), &data)
	return len(data.Result)
}

// unwell are rules that were not evaluated, or fire.
func (p prometheus) unwell(t *testing.T) (all []string) {
	t.Helper()
	var data struct {
		Groups []struct {
			Rules []struct{ Name, Health, LastError, State string }
		}
	}
	p.get(t, "/api/v1/rules", &data)
	require.Len(t, data.Groups, 1)
	require.Len(t, data.Groups[0].Rules, len(rules(t)))
	for _, rule := range data.Groups[0].Rules {
		if rule.Health != "ok" || rule.State == "firing" {
			all = append(all, rule.Name+" "+rule.Health+" "+rule.State+" "+rule.LastError)
		}
	}
	return all
}

// Whatever the dashboard asks has an answer after a real Prometheus has looked at a real
// server that has done a bit of everything, and so has what the alerts look at.
func TestDashboardAndAlertsAgainstPrometheus(t *testing.T) {
	installed(t, "prometheus")
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	t.Cleanup(collector.Close)
	r := servertest.Start(t, servertest.Options{Settings: func(c *config.Config) {
		c.Admin.Listen, c.Traces.URL = "127.0.0.1:0", collector.URL
	}})
	load := loading(t, r)
	load.round(0)
	p := scraping(t, r.Node.AdminAddr().String())
	require.Eventually(t, func() bool { return p.series(t, `count_over_time(oneton_build_info[1m]) >= 2`) == 1 }, time.Minute, 200*time.Millisecond)
	load.round(1)

	fill := strings.NewReplacer("$__rate_interval", "1m", "$__range", "1h", "$instance", ".*")
	var missing []string
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(time.Second) {
		missing = nil
		for panel, exprs := range queries(t) {
			for _, expr := range exprs {
				if p.series(t, fill.Replace(expr)) == 0 {
					missing = append(missing, panel+": "+expr)
				}
			}
		}
		for _, rule := range rules(t) {
			for _, operand := range selector.FindAllString(rule.Expr, -1) {
				if p.series(t, operand) == 0 {
					missing = append(missing, rule.Alert+": "+operand)
				}
			}
		}
		if missing = append(missing, p.unwell(t)...); len(missing) == 0 {
			break
		}
	}
	require.Empty(t, missing)
}

// doing does a bit of everything with a server.
type doing struct {
	t     *testing.T
	r     *servertest.Rig
	key   string
	hooks []string
}

func loading(t *testing.T, r *servertest.Rig) doing {
	t.Helper()
	d := doing{t: t, r: r, key: r.Key(t, "acme", "*")}
	d.json(http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, http.StatusCreated)
	for _, says := range []int{http.StatusOK, http.StatusInternalServerError} {
		receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(says) }))
		t.Cleanup(receiver.Close)
		var hook struct{ ID string }
		d.json(http.MethodPost, "/v1/webhooks", map[string]any{"url": receiver.URL}, http.StatusCreated).Into(t, http.StatusCreated, &hook)
		d.hooks = append(d.hooks, hook.ID)
	}
	return d
}

func (d doing) json(method, path string, body any, status int) servertest.Answer {
	d.t.Helper()
	a := d.r.JSON(d.t, d.key, method, path, body)
	require.Equal(d.t, status, a.Status, "%s", a.Body)
	return a
}

func (d doing) round(n int) {
	d.t.Helper()
	ada, bob := servertest.Of(d.t, fmt.Sprint("ada", n), 1), servertest.Of(d.t, fmt.Sprint("bob", n), 1)
	const people, search = "/v1/galleries/staff/subjects", "/v1/galleries/staff/search"
	d.json(http.MethodPost, people, map[string]any{"photo": ada}, http.StatusCreated)
	for range 20 {
		d.json(http.MethodPost, search, map[string]any{"photo": ada}, http.StatusOK)
	}
	d.json(http.MethodPost, search, map[string]any{"photo": bob}, http.StatusOK)
	d.json(http.MethodPost, "/v1/verify", map[string]any{"photo": ada, "reference": bob}, http.StatusOK)
	d.json(http.MethodPost, search, map[string]any{"photo": servertest.Photo(d.t)}, http.StatusUnprocessableEntity)
	d.json(http.MethodPost, search, map[string]any{"photo": servertest.Scripted(d.t, servertest.Script{Panic: true})}, http.StatusInternalServerError)
	for _, hook := range d.hooks {
		d.json(http.MethodPost, "/v1/webhooks/"+hook+"/test", nil, http.StatusOK)
	}
	line, err := json.Marshal(map[string]any{"subject": fmt.Sprint("eve", n), "photo": servertest.Of(d.t, "eve", n)})
	require.NoError(d.t, err)
	require.Equal(d.t, http.StatusAccepted, d.r.Do(d.t, d.key, http.MethodPost, "/v1/galleries/staff/imports", "application/x-ndjson", line).Status)
}
