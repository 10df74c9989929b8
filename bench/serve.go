package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/google/uuid"

	"oneton/face"
	"oneton/setup"
	"oneton/store"
	"oneton/store/sqlite"
)

type serveCommand struct {
	Subjects int    `help:"Subjects in the gallery." default:"10000"`
	Searches int    `help:"Searches timed one after the other." default:"100"`
	Requests int    `help:"Requests of the memory run, from as many clients as cores." default:"5000"`
	Photo    string `help:"Photo to search, of the demo photos." default:"obama2.jpg"`
	Out      string `help:"Folder of the results." default:"bench/results" json:"-"`
}

type serveResult struct {
	// Stages are the medians of each stage's milliseconds.
	Stages map[string]float64 `json:"median_ms"`
	// Outside is the share of the time, as the client sees it, that is not
	// decode, detect or recognise.
	Outside float64 `json:"share_outside_decode_detect_recognise"`
	// Memory is the server's resident MiB after each tenth of the requests.
	Memory []float64 `json:"resident_mib_by_tenth"`
	// Growth is the last tenth's over the third's, when every pool is warm.
	Growth          float64 `json:"memory_growth_since_third_tenth"`
	RequestsASecond float64 `json:"requests_per_second"`
}

// demoPhoto reads one of the demo's photos.
func demoPhoto(name string) ([]byte, error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(paths.Photos, name))
}

// Run starts the real program on a gallery of synthetic templates.
func (c *serveCommand) Run(ctx context.Context) (err error) {
	photo, err := demoPhoto(c.Photo)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	p, err := startProgram(ctx, folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	if err := p.post(ctx, "/v1/galleries", "application/json", []byte(`{"name":"bench"}`), nil); err != nil {
		return err
	}
	if err := fill(ctx, filepath.Join(folder, "oneton.db"), c.Subjects); err != nil {
		return err
	}
	res := serveResult{}
	if err := c.stages(ctx, p, photo, &res); err != nil {
		return err
	}
	if err := c.memory(ctx, p, photo, &res); err != nil {
		return err
	}
	return save(c.Out, "serve", c, res)
}

const search = "/v1/galleries/bench/search?timings=true"

func (c *serveCommand) stages(ctx context.Context, p *program, photo []byte, res *serveResult) error {
	samples := make(map[string][]float64)
	outside := make([]float64, c.Searches)
	for i := range c.Searches + 10 {
		var answer struct {
			Timings map[string]float64 `json:"timings"`
		}
		begin := time.Now()
		if err := p.post(ctx, search, "image/jpeg", photo, &answer); err != nil {
			return err
		}
		client := float64(time.Since(begin)) / float64(time.Millisecond)
		if i < 10 {
			continue // warming up
		}
		answer.Timings["client"] = client
		inside := 0.0
		for stage, ms := range answer.Timings {
			samples[stage] = append(samples[stage], ms)
			if stage == "decode" || stage == "detect" || stage == "recognise" {
				inside += ms
			}
		}
		outside[i-10] = 1 - inside/client
	}
	res.Stages = make(map[string]float64, len(samples))
	for stage, ms := range samples {
		res.Stages[stage] = median(ms)
	}
	res.Outside = median(outside)
	return nil
}

func (c *serveCommand) memory(ctx context.Context, p *program, photo []byte, res *serveResult) error {
	const clients, parts = 2, 10
	begin := time.Now()
	for range parts {
		errs := make([]error, clients)
		var work sync.WaitGroup
		for i := range clients {
			work.Go(func() {
				for range c.Requests / parts / clients {
					if errs[i] = p.post(ctx, search, "image/jpeg", photo, nil); errs[i] != nil {
						return
					}
				}
			})
		}
		work.Wait()
		if err := errors.Join(errs...); err != nil {
			return err
		}
		mib, err := p.resident()
		if err != nil {
			return err
		}
		res.Memory = append(res.Memory, mib)
	}
	res.Growth = res.Memory[parts-1] / res.Memory[2]
	res.RequestsASecond = float64(c.Requests) / time.Since(begin).Seconds()
	return nil
}

// fill enrols subjects with random templates straight into the store that a
// server is following.
func fill(ctx context.Context, path string, subjects int) error {
	db, err := sqlite.Open(ctx, sqlite.Config{Path: path})
	if err != nil {
		return err
	}
	defer db.Close()
	tenants, err := db.Tenants(ctx, store.Page{Limit: 1})
	if err != nil {
		return err
	}
	g, err := db.Gallery(ctx, tenants[0].ID, "bench")
	if err != nil {
		return err
	}
	space, err := db.Space(ctx, g.Pack)
	if err != nil {
		return err
	}
	const dimension, together = 128, 64
	rng := rand.New(rand.NewPCG(1, 2))
	templates := make(chan face.Template)
	go func() {
		defer close(templates)
		for range subjects {
			v := make([]float32, dimension)
			for i := range v {
				v[i] = float32(rng.NormFloat64())
			}
			t, err := face.NewTemplate(v)
			if err != nil {
				panic(err) // no such draw
			}
			templates <- t
		}
	}()
	errs := make([]error, together)
	var work sync.WaitGroup
	for i := range together {
		work.Go(func() {
			for t := range templates {
				id := uuid.NewString()
				_, err := db.Enrol(ctx, store.Subject{Gallery: g.ID, ID: store.SubjectID(id)},
					[]store.Face{{ID: store.FaceID(uuid.NewString()), Gallery: g.ID, Subject: store.SubjectID(id), Pack: space.Name(), Template: t}}, nil, true)
				errs[i] = errors.Join(errs[i], err)
			}
		})
	}
	work.Wait()
	return errors.Join(errs...)
}

// program is a running oneton and its first key.
type program struct {
	cmd    *exec.Cmd
	base   string
	key    string
	client http.Client
}

// startProgram builds and starts the program on a data folder, with settings
// such as "index.save=1s".
func startProgram(ctx context.Context, folder string, settings ...string) (*program, error) {
	binary := filepath.Join(folder, "oneton")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", binary, "./cmd/oneton").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build: %w: %s", err, out)
	}
	args := []string{"serve", "--data", folder, "--listen", "127.0.0.1:0", "--set", "log.level=warn"}
	for _, s := range settings {
		args = append(args, "--set", s)
	}
	p := &program{cmd: exec.CommandContext(ctx, binary, args...)}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start: %w", err)
	}
	for lines := bufio.NewScanner(out); p.key == "" && lines.Scan(); {
		fields := strings.Fields(lines.Text())
		last := fields[len(fields)-1]
		if strings.HasPrefix(last, "http://") {
			p.base = last
		} else {
			p.key = last
		}
	}
	go io.Copy(io.Discard, out) //nolint:errcheck // ends with the process
	return p, nil
}

func (p *program) post(ctx context.Context, path, contentType string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.base+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("Authorization", "Bearer "+p.key)
	resp, err := p.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode/100 != 2 {
		return fmt.Errorf("post %s: %s: %s", path, resp.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}

// resident is the process's resident memory in MiB.
func (p *program) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20), err
}

func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	return p.cmd.Wait()
}
