package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"oneton/build"
)

// record is one run of one benchmark: what was measured, on what, of which
// revision.
type record struct {
	Name     string    `json:"name"`
	Time     time.Time `json:"time"`
	Revision string    `json:"revision"`
	Machine  machine   `json:"machine"`
	Params   any       `json:"params"`
	Results  any       `json:"results"`
}

type machine struct {
	CPU   string `json:"cpu"`
	Cores int    `json:"cores"`
	OS    string `json:"os"`
	Arch  string `json:"arch"`
	Go    string `json:"go"`
}

// save writes the run to <folder>/<name>.json and prints it.
func save(folder, name string, params, results any) error {
	path, err := write(folder, name, params, results)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	fmt.Printf("%s\nwritten to %s\n", b, path)
	return nil
}

// write writes the run, which may not have ended, and returns the file's path.
func write(folder, name string, params, results any) (path string, err error) {
	r := record{
		Name: name, Time: time.Now().UTC().Truncate(time.Second), Revision: revision(),
		Machine: machine{CPU: cpu(), Cores: runtime.NumCPU(), OS: runtime.GOOS, Arch: runtime.GOARCH, Go: runtime.Version()},
		Params:  params, Results: results,
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("encode record: %w", err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make results folder: %w", err)
	}
	path = filepath.Join(folder, name+".json")
	if err := os.WriteFile(path, append(b, '\n'), 0o644); err != nil {
		return "", fmt.Errorf("write record: %w", err)
	}
	return path, nil
}

// resumed are the results of a run that was stopped: of the same revision, whole,
// and of the same parameters. Without such a record there are none.
func resumed[P comparable, R any](folder, name, revision string, params P) ([]R, error) {
	b, err := os.ReadFile(filepath.Join(folder, name+".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read record: %w", err)
	}
	var r struct {
		Revision string
		Params   P
		Results  []R
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return nil, fmt.Errorf("decode record: %w", err)
	}
	if r.Revision != revision || r.Params != params || revision == unknown || strings.HasSuffix(revision, dirty) {
		return nil, nil
	}
	return r.Results, nil
}

// revision is the one that was built, or else that of the checkout.
func revision() string {
	if b := build.Read(); len(b.Revision) > shortRevision {
		return b.Revision[:shortRevision] + map[bool]string{true: dirty}[b.Modified]
	}
	out, err := exec.Command("git", "describe", "--always", "--dirty", fmt.Sprint("--abbrev=", shortRevision)).Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(out))
}

const (
	shortRevision = 12
	dirty         = "-dirty"
	unknown       = "unknown"
)

func cpu() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return unknown
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if name, ok := strings.CutPrefix(lines.Text(), "model name"); ok {
			return strings.TrimLeft(name, "\t: ")
		}
	}
	return unknown
}

// availableMemory is how many bytes can be taken without swapping.
func availableMemory() int64 {
	f, err := os.Open("/proc/meminfo")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var kib int64
		if n, _ := fmt.Sscanf(lines.Text(), "MemAvailable: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
