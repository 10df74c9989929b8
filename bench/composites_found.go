package main

import (
	"context"
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/image/draw"

	"oneton/embed/embedtest/composite"
	"oneton/photo"
)

// turnedCell is of photos turned clockwise, as pixels, without a word in EXIF.
type turnedCell struct {
	Degrees int     `json:"degrees"`
	Photos  int     `json:"photos"`
	Found   float64 `json:"found"`
	// Same is the share of photos whose template is at 0.98 or more to that of
	// the upright photo.
	Same      float64 `json:"same_as_upright"`
	ToUpright levels  `json:"cosine_to_upright"`
	// Slower is the time of a photo over the upright one's, a median.
	Slower float64 `json:"median_time_over_upright"`
}

// turned measures photos turned by quarters.
func (b *composites) turned(ctx context.Context, heads int) ([]turnedCell, error) {
	const same = 0.98
	cells := []turnedCell{{Degrees: 90}, {Degrees: 180}, {Degrees: 270}}
	var mu sync.Mutex
	cosines, times := make([][]float64, len(cells)), make([][]float64, len(cells))
	sizes := []image.Point{{480, 640}, {900, 1200}, {1600, 1200}}
	shares := []float64{0.12, 0.25, 0.4}
	err := each(ctx, len(sizes)*len(shares)*heads, func(ctx context.Context, i int) error {
		size, share := sizes[i%len(sizes)], shares[i/len(sizes)%len(shares)]
		head := b.heads[i%len(b.heads)]
		photo := b.ground(i, size.X, size.Y)
		t := composite.Paste(photo, composite.Placement{
			Head: head, X: float64(size.X) * (0.4 + 0.05*float64(i%5)), Y: float64(size.Y) * 0.45,
			Width: share * float64(min(size.X, size.Y)), Tilt: float64(i%7-3) * 5,
		})[0]
		upright, was, err := b.find(ctx, photo, t)
		if err != nil || upright == nil {
			return err
		}
		for k := range cells {
			around := composite.Turned(photo, k+1)
			data, err := composite.JPEG(around)
			if err != nil {
				return err
			}
			r, err := b.e.Embed(ctx, b.pack, data)
			if err != nil {
				return err
			}
			slower := float64(worked(r.Timings)) / float64(worked(was.Timings))
			// The photo shows one person, so the largest face is that one.
			best := -1.0
			if len(r.Faces) > 0 {
				if best, err = r.Faces[0].Template.Cosine(upright.Template); err != nil {
					return err
				}
			}
			if best < same {
				if err := b.keepPhoto(around, fmt.Sprintf("turned-%d-%s-%dx%d-%.2f-%.2f", cells[k].Degrees, head.Name, size.X, size.Y, share, best)); err != nil {
					return err
				}
			}
			mu.Lock()
			cells[k].Photos++
			times[k] = append(times[k], slower)
			if len(r.Faces) > 0 {
				cosines[k] = append(cosines[k], best)
			}
			mu.Unlock()
		}
		return nil
	})
	for k := range cells {
		n := cells[k].Photos
		cells[k].Found = float64(len(cosines[k])) / float64(max(1, n))
		cells[k].Same, cells[k].ToUpright = shareOf(cosines[k], same, n), levelsOf(cosines[k])
		if n > 0 {
			cells[k].Slower = median(times[k])
		}
	}
	return cells, err
}

// worked is the time of a photo without the wait for a worker.
func worked(t photo.Timings) time.Duration {
	return t.Decode + t.Detect + t.Refine + t.Align + t.Recognise + t.Assess
}

// shareCell is of faces as wide as a share of their photo.
type shareCell struct {
	Width int     `json:"photo_width"`
	Share float64 `json:"share_of_width"`
	Faces int     `json:"faces"`
	// Fast and Full are what each detail finds in the same photos.
	Fast shareFound `json:"fast"`
	Full shareFound `json:"full"`
}

type shareFound struct {
	Found float64 `json:"found"`
	// Matched is the share of faces whose template reaches that of a good photo
	// of them at an FMR of 1e-4.
	Matched float64 `json:"matched"`
	// Seconds is the median time of a photo.
	Seconds float64 `json:"median_seconds"`
}

// shares measures which faces are found by their share of the photo's width.
func (b *composites) shares(ctx context.Context, heads int) ([]shareCell, error) {
	var cells []shareCell
	for _, width := range []int{640, 1600, 4000} {
		for _, share := range []float64{0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.1, 0.2, 0.4} {
			if share*float64(width) >= 16 {
				cells = append(cells, shareCell{Width: width, Share: share})
			}
		}
	}
	err := each(ctx, len(cells), func(ctx context.Context, i int) error {
		c := &cells[i]
		fast, full := shareCount{}, shareCount{checks: []photo.Check{photo.CheckSmall}}
		height := c.Width * 3 / 4
		for n := range few(2*heads, image.Pt(c.Width, height)) {
			photo := b.ground(3*i+n, c.Width, height)
			truth := composite.Paste(photo, b.crowd(c.Width, height, c.Share*float64(c.Width), i+n)...)
			data, err := composite.JPEG(photo)
			if err != nil {
				return err
			}
			c.Faces += len(truth)
			for _, count := range []*shareCount{&fast, &full} {
				if err := b.count(ctx, data, truth, count); err != nil {
					return err
				}
			}
			if full.found < c.Faces {
				if err := b.keepPhoto(photo, fmt.Sprintf("share-%d-%.3f-%d", c.Width, c.Share, n)); err != nil {
					return err
				}
			}
		}
		c.Fast, c.Full = fast.of(c.Faces), full.of(c.Faces)
		return nil
	})
	return cells, err
}

// shareCount counts what is found with the checks.
type shareCount struct {
	checks         []photo.Check
	found, matched int
	times          []float64
}

func (s shareCount) of(faces int) shareFound {
	n := float64(faces)
	return shareFound{Found: float64(s.found) / n, Matched: float64(s.matched) / n, Seconds: median(s.times)}
}

// count adds the faces of a photo.
func (b *composites) count(ctx context.Context, data []byte, truth []composite.Truth, s *shareCount) error {
	r, err := b.e.Embed(ctx, b.pack, data, s.checks...)
	if err != nil {
		return err
	}
	s.times = append(s.times, worked(r.Timings).Seconds())
	for _, t := range truth {
		k := slices.IndexFunc(r.Faces, func(f photo.Face) bool { return t.Shows(asItCame(f, r).Box) })
		if k < 0 {
			continue
		}
		s.found++
		good, err := b.source(ctx, t.Head)
		if err != nil {
			return err
		}
		cosine, err := r.Faces[k].Probe.Cosine(good)
		if err != nil {
			return err
		}
		if cosine >= b.match {
			s.matched++
		}
	}
	return nil
}

// crowd is up to nine heads of a width over a photo, leaning a little.
func (b *composites) crowd(width, height int, head float64, n int) []composite.Placement {
	columns, rows := min(3, int(float64(width)/(2.6*head))), min(3, int(float64(height)/(3.2*head)))
	columns, rows = max(1, columns), max(1, rows)
	var placed []composite.Placement
	for i := range columns * rows {
		placed = append(placed, composite.Placement{
			Head: b.heads[(n+i)%len(b.heads)], Width: head, Tilt: float64((n+3*i)%7-3) * 5,
			X: (float64(i%columns) + 0.5) * float64(width) / float64(columns),
			Y: (float64(i/columns) + 0.5) * float64(height) / float64(rows),
		})
	}
	return placed
}

// source is the template of a head as it was cut out.
func (b *composites) source(ctx context.Context, h composite.Head) ([]float32, error) {
	photo := composite.Ground("wall", h.Patch.Rect.Dx(), h.Patch.Rect.Dy(), 1)
	w, t := float64(h.Box.Width), float64(h.Box.Height)
	truth := composite.Paste(photo, composite.Placement{Head: h, X: float64(h.Box.X) + w/2, Y: float64(h.Box.Y) + t/2, Width: w})[0]
	return b.truly(ctx, photo, truth)
}

// facelessResult says what is taken for a face where none is.
type facelessResult struct {
	Photos int            `json:"photos"`
	Kinds  []facelessKind `json:"kinds"`
}

type facelessKind struct {
	Kind   string `json:"kind"`
	Photos int    `json:"photos"`
	// Answered is how many photos have a face, and Faces how many faces.
	Answered int `json:"answered"`
	Faces    int `json:"faces"`
	// Unflagged is how many of the faces have no reason against them.
	Unflagged int `json:"faces_without_reason"`
	// Scores are the faces' quality scores, highest first.
	Scores []float64 `json:"scores"`
}

// faceless counts the faces in photos that show none: painted grounds, parts
// of photos, drawings, an animal, and what the folder has.
func (b *composites) faceless(ctx context.Context, photos, folder string) (*facelessResult, error) {
	type sample struct {
		kind  string
		photo *image.RGBA
	}
	var samples []sample
	for _, kind := range composite.Backgrounds() {
		for seed := range uint64(4) {
			samples = append(samples, sample{"painted " + kind, composite.Ground(kind, 640+320*int(seed), 480+240*int(seed), seed)})
		}
	}
	for _, part := range b.grounds {
		for quarters := range 2 {
			samples = append(samples, sample{"part of a photo", composite.Turned(part, quarters)})
		}
		w, h := part.Rect.Dx(), part.Rect.Dy()
		for i := range 6 {
			x, y := i%3*w/3, i/3*h/2
			samples = append(samples, sample{"part of a photo", composite.Crop(part, image.Rect(x, y, x+w/3, y+h/2), w/3, h/2)})
		}
	}
	cat, err := composite.Read(filepath.Join(photos, "chelsea.png"))
	if err != nil {
		return nil, err
	}
	for _, tight := range []int{0, 40, 80} {
		in := cat.Rect.Inset(tight)
		samples = append(samples, sample{"cat", composite.Crop(cat, in, in.Dx(), in.Dy())}, sample{"cat", composite.Crop(cat, in, in.Dx()/2, in.Dy()/2)}, sample{"cat", composite.Crop(cat, in, in.Dx()*3, in.Dy()*3)})
	}
	room, err := composite.Read(filepath.Join(photos, "sample1.jpg"))
	if err != nil {
		return nil, err
	}
	for i := range 4 { // the dark chairs and boxes at the left edge
		part := image.Rect(0, 480+40*i, 400-20*i, 1280-40*i)
		samples = append(samples, sample{"dark furniture", composite.Crop(room, part, part.Dx(), part.Dy())})
	}
	for i := range 24 {
		samples = append(samples, sample{"drawing", drawing(i)})
	}
	if folder != "" {
		files, err := os.ReadDir(folder)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			m, err := composite.Read(filepath.Join(folder, f.Name()))
			if err != nil {
				return nil, err
			}
			kind, _, _ := strings.Cut(f.Name(), "-")
			samples = append(samples, sample{strings.TrimSuffix(kind, filepath.Ext(kind)), m})
		}
	}
	r := &facelessResult{Photos: len(samples)}
	var mu sync.Mutex
	err = each(ctx, len(samples), func(ctx context.Context, i int) error {
		data, err := composite.JPEG(samples[i].photo)
		if err != nil {
			return err
		}
		found, err := b.e.Embed(ctx, b.pack, data)
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		at := slices.IndexFunc(r.Kinds, func(k facelessKind) bool { return k.Kind == samples[i].kind })
		if at < 0 {
			at = len(r.Kinds)
			r.Kinds = append(r.Kinds, facelessKind{Kind: samples[i].kind, Scores: []float64{}})
		}
		k := &r.Kinds[at]
		k.Photos++
		for _, f := range found.Faces {
			k.Faces++
			k.Scores = append(k.Scores, float64(f.Quality.Score))
			if len(f.Quality.Reasons) == 0 {
				k.Unflagged++
			}
		}
		if len(found.Faces) > 0 {
			k.Answered++
			return b.keepPhoto(samples[i].photo, fmt.Sprintf("faceless-%s-%d", k.Kind, i))
		}
		return nil
	})
	slices.SortFunc(r.Kinds, func(a, b facelessKind) int { return strings.Compare(a.Kind, b.Kind) })
	for _, k := range r.Kinds {
		slices.SortFunc(k.Scores, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
	}
	return r, err
}

// drawing is a face as a child or a sign maker draws it.
func drawing(n int) *image.RGBA {
	rng := rand.New(rand.NewPCG(uint64(n), 7))
	side := 200 + 150*(n%4)
	m := image.NewRGBA(image.Rect(0, 0, side, side))
	ground := []color.Color{color.White, color.RGBA{250, 240, 220, 255}, color.RGBA{120, 160, 200, 255}}[n%3]
	draw.Draw(m, m.Rect, image.NewUniform(ground), image.Point{}, draw.Src)
	skin := []color.RGBA{{255, 220, 60, 255}, {240, 200, 170, 255}, {150, 100, 70, 255}, {255, 255, 255, 255}}[n/3%4]
	ink := color.RGBA{30, 20, 20, 255}
	s := float64(side)
	oval := func(x, y, rx, ry float64, c color.RGBA) {
		for py := int((y - ry) * s); py <= int((y+ry)*s); py++ {
			for px := int((x - rx) * s); px <= int((x+rx)*s); px++ {
				dx, dy := (float64(px)/s-x)/rx, (float64(py)/s-y)/ry
				if dx*dx+dy*dy <= 1 && image.Pt(px, py).In(m.Rect) {
					m.SetRGBA(px, py, c)
				}
			}
		}
	}
	aspect := 1 + 0.3*rng.Float64()
	oval(0.5, 0.5, 0.33, 0.33*aspect, ink)
	oval(0.5, 0.5, 0.32, 0.32*aspect, skin)
	eye := 0.02 + 0.03*rng.Float64()
	for _, x := range []float64{0.38, 0.62} {
		if n%2 == 0 {
			oval(x, 0.42, 1.8*eye, 1.2*eye, color.RGBA{255, 255, 255, 255})
		}
		oval(x, 0.42, eye, eye, ink)
		oval(x, 0.34, 0.06, 0.01+0.01*rng.Float64(), ink)
	}
	if n%4 > 1 {
		oval(0.5, 0.52, 0.02, 0.05, color.RGBA{skin.R / 4 * 3, skin.G / 4 * 3, skin.B / 4 * 3, 255})
	}
	oval(0.5, 0.66, 0.13, 0.05, color.RGBA{170, 40, 50, 255})
	if n%3 == 0 {
		oval(0.5, 0.63, 0.14, 0.045, skin)
	}
	if n%5 > 2 {
		oval(0.5, 0.2, 0.33, 0.09, color.RGBA{80, 50, 20, 255})
	}
	return m
}
