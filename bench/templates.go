package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"oneton/embed"
	"oneton/embed/pack"
	"oneton/node"
	"oneton/onnx"
	"oneton/photo"
	"oneton/pool"
	"oneton/setup"
)

// portraits are the demo photos that show one person.
var portraits = []string{"biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg"}

type templatesCommand struct {
	Python  string        `help:"Python with opencv-python-headless and onnx." default:"python3" json:"-"`
	Rounds  int           `help:"Rounds of ours and the peer's in turn; medians count." default:"5"`
	Seconds time.Duration `help:"Time of one measurement." default:"8s"`
	Out     string        `help:"Folder of the results." default:"bench/results" json:"-"`
}

type templatesResult struct {
	// The figures are photos a second, one a round. The peer has two ways to
	// use all cores: one process with a thread a core, and a process a core
	// with one thread and models of its own.
	Ours          []float64 `json:"ours_photos_per_second"`
	PeerThreads   []float64 `json:"opencv_one_process_photos_per_second"`
	PeerProcesses []float64 `json:"opencv_process_a_core_photos_per_second"`
	PeerVersion   string    `json:"opencv_version"`
	// The ratios are ours over the peer's, medians over the rounds.
	ToThreads   float64 `json:"median_ratio_to_one_process"`
	ToProcesses float64 `json:"median_ratio_to_process_a_core"`
	// What a photo takes of the processors, in seconds, one a round; and the medians
	// of the peer's over ours. They say nothing of how well cores are used, and hardly
	// follow what else runs on the machine.
	OursCPU        []float64 `json:"ours_cpu_seconds_per_photo"`
	ThreadsCPU     []float64 `json:"opencv_one_process_cpu_seconds_per_photo"`
	ProcessesCPU   []float64 `json:"opencv_process_a_core_cpu_seconds_per_photo"`
	ToThreadsCPU   float64   `json:"median_cpu_ratio_to_one_process"`
	ToProcessesCPU float64   `json:"median_cpu_ratio_to_process_a_core"`
	// FirstPassCPU is what a photo takes without what follows its first pass: no look
	// of the aligner, nor any at what the crop shows. Slower is how many times as much
	// of the processors it takes with that, the median over the rounds.
	FirstPassCPU []float64 `json:"first_pass_alone_cpu_seconds_per_photo"`
	Slower       float64   `json:"median_cpu_ratio_to_first_pass_alone"`
	// MinCosine is the lowest cosine of our template and OpenCV's of the
	// same photo: both did the same work.
	MinCosine float64 `json:"min_cosine_to_opencv"`
}

type peerRun struct {
	PhotosPerSecond float64     `json:"photos_per_second"`
	CPU             float64     `json:"cpu_seconds_per_photo"`
	Templates       [][]float32 `json:"templates"`
	Version         string      `json:"version"`
}

// Run measures ours and the peer in turn, so that both see the same machine.
func (c *templatesCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos)
	if err != nil {
		return err
	}
	p, err := pack.Open("default", paths.Models)
	if err != nil {
		return err
	}
	cores := runtime.NumCPU()
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: cores, Queue: cores},
	}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	alone, quality := *p, *p.Quality
	quality.Crop = nil
	alone.Aligner, alone.Enhancement, alone.Quality = nil, nil, &quality
	first, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Workers: cores, Queue: cores},
	}, &alone)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, first.Close()) }()

	files := make([]string, len(portraits))
	photos := make([][]byte, len(portraits))
	faces := make([]photo.Face, len(portraits))
	for i, name := range portraits {
		files[i] = filepath.Join(paths.Photos, name)
		if photos[i], err = os.ReadFile(files[i]); err != nil {
			return err
		}
		r, err := e.Embed(ctx, "default", photos[i])
		if err != nil {
			return err
		}
		faces[i] = r.Faces[0]
	}

	res := templatesResult{MinCosine: 1}
	var toThreads, toProcesses, toThreadsCPU, toProcessesCPU, slower []float64
	for range c.Rounds {
		ours, cpu, err := throughput(ctx, e.Embedder, photos, c.Seconds)
		if err != nil {
			return err
		}
		_, firstCPU, err := throughput(ctx, first.Embedder, photos, c.Seconds)
		if err != nil {
			return err
		}
		threads, err := c.peer(ctx, paths.Models, 1, cores, files)
		if err != nil {
			return err
		}
		processes, err := c.peer(ctx, paths.Models, cores, 1, files)
		if err != nil {
			return err
		}
		for j, t := range processes.Templates {
			theirs, err := p.Finish(t, faces[j].Quality.Score)
			if err != nil {
				return err
			}
			cosine, err := faces[j].Template.Cosine(theirs)
			if err != nil {
				return err
			}
			res.MinCosine = min(res.MinCosine, cosine)
		}
		res.Ours = append(res.Ours, ours)
		res.PeerThreads = append(res.PeerThreads, threads.PhotosPerSecond)
		res.PeerProcesses = append(res.PeerProcesses, processes.PhotosPerSecond)
		res.PeerVersion = processes.Version
		toThreads = append(toThreads, ours/threads.PhotosPerSecond)
		toProcesses = append(toProcesses, ours/processes.PhotosPerSecond)
		res.OursCPU = append(res.OursCPU, cpu)
		res.FirstPassCPU = append(res.FirstPassCPU, firstCPU)
		slower = append(slower, cpu/firstCPU)
		res.ThreadsCPU = append(res.ThreadsCPU, threads.CPU)
		res.ProcessesCPU = append(res.ProcessesCPU, processes.CPU)
		toThreadsCPU = append(toThreadsCPU, threads.CPU/cpu)
		toProcessesCPU = append(toProcessesCPU, processes.CPU/cpu)
	}
	res.ToThreads, res.ToProcesses = median(toThreads), median(toProcesses)
	res.ToThreadsCPU, res.ToProcessesCPU = median(toThreadsCPU), median(toProcessesCPU)
	res.Slower = median(slower)
	return save(c.Out, "templates", c, res)
}

// throughput is how many photos a second e embeds with as many callers as
// workers, and how many seconds of a processor each takes.
func throughput(ctx context.Context, e *embed.Embedder, photos [][]byte, d time.Duration) (perSecond, cpu float64, err error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var callers sync.WaitGroup
	begin, before := time.Now(), processTime()
	for caller := range runtime.NumCPU() {
		callers.Go(func() {
			for i := caller; time.Since(begin) < d; i++ {
				if _, err := e.Embed(ctx, "default", photos[i%len(photos)]); err != nil {
					failed.Store(&err)
					return
				}
				done.Add(1)
			}
		})
	}
	callers.Wait()
	if err := failed.Load(); err != nil {
		return 0, 0, *err
	}
	n := float64(done.Load())
	return n / time.Since(begin).Seconds(), (processTime() - before).Seconds() / n, nil
}

func (c *templatesCommand) peer(ctx context.Context, models string, processes, threads int, files []string) (r peerRun, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.Seconds+time.Minute)
	defer cancel()
	args := append([]string{
		"bench/peers/opencv.py", models,
		fmt.Sprint(c.Seconds.Seconds()), fmt.Sprint(processes), fmt.Sprint(threads),
	}, files...)
	out, err := exec.CommandContext(ctx, c.Python, args...).Output()
	if err != nil {
		return r, fmt.Errorf("run OpenCV peer: %w", err)
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("read OpenCV peer: %w", err)
	}
	return r, nil
}
