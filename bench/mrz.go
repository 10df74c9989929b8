package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the portraits are JPEG
	"io"
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
	Photos    string    `help:"Distorted photos, one distortion at a time and all together, or photos as phones take them." enum:"distorted,phone" default:"distorted"`
	Seed      uint64    `help:"Seed of the documents and photos." default:"1"`
	Workers   int       `help:"Cores that compute at once." default:"2" json:"-"`
	Peers     int       `help:"Documents of each type that other readers are given, too." default:"20"`
	Python    string    `help:"Python with PassportEye, beside Tesseract." default:"python3" json:"-"`
	Keep      string    `help:"Folder for photos that were read wrong or not at all." json:"-"`
	Record    string    `help:"File to which every reading is added; those that are in it already are not done again." json:"-"`
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

// mrzPhones are what else people send: reflections, screens, steep angles, pages that do
// not lie flat, and print around the document.
var mrzPhones = []mrzLighting{
	{"a reflection", func(*rand.Rand, float64) documenttest.Scene { return documenttest.Scene{Glare: 0.9} }},
	{"on a screen", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Screen: 0.1 + 0.1*rng.Float64(), Blur: 0.5, Degrees: 10*rng.Float64() - 5}
	}},
	{"steep perspective", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Perspective: 0.4, Direction: 360 * rng.Float64()}
	}},
	{"a page that bends", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Bend: 0.02 * (2*rng.Float64() - 1), Perspective: 0.1, Direction: 360 * rng.Float64()}
	}},
	{"on a printed sheet", func(rng *rand.Rand, _ float64) documenttest.Scene {
		return documenttest.Scene{Under: documenttest.Letter(250, 200, rng.Uint64()), Degrees: 20*rng.Float64() - 10}
	}},
	{"in the dark", func(*rand.Rand, float64) documenttest.Scene {
		return documenttest.Scene{Dark: 0.8, Noise: 8, Quality: 70}
	}},
}

// mrzDocument is one document and its photo.
type mrzDocument struct {
	format   mrz.Format
	height   float64
	lighting string
	lines    []string
	shot     documenttest.Shot
	page     documenttest.Zone
}

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
	lab := mrzLab{mrzCommand: c, texts: texts, reader: reader, font: font, faces: faces}
	if err := lab.read(ctx); err != nil {
		return err
	}
	res := mrzSummary(lab.readings, c.lightings())
	if res.Peers, err = lab.peers(ctx); err != nil {
		return err
	}
	name := "mrz"
	if c.Photos == "phone" {
		name = "mrz-phone"
	}
	return save(c.Out, name, c, res)
}

// mrzLab has what photographs and reads documents, and what was read.
type mrzLab struct {
	*mrzCommand
	texts  *ocr.Reader
	reader *zone.Reader
	font   documenttest.Font
	faces  []image.Image

	mu       sync.Mutex
	readings []mrzReading
}

// read photographs and reads all documents, as many at once as there are cores to
// compute. Documents of all types, heights and distortions are in turn, so that as many
// as are done are a sample of all.
func (l *mrzLab) read(ctx context.Context) (err error) {
	done, record, err := l.recorded()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, record.Close()) }()
	lines := json.NewEncoder(record)
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(l.Workers)
	for i := range l.Documents {
		for _, f := range mrz.Formats() {
			if done[mrzKey{f.String(), i}] {
				continue
			}
			work.Go(func() error {
				r := l.one(ctx, f, i)
				l.mu.Lock()
				defer l.mu.Unlock()
				if err := ctx.Err(); err != nil {
					return err
				}
				l.readings = append(l.readings, r)
				return lines.Encode(r)
			})
		}
	}
	return work.Wait()
}

// mrzKey tells a document of a run from the others.
type mrzKey struct {
	format string
	number int
}

// recorded takes the readings that were recorded before, and opens the record for more.
func (l *mrzLab) recorded() (map[mrzKey]bool, *os.File, error) {
	path := cmp.Or(l.Record, os.DevNull)
	record, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, nil, fmt.Errorf("open the record: %w", err)
	}
	done := map[mrzKey]bool{}
	for lines := json.NewDecoder(record); ; {
		var r mrzReading
		if err := lines.Decode(&r); errors.Is(err, io.EOF) {
			return done, record, nil
		} else if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("read the record: %w", err), record.Close())
		}
		done[mrzKey{r.Format, r.Number}] = true
		if r.Number < l.Documents {
			l.readings = append(l.readings, r)
		}
	}
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

// lightings are the ways in which photos are taken.
func (c *mrzCommand) lightings() []mrzLighting {
	if c.Photos == "phone" {
		return mrzPhones
	}
	return mrzLightings
}

// photograph makes a document and takes its photo: documents of one type have all
// heights and distortions in turn.
func (l *mrzLab) photograph(f mrz.Format, i int) *mrzDocument {
	rng := rand.New(rand.NewPCG(l.Seed, uint64(i*len(mrz.Formats())+int(f))))
	made := documenttest.Document(rng, f)
	lightings := l.lightings()
	lighting := lightings[i%len(lightings)]
	d := &mrzDocument{
		format: f, lighting: lighting.name, lines: documenttest.Lines(made),
		height: l.Heights[(i+i/len(l.Heights)+int(f))%len(l.Heights)],
	}
	d.page = documenttest.Travel(made, l.font, l.faces[rng.IntN(len(l.faces))], rng.Uint64())
	scene := lighting.scene(rng, d.height)
	scene.Seed, scene.Fill = rng.Uint64(), 0.6+0.35*rng.Float64()
	d.shot = d.page.Shoot(d.height, scene)
	return d
}

// one photographs a document and reads the zone, and counts the time from the photo's
// bytes on.
func (l *mrzLab) one(ctx context.Context, f mrz.Format, i int) mrzReading {
	d := l.photograph(f, i)
	start := time.Now()
	z, err := l.zone(ctx, d.shot.JPEG)
	r := mrzReading{
		Format: f.String(), Number: i, Distortion: d.lighting, Height: d.height, State: z.State.String(),
		Seen: z.LineHeight, Ratio: min(z.Ratio, 100), Repair: min(z.Repair, 100), Fit: z.Fit, Seconds: time.Since(start).Seconds(),
	}
	switch {
	case errors.Is(err, zone.ErrSmall):
		r.State = mrzSmall
	case errors.Is(err, zone.ErrNone):
		r.State = mrzNone
	case err != nil:
		r.State = err.Error()
	}
	r.Right = err == nil && slices.Equal(z.Lines, d.lines)
	if !r.Right {
		r.Printed, r.Read = d.lines, z.Lines
	}
	if l.Keep != "" && r.State != mrzSmall && (!r.Right || z.State != mrz.Read) {
		name := filepath.Join(l.Keep, fmt.Sprintf("%04d-%v-%.0f-%s.jpg", i, f, d.height, d.lighting))
		_ = os.WriteFile(name, d.shot.JPEG, 0o600)
	}
	return r
}

func (l *mrzLab) zone(ctx context.Context, photo []byte) (zone.Zone, error) {
	p, err := picture.Decode(ctx, photo, picture.DefaultLimits())
	if err != nil {
		return zone.Zone{}, err
	}
	regions, err := l.texts.Find(ctx, p)
	if err != nil {
		return zone.Zone{}, err
	}
	return l.reader.Read(ctx, p, regions, time.Now())
}

// peers gives the first documents of each type to the other readers.
func (l *mrzLab) peers(ctx context.Context) ([]mrzPeer, error) {
	var m mrzPeers
	for i := range min(l.Peers, l.Documents) {
		for _, f := range mrz.Formats() {
			if err := m.add(l.photograph(f, i)); err != nil {
				return nil, err
			}
		}
	}
	return m.run(ctx, l.Python)
}
