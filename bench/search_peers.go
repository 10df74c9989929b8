package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
)

// qdrantVariable holds the HTTP address of a server to measure too.
const qdrantVariable = "ONETON_BENCH_QDRANT"

// enoughMates is the share of mates from which a graph's setting counts.
const enoughMates = 0.999

// peerResult is an engine at one setting, with its best number of threads.
type peerResult struct {
	Engine string `json:"engine"`
	// Setting is how far a graph search looks (efSearch).
	Setting int  `json:"setting"`
	Exact   bool `json:"exact"`
	// SingleMS and BatchMS are medians, of a batch a probe's share.
	SingleMS      float64 `json:"one_probe_ms"`
	SingleThreads int     `json:"one_threads"`
	BatchMS       float64 `json:"batch_ms_per_probe"`
	BatchThreads  int     `json:"batch_threads"`
	Rank1         float64 `json:"rank1"`
	BuildSeconds  float64 `json:"build_seconds"`
}

// peerJob is what the peers' program is told.
type peerJob struct {
	Gallery     string   `json:"gallery"`
	Probes      string   `json:"probes"`
	Dimension   int      `json:"dimension"`
	Mated       int      `json:"mated"`
	K           int      `json:"k"`
	Batch       int      `json:"batch"`
	Seconds     float64  `json:"seconds"`
	Threads     int      `json:"threads"`
	Graphs      []string `json:"graphs"`
	Efforts     []int    `json:"efforts"`
	Checkpoints string   `json:"checkpoints"`
	Qdrant      string   `json:"qdrant"`
}

// peers measures other engines on the same vectors.
func (c *searchCommand) peers(ctx context.Context, b *ourBench, first bool) (results []peerResult, err error) {
	folder, err := os.MkdirTemp("", "bench-peers-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	job := peerJob{
		Gallery: filepath.Join(folder, "gallery"), Probes: filepath.Join(folder, "probes"),
		Dimension: len(b.rows[0]), Mated: len(b.mated), K: hitsWanted, Batch: together,
		Seconds: c.Duration.Seconds(), Threads: runtime.NumCPU(),
		Efforts:     c.Efforts,
		Checkpoints: c.Checkpoints, Graphs: []string{},
	}
	if first && slices.Contains(c.Graphs, len(b.rows)) {
		job.Graphs = c.GraphsOf
	}
	if len(b.rows) <= c.QdrantRows {
		job.Qdrant = os.Getenv(qdrantVariable)
	}
	if err := writeVectors(job.Gallery, b.rows); err != nil {
		return nil, err
	}
	if err := writeVectors(job.Probes, slices.Concat(b.mated, b.strangers)); err != nil {
		return nil, err
	}
	told, err := json.Marshal(job)
	if err != nil {
		return nil, err
	}
	path := filepath.Join(folder, "job.json")
	if err := os.WriteFile(path, told, 0o600); err != nil {
		return nil, err
	}
	// Peers need not share the memory with what this process has done with.
	debug.FreeOSMemory()
	var out bytes.Buffer
	command := exec.CommandContext(ctx, c.Python, "bench/peers/search.py", path)
	command.Stdout, command.Stderr = &out, os.Stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("run peers: %w", err)
	}
	var answer struct {
		Versions map[string]string `json:"versions"`
		Results  []peerResult      `json:"results"`
	}
	if err := json.Unmarshal(out.Bytes(), &answer); err != nil {
		return nil, fmt.Errorf("read peers: %w", err)
	}
	c.PeerVersions = answer.Versions
	return answer.Results, nil
}

// writeVectors writes a file and waits for the disk, so that it is at rest when
// peers are measured.
func writeVectors(path string, vectors [][]float32) error {
	var b bytes.Buffer
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	for _, v := range vectors {
		b.Reset()
		if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
			return err
		}
		if _, err := f.Write(b.Bytes()); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Sync(), f.Close())
}

// compare fills in the ratios: of each engine its fastest setting that
// answers well enough; a graph none of whose settings does has no ratio.
func (g *galleryResult) compare() {
	g.Ratios = map[string]ratio{}
	for _, p := range g.Peers {
		if !p.Exact && p.Setting > 0 && p.Rank1 < enoughMates {
			continue
		}
		if _, known := g.Ratios[p.Engine]; known {
			continue
		}
		g.Ratios[p.Engine] = ratio{
			Single: p.SingleMS / g.Ours.Strangers.MedianMS,
			Batch:  p.BatchMS / g.Ours.BatchMS,
		}
	}
}
