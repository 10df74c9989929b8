package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/png" // some of the demo's photos are
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"oneton/calibration"
	"oneton/document"
	"oneton/document/documenttest"
	"oneton/document/reader"
	"oneton/document/reader/readertest"
	"oneton/embed"
	"oneton/setup"
)

type documentsCommand struct {
	Documents int    `help:"Cards photographed in each way." default:"40"`
	Out       string `help:"Folder of the results." default:"bench/results" json:"-"`
}

// documentsParams say what was photographed.
type documentsParams struct {
	Documents int `json:"documents"`
	// Width and Height are the photos', in pixels.
	Width     int    `json:"width"`
	Height    int    `json:"height"`
	Workers   int    `json:"workers"`
	Simulated string `json:"simulated"`
}

const drawnCards = "The cards are drawn by a program with Go's fonts and photographed by another: nothing was printed, and no real document was seen. " +
	"They say how much of each distortion the reader bears, and little of how well real cards are read."

// documentsResult is what became of the cards that were photographed in one way.
type documentsResult struct {
	Kind   string `json:"kind"`
	Photos int    `json:"photos"`
	// Type is how many were told to be what they are: a cédula's front, or no document
	// that is known.
	Type calibration.Proportion `json:"type"`
	// Number is how many cards' numbers were read and sure, of those that have a right
	// one, and Wrong how many photos validate a number that is not the card's.
	Number *calibration.Proportion `json:"number,omitempty"`
	Wrong  calibration.Proportion  `json:"wrong"`
	// Names and Dates are how many were right altogether, but for accents.
	Names *calibration.Proportion `json:"names,omitempty"`
	Dates *calibration.Proportion `json:"dates,omitempty"`
	// Portrait is how many portraits were the holder's, and not the ghost picture.
	Portrait *calibration.Proportion `json:"portrait,omitempty"`
	// Milliseconds are the median photo's from its bytes to the answer, and Processor what
	// it took of all cores together.
	Milliseconds float64 `json:"ms"`
	Processor    float64 `json:"processor_ms"`
}

// photographed is one way to draw and photograph cards.
type photographed struct {
	kind  string
	scene func(rng *rand.Rand) documenttest.Scene
	page  func(who documenttest.Person, portrait image.Image, seed uint64) *documenttest.Page
	// card says that it is a cédula, and sure that its number is to be validated.
	card, sure bool
}

const documentsWidth, documentsHeight = 1632, 1224

func ways() []photographed {
	plain := func(*rand.Rand) documenttest.Scene { return documenttest.Scene{} }
	front := documenttest.CedulaFront
	between := func(rng *rand.Rand, low, high float64) float64 { return low + (high-low)*rng.Float64() }
	tampered := func(change func(who *documenttest.Person)) func(documenttest.Person, image.Image, uint64) *documenttest.Page {
		return func(who documenttest.Person, portrait image.Image, seed uint64) *documenttest.Page {
			change(&who)
			return front(who, portrait, seed)
		}
	}
	return []photographed{
		{"flat", plain, front, true, true},
		{"turned by quarters", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Turn: 1 + rng.IntN(3)} }, front, true, true},
		{"turned by up to 15 degrees", func(rng *rand.Rand) documenttest.Scene {
			return documenttest.Scene{Degrees: between(rng, -15, 15)}
		}, front, true, true},
		{"perspective", func(rng *rand.Rand) documenttest.Scene {
			return documenttest.Scene{Perspective: between(rng, 0.15, 0.4), Direction: between(rng, 0, 360)}
		}, front, true, true},
		{"blur of 1 to 2.5 pixels", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Blur: between(rng, 1, 2.5)} }, front, true, true},
		{"noise of 10 to 20 levels", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Noise: between(rng, 10, 20)} }, front, true, true},
		{"shadow and glare", func(rng *rand.Rand) documenttest.Scene {
			return documenttest.Scene{Shadow: between(rng, 0.3, 0.7), Glare: between(rng, 0.2, 0.6)}
		}, front, true, true},
		{"JPEG 20 to 40", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Quality: 20 + rng.IntN(20)} }, front, true, true},
		{"small: a third to half of the width", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Fill: between(rng, 0.33, 0.5)} }, front, true, true},
		{"very small: a tenth to a third", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Fill: between(rng, 0.1, 0.33)} }, front, true, true},
		{"all of them", func(rng *rand.Rand) documenttest.Scene {
			return documenttest.Scene{
				Turn: rng.IntN(4), Degrees: between(rng, -12, 12), Perspective: between(rng, 0, 0.25), Direction: between(rng, 0, 360), Fill: between(rng, 0.6, 0.9),
				Blur: between(rng, 0, 1.2), Noise: between(rng, 2, 8), Shadow: between(rng, 0, 0.4), Glare: between(rng, 0, 0.3), Quality: 50 + rng.IntN(40),
			}
		}, front, true, true},
		{"blurred until nothing is read", func(rng *rand.Rand) documenttest.Scene { return documenttest.Scene{Blur: between(rng, 3, 8)} }, front, true, true},
		{"wrong check digit", plain, tampered(func(who *documenttest.Person) {
			last := len(who.Number) - 1
			who.Number = who.Number[:last] + string('0'+(who.Number[last]-'0'+3)%10)
		}), true, false},
		{"no number", plain, tampered(func(who *documenttest.Person) { who.Number = "" }), true, false},
		{"a licence", plain, documenttest.Licence, false, false},
	}
}

// Run photographs cards that do not exist and reads them.
func (c *documentsCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Documents, setup.Photos)
	if err != nil {
		return err
	}
	lab, err := readertest.Open(paths.Library, paths.Models)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lab.Close()) }()
	busts, err := busts(ctx, lab.Faces, readertest.Pack, paths.Photos)
	if err != nil {
		return err
	}
	var results []documentsResult
	for _, w := range ways() {
		result, err := w.show(ctx, lab.Reader, busts, c.Documents)
		if err != nil {
			return err
		}
		fmt.Fprintf(os.Stderr, "%+v\n", result)
		results = append(results, result)
	}
	return save(c.Out, "documents", documentsParams{
		Documents: c.Documents, Width: documentsWidth, Height: documentsHeight, Workers: lab.Workers.Size() - 1, Simulated: drawnCards,
	}, results)
}

// busts are the portraits of the demo's photos.
func busts(ctx context.Context, faces *embed.Embedder, pack, folder string) ([]image.Image, error) {
	var all []image.Image
	for _, name := range []string{"obama.jpg", "obama2.jpg", "biden.jpg", "astronaut.png"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return nil, fmt.Errorf("read photo: %w", err)
		}
		img, _, err := image.Decode(bytes.NewReader(content))
		if err != nil {
			return nil, fmt.Errorf("decode %s: %w", name, err)
		}
		found, err := faces.Embed(ctx, pack, content)
		if err != nil {
			return nil, fmt.Errorf("find the face in %s: %w", name, err)
		}
		b := found.Faces[0].Box
		all = append(all, documenttest.Bust(img, float64(b.X), float64(b.Y), float64(b.Width), float64(b.Height)))
	}
	return all, nil
}

func (w photographed) show(ctx context.Context, r *reader.Reader, busts []image.Image, n int) (documentsResult, error) {
	var types, numbers, wrong, names, dates, portraits int
	var times, processor []float64
	for i := range n {
		rng := rand.New(rand.NewPCG(uint64(i), 7))
		who := documenttest.Random(rng)
		scene := w.scene(rng)
		scene.Width, scene.Height, scene.Seed = documentsWidth, documentsHeight, uint64(i)
		shot := documenttest.Shoot(w.page(who, busts[i%len(busts)], uint64(i)), scene)
		start, before := time.Now(), processorTime()
		d, err := r.Read(ctx, shot.JPEG)
		if err != nil && !errors.Is(err, document.ErrTooSmall) {
			return documentsResult{}, fmt.Errorf("read a card, %s: %w", w.kind, err)
		}
		times = append(times, time.Since(start).Seconds()*1e3)
		processor = append(processor, (processorTime()-before).Seconds()*1e3)
		if d.Is(document.Cedula, document.Front) == w.card {
			types++
		}
		right := w.sure && documenttest.Digits(who.Number) == d.Number
		if validates := d.Identifies(d.Type, d.Number); validates && right {
			numbers++
		} else if validates {
			wrong++
		}
		if unaccented(d.Surname) == unaccented(who.Surname) && unaccented(d.GivenNames) == unaccented(who.GivenNames) {
			names++
		}
		if printed(d.Birth.Year, d.Birth.Month, d.Birth.Day) == who.Birth && printed(d.Expiry.Year, d.Expiry.Month, d.Expiry.Day) == who.Expiry {
			dates++
		}
		if d.Portrait != nil && larger(shot, float64(d.Portrait.Box.Height)) {
			portraits++
		}
	}
	share := func(k int) *calibration.Proportion {
		p := calibration.NewProportion(float64(k)/float64(n), float64(n))
		return &p
	}
	result := documentsResult{
		Kind: w.kind, Photos: n, Type: *share(types), Wrong: *share(wrong),
		Milliseconds: middle(times), Processor: middle(processor),
	}
	if w.sure {
		result.Number, result.Names, result.Dates, result.Portrait = share(numbers), share(names), share(dates), share(portraits)
	}
	return result, nil
}

// larger says whether a face's height is nearer to that on the portrait than to that on
// the ghost picture, which is less than half of it.
func larger(shot documenttest.Shot, height float64) bool {
	x0, y0 := shot.At(15, 17)
	x1, y1 := shot.At(15, 46)
	return height*height > 0.37*0.37*((x1-x0)*(x1-x0)+(y1-y0)*(y1-y0))
}

// unaccented is a name without what OCR's alphabet lacks.
func unaccented(name string) string {
	return strings.NewReplacer("Ñ", "N", "Á", "A", "É", "E", "Í", "I", "Ó", "O", "Ú", "U", "Ü", "U", " ", "").Replace(strings.ToUpper(name))
}

func printed(year, month, day int) string {
	months := strings.Fields("- ENERO FEBRERO MARZO ABRIL MAYO JUNIO JULIO AGOSTO SEPTIEMBRE OCTUBRE NOVIEMBRE DICIEMBRE")
	return fmt.Sprintf("%02d %s %d", day, months[month], year)
}

func middle(values []float64) float64 {
	slices.SortFunc(values, cmp.Compare[float64])
	return values[len(values)/2]
}

// processorTime is what this process has had of all cores.
func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		panic("bench: the system does not tell the processor's time: " + err.Error())
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
