package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/image/draw"
	"golang.org/x/sync/errgroup"

	"oneton/client"
	"oneton/config"
	"oneton/imports"
	"oneton/node"
)

type importsCommand struct {
	Data   string `help:"Folder of people's crops of 112×112 pixels." required:"" json:"-"`
	Photos int    `help:"Photos, each with a margin around a crop so that the face is found; 0 is all." default:"0"`
	Block  int    `help:"Photos of a block: the ways take turns by blocks." default:"100"`
	Out    string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// importsResult is an import beside decoding and inference alone, in turn in the same run,
// with the same photos.
type importsResult struct {
	Photos int `json:"photos"`
	Faces  int `json:"faces"`
	// Alone is the embedding of the photos in memory, on all cores, and Import the whole
	// way: a folder read, HTTP within the process, hashes, the store with its syncs, and
	// the index that follows.
	Alone  importsWay `json:"embedding_alone"`
	Import importsWay `json:"import"`
	// Rate is the import's rate as a share of that of embedding alone: by the clock, the
	// median over blocks, and by the processors' time.
	Rate    float64 `json:"rate_to_ideal_median"`
	RateCPU float64 `json:"rate_to_ideal_cpu"`
	// RSS is the process's memory in MiB after the first tenth of the blocks, at its most
	// from there on, and at the end.
	RSS [3]float64 `json:"rss_mib_early_most_end"`
}

type importsWay struct {
	PerSecond float64 `json:"photos_per_second"`
	CPU       float64 `json:"cpu_ms_a_photo"`
}

// Run imports people block by block, and embeds the same photos alone in turn.
func (c *importsCommand) Run(ctx context.Context) (err error) {
	set, err := readSet(c.Data, "")
	if err != nil {
		return err
	}
	if c.Photos > 0 {
		set.photos = set.photos[:min(c.Photos, len(set.photos))]
	}
	folder, err := os.MkdirTemp("", "oneton-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	cfg := config.Default()
	cfg.Data, cfg.Log.Level = filepath.Join(folder, "data"), "error"
	models, err := node.OpenModels(cfg)
	if err != nil {
		return err
	}
	l, err := node.OpenLocal(ctx, node.LocalConfig{Config: cfg, Begin: true, Parts: node.Parts{Embedder: models}}, zerolog.Nop())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.Close()) }()
	s, err := client.New(client.Config{URL: "http://localhost", Key: l.Key, HTTP: &http.Client{Transport: &http.Transport{DialContext: l.Dial, MaxIdleConnsPerHost: 64}}})
	if err != nil {
		return err
	}
	if _, err := s.CreateGallery(ctx, client.NewGallery{Name: "staff"}); err != nil {
		return err
	}
	r := importsResult{Photos: len(set.photos)}
	var alone, whole [2]float64 // seconds of the clock and of the processors
	var ratios, rss []float64
	turn := 0
	for block := range slices.Chunk(set.photos, c.Block) {
		at := filepath.Join(folder, strconv.Itoa(turn))
		photos, err := c.write(set, block, at)
		if err != nil {
			return err
		}
		ways := []func() error{
			func() error { return timedWay(&alone, func() error { return embedAll(ctx, models, photos) }) },
			func() error {
				return timedWay(&whole, func() error {
					n, err := importAll(ctx, s, at)
					r.Faces += n
					return err
				})
			},
		}
		before := [2]float64{alone[0], whole[0]}
		if turn++; turn%2 == 0 {
			slices.Reverse(ways)
		}
		for _, way := range ways {
			if err := way(); err != nil {
				return err
			}
		}
		ratios = append(ratios, (alone[0]-before[0])/(whole[0]-before[1]))
		if err := os.RemoveAll(at); err != nil {
			return err
		}
		if turn > max(1, len(set.photos)/c.Block/10) {
			rss = append(rss, residentMiB())
		}
	}
	n := float64(r.Photos)
	r.Alone, r.Import = importsWay{n / alone[0], alone[1] * 1000 / n}, importsWay{n / whole[0], whole[1] * 1000 / n}
	slices.Sort(ratios)
	r.Rate, r.RateCPU = ratios[len(ratios)/2], alone[1]/whole[1]
	if len(rss) > 0 {
		r.RSS = [3]float64{rss[0], slices.Max(rss), rss[len(rss)-1]}
	}
	return save(c.Out, "import", c, r)
}

// write makes a folder of the crops, each in a margin of grey, and returns the photos.
func (c *importsCommand) write(set *photoSet, block []portrait, at string) (photos [][]byte, err error) {
	const side = 2 * alignedSide
	for _, p := range block {
		content, err := os.ReadFile(p.path)
		if err != nil {
			return nil, err
		}
		crop, _, err := image.Decode(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", p.path, err)
		}
		whole := image.NewRGBA(image.Rect(0, 0, side, side))
		draw.Draw(whole, whole.Bounds(), image.NewUniform(color.Gray{Y: 128}), image.Point{}, draw.Src)
		draw.Draw(whole, crop.Bounds().Add(image.Pt(alignedSide/2, alignedSide/2)), crop, crop.Bounds().Min, draw.Src)
		var b bytes.Buffer
		if err := jpeg.Encode(&b, whole, &jpeg.Options{Quality: 95}); err != nil {
			return nil, err
		}
		path := filepath.Join(at, set.people[p.person], filepath.Base(p.path)+".jpg")
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b.Bytes(), 0o600)); err != nil {
			return nil, err
		}
		photos = append(photos, b.Bytes())
	}
	return photos, nil
}

// timedWay adds what do takes.
func timedWay(to *[2]float64, do func() error) error {
	begin, cpu := time.Now(), processorTime()
	err := do()
	to[0] += time.Since(begin).Seconds()
	to[1] += (processorTime() - cpu).Seconds()
	return err
}

// residentMiB is the process's memory.
func residentMiB() float64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return math.NaN()
	}
	pages, err := strconv.ParseFloat(strings.Fields(string(b))[1], 64)
	if err != nil {
		return math.NaN()
	}
	return pages * float64(os.Getpagesize()) / (1 << 20)
}

// embedAll embeds photos as fast as the processors allow.
func embedAll(ctx context.Context, e node.Embedder, photos [][]byte) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(2 * runtime.GOMAXPROCS(0))
	for _, p := range photos {
		work.Go(func() error {
			_, err := e.Embed(ctx, e.Packs()[0], p)
			return err
		})
	}
	return work.Wait()
}

// importAll imports a folder as oneton import does, and tells how many faces came of it.
func importAll(ctx context.Context, s *client.Client, folder string) (faces int, err error) {
	naming, err := imports.NewNaming("", true)
	if err != nil {
		return 0, err
	}
	source, err := imports.OpenTree(folder, naming, 1<<20)
	if err != nil {
		return 0, err
	}
	l := imports.NewLoader(imports.Config{Parallel: 4 * runtime.GOMAXPROCS(0)}, source, enrolling{s})
	err = l.Run(ctx)
	return int(l.Totals().Added), errors.Join(err, source.Close())
}

// enrolling enrols by a client, as the command does.
type enrolling struct{ *client.Client }

// Enrol implements imports.Enroller.
func (e enrolling) Enrol(ctx context.Context, item imports.Item, content []byte) (imports.Outcome, error) {
	a, err := e.AddFaces(ctx, "staff", string(item.Subject), client.NewFaces{
		Photos: []client.Photo{client.Bytes(content)}, Create: true, Metadata: item.Metadata, Once: true,
	})
	var refused *client.Error
	switch {
	case errors.As(err, &refused) && refused.Status == http.StatusUnprocessableEntity:
		return "", &imports.Refusal{Code: string(refused.Code)}
	case err != nil:
		return "", err
	case len(a.Present) > 0:
		return imports.Present, nil
	}
	return imports.Added, nil
}
