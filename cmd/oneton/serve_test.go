package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"oneton/setup"
)

const asProgram = "ONETON_TEST_AS_PROGRAM"

// TestMain lets a test start this binary as the program itself.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// program is a server in a process of its own.
type program struct {
	cmd  *exec.Cmd
	base string
	// key is the first API key; empty when the data folder had tenants.
	key string
	// log may be read when the process has ended.
	log bytes.Buffer
}

func startProgram(t *testing.T, data string, args ...string) *program {
	t.Helper()
	return start(t, serving(data, args...), data)
}

// serving is the command of a server on a port of its own choice.
func serving(data string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], append([]string{"serve", "--data", data, "--listen", "127.0.0.1:0"}, args...)...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// start starts such a command, and returns when it listens.
func start(t *testing.T, cmd *exec.Cmd, data string) *program {
	t.Helper()
	p := &program{cmd: cmd}
	p.cmd.Stderr = &p.log
	out, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	first := !exists(filepath.Join(data, "secret.key"))
	for lines := bufio.NewScanner(out); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch last := fields[len(fields)-1]; {
		case strings.HasPrefix(last, "http://"):
			p.base = last
		case strings.HasPrefix(last, "ot_"):
			p.key = last
		}
		if p.base != "" && (p.key != "" || !first) {
			return p
		}
	}
	_ = p.cmd.Wait()
	t.Fatalf("the program ended before it listened: %s", p.log.String())
	return nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func (p *program) do(key, method, path string, body, into any) (status int, err error) {
	status, _, err = p.send(key, method, path, nil, body, into)
	return status, err
}

// send makes a call with more headers, and returns the answer's.
func (p *program) send(key, method, path string, header http.Header, body, into any) (status int, answered http.Header, err error) {
	var sent io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, p.base+path, sent)
	if err != nil {
		return 0, nil, err
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+key)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, nil, err
	}
	if resp.StatusCode/100 != 2 {
		return resp.StatusCode, resp.Header, fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, answer)
	}
	if into == nil {
		return resp.StatusCode, resp.Header, nil
	}
	return resp.StatusCode, resp.Header, json.Unmarshal(answer, into)
}

// portrait is a small photo of a known face, quick to embed.
func portrait(t *testing.T) []byte {
	t.Helper()
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	require.NoError(t, err)
	f, err := os.Open(filepath.Join(paths.Photos, "obama.jpg"))
	require.NoError(t, err)
	defer f.Close()
	img, err := jpeg.Decode(f)
	require.NoError(t, err)
	head := img.(*image.YCbCr).SubImage(image.Rect(280, 20, 700, 520))
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, head, &jpeg.Options{Quality: 90}))
	return b.Bytes()
}

type searchAnswer struct {
	Threshold  float64 `json:"threshold"`
	Faces      int     `json:"faces"`
	Candidates []struct {
		Subject string  `json:"subject"`
		Cosine  float64 `json:"cosine"`
	} `json:"candidates"`
}

func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	const enrolments = 200
	data, photo := t.TempDir(), portrait(t)
	p := startProgram(t, data)
	key := p.key
	_, err := p.do(key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)

	// Clients go on enrolling when the kill comes, so it hits work under way.
	var mu sync.Mutex
	var acknowledged []string
	var next atomic.Int64
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for range 3 {
		clients.Go(func() {
			for {
				id := fmt.Sprintf("p%d", next.Add(1))
				status, err := p.do(key, http.MethodPost, "/v1/galleries/staff/subjects", map[string]any{
					"id": id, "photo": photo, "metadata": map[string]string{"n": id},
				}, nil)
				if err != nil {
					if status != 0 {
						t.Errorf("enrol %s: %v", id, err)
					}
					return
				}
				mu.Lock()
				acknowledged = append(acknowledged, id)
				if len(acknowledged) == enrolments {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGKILL))
	clients.Wait()
	_ = p.cmd.Wait()

	p = startProgram(t, data)
	require.Empty(t, p.key, "a restart makes no new key")
	for _, id := range acknowledged {
		var a searchAnswer
		_, err := p.do(key, http.MethodPost, "/v1/galleries/staff/search",
			map[string]any{"photo": photo, "filter": map[string][]string{"n": {id}}}, &a)
		require.NoError(t, err)
		require.Len(t, a.Candidates, 1, id)
		require.Equal(t, id, a.Candidates[0].Subject)
		// With itself a photo has 1 less twice the square of its doubt.
		require.InDelta(t, 1, a.Candidates[0].Cosine, 0.02)
	}
}

func TestServerStopsGracefully(t *testing.T) {
	data, photo := t.TempDir(), portrait(t)
	p := startProgram(t, data)
	_, err := p.do(p.key, http.MethodPost, "/v1/galleries", map[string]any{"name": "staff"}, nil)
	require.NoError(t, err)
	answered := make(chan error, 1)
	started := make(chan struct{})
	go func() {
		close(started)
		_, err := p.do(p.key, http.MethodPost, "/v1/galleries/staff/subjects", map[string]any{"id": "last", "photo": photo}, nil)
		answered <- err
	}()
	<-started
	// The request may not have arrived when the server stops; when it has, it
	// is answered and kept.
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	err = <-answered
	require.NoError(t, p.cmd.Wait(), "a stop is no failure")

	again := startProgram(t, data)
	_, found := again.do(p.key, http.MethodGet, "/v1/galleries/staff/subjects/last", nil, nil)
	var refused *url.Error
	if err == nil {
		require.NoError(t, found)
	} else {
		require.ErrorAs(t, err, &refused)
	}
}

func TestServerSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"unknown setting":  {[]string{"--set", "embed.wrokers=2"}, "wrokers"},
		"value of no use":  {[]string{"--set", "policy.fpir=2"}, "policy.fpir"},
		"unknown pack":     {[]string{"--set", "packs=none"}, "none"},
		"no such library":  {[]string{"--set", "onnxruntime=/nowhere/lib.so"}, "/nowhere/lib.so"},
		"address in use":   {nil, "address already in use"},
		"no such settings": {[]string{"--config", "/nowhere/oneton.yaml"}, "/nowhere/oneton.yaml"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"serve", "--data", t.TempDir()}, c.args...)
			if name == "address in use" {
				taken := startProgram(t, t.TempDir())
				args = append(args, "--listen", strings.TrimPrefix(taken.base, "http://"))
			} else {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], args...)
			cmd.Env = append(os.Environ(), asProgram+"=1")
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), c.says)
			require.NotContains(t, string(out), "goroutine")
		})
	}
}

func TestLostSecretIsNotReplaced(t *testing.T) {
	data := t.TempDir()
	p := startProgram(t, data)
	require.NoError(t, p.cmd.Process.Kill())
	_ = p.cmd.Wait()
	secret := filepath.Join(data, "secret.key")
	kept, err := os.ReadFile(secret)
	require.NoError(t, err)
	require.NoError(t, os.Remove(secret))

	cmd := exec.CommandContext(t.Context(), os.Args[0], "serve", "--data", data, "--listen", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := cmd.CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "secret.key is missing")
	require.NoFileExists(t, secret)

	require.NoError(t, os.WriteFile(secret, kept, 0o600))
	again := startProgram(t, data)
	_, err = again.do(p.key, http.MethodGet, "/v1/galleries", nil, nil)
	require.NoError(t, err, "the key is valid again")
}
