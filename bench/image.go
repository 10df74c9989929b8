package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

type imageCommand struct {
	Image  string `help:"Image that the engine has, of docker/Dockerfile." default:"oneton:1"`
	Starts int    `help:"Servers started one after the other, each on a volume of its own." default:"5"`
	Photo  string `help:"Photo to detect faces in, of the demo photos." default:"obama2.jpg"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// imageResult is what an image costs to bring and to start. Times are medians of the
// starts, from when the engine was asked for a container.
type imageResult struct {
	Platform string `json:"platform"`
	// Compressed is what a registry sends: each layer by gzip.
	Compressed float64      `json:"compressed_mb"`
	Unpacked   float64      `json:"unpacked_mb"`
	Layers     []imageLayer `json:"layers"`
	// Started is when the program runs, Ready when /readyz says so, Answered when
	// the first photo has been looked at, Healthy when the engine says so, which
	// asks every ten seconds.
	Started  float64 `json:"started_s"`
	Ready    float64 `json:"ready_s"`
	Answered float64 `json:"answered_s"`
	Healthy  float64 `json:"healthy_s"`
	// Idle and Used are the container's memory before and after that photo.
	Idle float64 `json:"idle_mib"`
	Used float64 `json:"used_mib"`
}

type imageLayer struct {
	// Largest is the largest file of it.
	Largest    string  `json:"largest"`
	Compressed float64 `json:"compressed_mb"`
	Unpacked   float64 `json:"unpacked_mb"`
}

// Run measures the image in the engine that answers.
func (c *imageCommand) Run(ctx context.Context) error {
	photo, err := demoPhoto(c.Photo)
	if err != nil {
		return err
	}
	var res imageResult
	if res.Platform, err = docker(ctx, "image", "inspect", "--format", "{{.Os}}/{{.Architecture}}", c.Image); err != nil {
		return err
	}
	if err := c.size(ctx, &res); err != nil {
		return err
	}
	var starts []imageResult
	for range c.Starts {
		s, err := c.start(ctx, photo)
		if err != nil {
			return err
		}
		starts = append(starts, s)
	}
	middle := func(of func(imageResult) float64) float64 {
		all := make([]float64, len(starts))
		for i, s := range starts {
			all[i] = of(s)
		}
		return median(all)
	}
	res.Started = middle(func(r imageResult) float64 { return r.Started })
	res.Ready = middle(func(r imageResult) float64 { return r.Ready })
	res.Answered = middle(func(r imageResult) float64 { return r.Answered })
	res.Healthy = middle(func(r imageResult) float64 { return r.Healthy })
	res.Idle = middle(func(r imageResult) float64 { return r.Idle })
	res.Used = middle(func(r imageResult) float64 { return r.Used })
	return save(c.Out, "image", c, res)
}

// docker runs a command of the engine's client, and returns what it prints.
func docker(ctx context.Context, args ...string) (string, error) {
	var out, problems bytes.Buffer
	command := exec.CommandContext(ctx, "docker", args...)
	command.Stdout, command.Stderr = &out, &problems
	if err := command.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, &problems)
	}
	return strings.TrimSpace(out.String()), nil
}

const megabyte = 1e6

func (c *imageCommand) size(ctx context.Context, res *imageResult) error {
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	path := filepath.Join(folder, "image.tar")
	if _, err := docker(ctx, "save", "--output", path, c.Image); err != nil {
		return err
	}
	layers, err := layersOf(path)
	if err != nil {
		return err
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	for members := tar.NewReader(f); ; {
		m, err := members.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a saved image: %w", err)
		}
		if !slices.Contains(layers, m.Name) {
			continue
		}
		l, err := layerOf(members)
		if err != nil {
			return err
		}
		res.Layers = append(res.Layers, l)
		res.Compressed += l.Compressed
		res.Unpacked += l.Unpacked
	}
}

// layersOf are the members of a saved image that are its layers.
func layersOf(path string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	for members := tar.NewReader(f); ; {
		m, err := members.Next()
		if err != nil {
			return nil, fmt.Errorf("look for the manifest of a saved image: %w", err)
		}
		if m.Name != "manifest.json" {
			continue
		}
		var manifest []struct{ Layers []string }
		if err := json.NewDecoder(members).Decode(&manifest); err != nil {
			return nil, fmt.Errorf("read the manifest of a saved image: %w", err)
		}
		return manifest[0].Layers, nil
	}
}

// layerOf reads a layer, an archive that is not compressed.
func layerOf(in io.Reader) (l imageLayer, err error) {
	var compressed tally
	zip := gzip.NewWriter(&compressed)
	copied := io.TeeReader(in, zip)
	largest := int64(-1)
	files := tar.NewReader(copied)
	for {
		m, err := files.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return l, fmt.Errorf("read a layer: %w", err)
		}
		l.Unpacked += float64(m.Size) / megabyte
		if m.Size > largest {
			largest, l.Largest = m.Size, m.Name
		}
	}
	if _, err := io.Copy(io.Discard, copied); err != nil {
		return l, fmt.Errorf("read a layer: %w", err)
	}
	if err := zip.Close(); err != nil {
		return l, err
	}
	l.Compressed = float64(compressed) / megabyte
	return l, nil
}

// tally counts the bytes that are written to it.
type tally int64

func (n *tally) Write(b []byte) (int, error) {
	*n += tally(len(b))
	return len(b), nil
}

// start starts a server with the rights that the compositions give it, and takes it
// away with its data.
func (c *imageCommand) start(ctx context.Context, photo []byte) (s imageResult, err error) {
	name := "oneton-bench-" + uuid.NewString()
	defer func() {
		_, removed := docker(context.WithoutCancel(ctx), "rm", "--force", "--volumes", name)
		err = errors.Join(err, removed)
	}()
	begin := time.Now()
	since := func() float64 { return time.Since(begin).Seconds() }
	if _, err := docker(ctx, "run", "--detach", "--name", name, "--publish", "127.0.0.1:0:8080", "--read-only", "--tmpfs", "/tmp:mode=1777,size=64m",
		"--cap-drop", "ALL", "--security-opt", "no-new-privileges:true", c.Image); err != nil {
		return s, err
	}
	s.Started = since()
	address, err := docker(ctx, "port", name, "8080/tcp")
	if err != nil {
		return s, err
	}
	p := program{base: "http://" + address}
	if err := until(ctx, func() bool { return p.ready(ctx) == nil }); err != nil {
		return s, err
	}
	s.Ready = since()
	if s.Idle, err = memoryOf(ctx, name); err != nil {
		return s, err
	}
	log, err := docker(ctx, "logs", name)
	if err != nil {
		return s, err
	}
	p.key = regexp.MustCompile(`ot_[A-Za-z0-9_-]+`).FindString(log)
	asked := time.Now()
	if err := p.post(ctx, "/v1/detect", "image/jpeg", photo, nil); err != nil {
		return s, err
	}
	s.Answered = s.Ready + time.Since(asked).Seconds()
	if s.Used, err = memoryOf(ctx, name); err != nil {
		return s, err
	}
	err = until(ctx, func() bool {
		state, err := docker(ctx, "inspect", "--format", "{{.State.Health.Status}}", name)
		return err == nil && state == "healthy"
	})
	s.Healthy = since()
	return s, err
}

// until waits until it is so.
func until(ctx context.Context, so func() bool) error {
	ctx, stop := context.WithTimeout(ctx, time.Minute)
	defer stop()
	for !so() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
	return nil
}

// memoryOf is what the container's programs have in memory, in MiB.
func memoryOf(ctx context.Context, name string) (mib float64, err error) {
	pid, err := docker(ctx, "inspect", "--format", "{{.State.Pid}}", name)
	if err != nil {
		return 0, err
	}
	status, err := os.ReadFile("/proc/" + pid + "/status")
	if err != nil {
		return 0, fmt.Errorf("read a container's memory: %w", err)
	}
	_, text, _ := strings.Cut(string(status), "VmRSS:")
	var kib float64
	if _, err := fmt.Sscan(text, &kib); err != nil {
		return 0, fmt.Errorf("read a container's memory: %w", err)
	}
	return kib / 1024, nil
}
