package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the portraits are JPEG
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"oneton/document/documenttest"
	"oneton/document/mrz"
	"oneton/document/ocr"
	"oneton/document/zone"
	"oneton/onnx"
	"oneton/picture"
	"oneton/pool"
	"oneton/setup"
)

type mrzCommand struct {
	Documents int       `help:"Documents of each type." default:"500"`
	Heights   []float64 `help:"Heights of lines, in pixels, that the documents are spread over." default:"16,22,26,32,40,60"`
	Seed      uint64    `help:"Seed of the documents and photos." default:"1"`
	Workers   int       `help:"Cores that compute at once." default:"2" json:"-"`
	Peers     int       `help:"Documents of each type that other readers are given, too." default:"20"`
	Python    string    `help:"Python with PassportEye, beside Tesseract." default:"python3" json:"-"`
	Keep      string    `help:"Folder for photos that were read wrong or not at all." json:"-"`
	Out       string    `help:"Folder of the results." default:"bench/results" json:"-"`
}

// mrzLighting is one way in which the photos are taken.
type mrzLighting struct {
	name  string
	scene func(rng *rand.Rand, height float64) documenttest.Scene
}

// mrzLightings are the distortions, one at a time and all together. Blur goes with
// the lines' height: a camera that does not hold still or sharp loses a share of what
// it sees.
var mrzLightings = []mrzLighting{
	{"flat", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{} }},
	{"turned by up to 15 degrees", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Degrees: 30*rng.Float64() - 15}
	}},
	{"turned by 90 degrees", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Turn: 1} }},
	{"turned by 180 degrees", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Turn: 2} }},
	{"turned by 270 degrees", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Turn: 3} }},
	{"perspective", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Perspective: 0.2, Direction: 360 * rng.Float64()}
	}},
	{"shadow", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Shadow: 0.6} }},
	{"blur", func(_ *rand.Rand, height float64) documenttest.Scene { return documenttest.Scene{Blur: 0.04 * height} }},
	{"noise", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Noise: 12} }},
	{"JPEG 50", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Quality: 50} }},
	{"all together", func(rng *rand.Rand, height float64) documenttest.Scene {
		return documenttest.Scene{
			Degrees: 30*rng.Float64() - 15, Turn: rng.IntN(4), Perspective: 0.1, Direction: 360 * rng.Float64(),
			Shadow: 0.3, Blur: 0.02 * height, Noise: 5, Quality: 50,
		}
	}},
}

// mrzDocument is one document, its photo, and what was read of it.
type mrzDocument struct {
	format   mrz.Format
	height   float64
	lighting string
	lines    []string
	shot     documenttest.Shot
	page     documenttest.Zone

	zone zone.Zone
	err  error
	took time.Duration
}

func (d *mrzDocument) right() bool { return d.err == nil && slices.Equal(d.zone.Lines, d.lines) }

// Run photographs documents and reads their zones.
func (c *mrzCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Runtime, setup.Documents, setup.Photos)
	if err != nil {
		return err
	}
	font, err := documenttest.OCRB()
	if err != nil {
		return err
	}
	faces, err := pictures(paths.Photos)
	if err != nil {
		return err
	}
	runtime, err := onnx.Open(onnx.Config{Library: paths.Library})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, runtime.Close()) }()
	workers := pool.New(pool.Config{Workers: c.Workers, Queue: 64})
	texts, err := ocr.New(paths.Models, runtime, workers)
	if err != nil {
		return err
	}
	defer func() {
		workers.Close()
		err = errors.Join(err, texts.Close())
	}()
	reader, err := zone.New(texts)
	if err != nil {
		return err
	}
	all, peers, err := c.read(ctx, texts, reader, font, faces)
	if err != nil {
		return err
	}
	res := mrzSummary(all)
	if res.Peers, err = peers.run(ctx, c.Python); err != nil {
		return err
	}
	return save(c.Out, "mrz", c, res)
}

// read photographs and reads all documents, as many at once as there are cores to
// compute, and writes what is known each time that some more are done.
func (c *mrzCommand) read(ctx context.Context, texts *ocr.Reader, reader *zone.Reader, font documenttest.Font, faces []image.Image) ([]*mrzDocument, *mrzPeers, error) {
	const some = 50
	var (
		all   []*mrzDocument
		peers mrzPeers
		mu    sync.Mutex
	)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(c.Workers)
	for i := range c.Documents {
		for _, f := range mrz.Formats() {
			work.Go(func() error {
				d := c.photograph(f, i, font, faces)
				d.read(ctx, texts, reader)
				mu.Lock()
				defer mu.Unlock()
				if err := ctx.Err(); err != nil {
					return err
				}
				if i < c.Peers {
					if err := peers.add(d); err != nil {
						return err
					}
				}
				c.keep(d, i)
				d.shot, d.page = documenttest.Shot{}, documenttest.Zone{}
				all = append(all, d)
				if len(all)%some != 0 {
					return nil
				}
				_, err := write(c.Out, "mrz", c, mrzSummary(all))
				return err
			})
		}
	}
	err := work.Wait()
	return all, &peers, err
}

// pictures are those of people.
func pictures(folder string) ([]image.Image, error) {
	var all []image.Image
	for _, name := range portraits {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("read a portrait: %w", err)
		}
		img, _, err := image.Decode(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("decode a portrait: %w", err)
		}
		all = append(all, img)
	}
	return all, nil
}

// photograph makes a document and takes its photo: documents of one type have all
// heights and distortions in turn.
func (c *mrzCommand) photograph(f mrz.Format, i int, font documenttest.Font, faces []image.Image) *mrzDocument {
	rng := rand.New(rand.NewPCG(c.Seed, uint64(i*len(mrz.Formats())+int(f))))
	made := documenttest.Document(rng, f)
	lighting := mrzLightings[i%len(mrzLightings)]
	d := &mrzDocument{
		format: f, lighting: lighting.name, lines: documenttest.Lines(made),
		height: c.Heights[(i+i/len(c.Heights)+int(f))%len(c.Heights)],
	}
	d.page = documenttest.Travel(made, font, faces[rng.IntN(len(faces))], rng.Uint64())
	scene := lighting.scene(rng, d.height)
	scene.Seed, scene.Fill = rng.Uint64(), 0.6+0.35*rng.Float64()
	d.shot = d.page.Shoot(d.height, scene)
	return d
}

// read reads the zone of the photo, and counts the time from its bytes on.
func (d *mrzDocument) read(ctx context.Context, texts *ocr.Reader, reader *zone.Reader) {
	start := time.Now()
	defer func() { d.took = time.Since(start) }()
	p, err := picture.Decode(ctx, d.shot.JPEG, picture.DefaultLimits())
	if err != nil {
		d.err = err
		return
	}
	regions, err := texts.Find(ctx, p)
	if err != nil {
		d.err = err
		return
	}
	d.zone, d.err = reader.Read(ctx, p, regions, start)
}

// keep writes a photo that was not read right.
func (c *mrzCommand) keep(d *mrzDocument, i int) {
	if c.Keep == "" || d.right() && d.zone.State == mrz.Read {
		return
	}
	name := fmt.Sprintf("%04d-%v-%.0f-%s", i, d.format, d.height, d.lighting)
	text := fmt.Sprintf("%q\n%q\n%v\n%+v\n", d.lines, d.zone.Lines, d.err, d.zone)
	_ = os.WriteFile(filepath.Join(c.Keep, name+".jpg"), d.shot.JPEG, 0o600)
	_ = os.WriteFile(filepath.Join(c.Keep, name+".txt"), []byte(text), 0o600)
}
