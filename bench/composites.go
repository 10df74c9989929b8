package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"oneton/embed"
	"oneton/embed/embedtest/composite"
	"oneton/embed/pack"
	"oneton/face"
	"oneton/node"
	"oneton/onnx"
	"oneton/photo"
	"oneton/picture"
	"oneton/pool"
	"oneton/setup"
)

type compositesCommand struct {
	Parts    []string `help:"What to measure: crops, tight, cut, small, turns, shares, subject, faceless; small needs crops of people." default:"crops,tight,cut,turns,shares,subject,faceless"`
	Crops    string   `help:"Folder with folders of aligned crops, whose faces are used beside those of the demo photos." type:"existingdir" json:"-"`
	People   int      `help:"People of that folder." default:"20"`
	Faceless string   `help:"Folder of photos without faces, beside those made here." type:"existingdir" json:"-"`
	Searched int      `help:"People of that folder who are searched by small photos." default:"160"`
	Half     string   `help:"People that are shown: all, or half of them, so that what is chosen on the one half can be measured on the other." enum:"all,first,second" default:"all"`
	Pack     string   `help:"Model pack: a built-in name or a manifest." default:"default"`
	Heads    int      `help:"Photos of each kind; those of 12 megapixels and more are a quarter as many, at least one, at fewer tilts." default:"2"`
	Largest  float64  `help:"Largest photos compared with their crops, in megapixels." default:"24"`
	Keep     string   `help:"Folder to keep the photos that go wrong in." json:"-"`
	Out      string   `help:"Folder of the results." default:"bench/results" json:"-"`
}

type compositesResult struct {
	// BySize and ByTilt compare a face in a whole photo, with detail full, with
	// the crop of it that a caller would send: by the face's size in heads leaning
	// 0 to 45 degrees, and by tilt in all sizes.
	BySize []wholeCell `json:"whole_against_crop_by_size,omitempty"`
	ByTilt []wholeCell `json:"whole_against_crop_by_tilt,omitempty"`
	// Tight are photos that one face fills.
	Tight []tightCell `json:"tight,omitempty"`
	// Cut are photos that end inside the face.
	Cut []cutCell `json:"cut_into_the_face,omitempty"`
	// Small are small, tight photos of people who are searched.
	Small []smallCell `json:"small_and_tight,omitempty"`
	// Turned are photos turned by quarters, against the upright ones.
	Turned []turnedCell `json:"turned,omitempty"`
	// Shares says which faces are found, by share of the photo's width.
	Shares []shareCell `json:"found_by_share_of_width,omitempty"`
	// Subject says who is taken for the subject of photos with more faces.
	Subject *subjectResult `json:"subject,omitempty"`
	// Faceless says what is taken for a face where there is none.
	Faceless *facelessResult `json:"faceless,omitempty"`
}

// composites are what the measurements share.
type composites struct {
	e       *embed.Embedder
	pack    string
	heads   []composite.Head
	grounds []*image.RGBA // parts of photos, beside those that are painted
	keep    string
	// match is the cosine of an FMR of 1e-4.
	match float64
}

// Run measures the way from photo to template on photos of which all is known.
func (c *compositesCommand) Run(ctx context.Context) (err error) {
	paths, err := setup.Find(setup.FromEnvironment(), setup.Default, setup.Photos, setup.GroupPhotos)
	if err != nil {
		return err
	}
	p, err := pack.Open(c.Pack, paths.Models)
	if err != nil {
		return err
	}
	limits := picture.DefaultLimits()
	limits.Time = 0 // other programs may have the machine
	e, err := node.LoadModels(node.ModelsConfig{
		Runtime: onnx.Config{Library: paths.Library},
		Workers: pool.Config{Queue: 64},
		Embed:   embed.Config{Limits: limits},
	}, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	b := &composites{e: e.Embedder, pack: p.Name, keep: c.Keep, match: p.Calibration.Threshold(1e-4)}
	if b.heads, err = composite.Demo(paths.Photos); err != nil {
		return err
	}
	if b.grounds, err = composite.Faceless(paths.Photos); err != nil {
		return err
	}
	if c.Crops != "" {
		more, err := alignedHeads(c.Crops, c.People)
		if err != nil {
			return err
		}
		b.heads = append(b.heads, more...)
	}
	b.heads = halfOf(b.heads, c.Half)
	var r compositesResult
	for _, part := range c.Parts {
		switch part {
		case "crops":
			r.BySize, r.ByTilt, err = b.whole(ctx, c.Heads, c.Largest)
		case "tight":
			r.Tight, err = b.tight(ctx, c.Heads)
		case "cut":
			r.Cut, err = b.cutInto(ctx, c.Heads)
		case "small":
			r.Small, err = b.small(ctx, c.Crops, c.Searched, c.Half)
		case "turns":
			r.Turned, err = b.turned(ctx, c.Heads)
		case "shares":
			r.Shares, err = b.shares(ctx, c.Heads)
		case "subject":
			r.Subject, err = b.subjects(ctx, 4*c.Heads)
		case "faceless":
			r.Faceless, err = b.faceless(ctx, paths.Photos, c.Faceless)
		default:
			err = fmt.Errorf("unknown part %q", part)
		}
		if err != nil {
			return err
		}
	}
	return save(c.Out, "composites", c, r)
}

// halfOf are the heads of every other person.
func halfOf(heads []composite.Head, half string) []composite.Head {
	if half == "all" {
		return heads
	}
	number := map[string]int{}
	return slices.DeleteFunc(slices.Clone(heads), func(h composite.Head) bool {
		n, ok := number[h.Name]
		if !ok {
			n = len(number)
			number[h.Name] = n
		}
		return n%2 == 0 != (half == "first")
	})
}

// alignedHeads are the first photos of a folder's first people.
func alignedHeads(folder string, people int) ([]composite.Head, error) {
	set, err := readSet(folder, "")
	if err != nil {
		return nil, err
	}
	var heads []composite.Head
	for i, of := range set.of[:min(people, len(set.of))] {
		m, err := composite.Read(set.photos[of[0]].path)
		if err != nil {
			return nil, err
		}
		if m.Rect.Dx() != composite.AlignedSide || m.Rect.Dy() != composite.AlignedSide {
			return nil, fmt.Errorf("%s: %v is no aligned crop", set.photos[of[0]].path, m.Rect.Size())
		}
		heads = append(heads, composite.FromAligned(m, set.people[i]))
	}
	return heads, nil
}

// ground is the n-th background, of all kinds in turn.
func (b *composites) ground(n, width, height int) *image.RGBA {
	kinds := composite.Backgrounds()
	if n %= len(kinds) + len(b.grounds); n < len(kinds) {
		return composite.Ground(kinds[n], width, height, uint64(n))
	}
	return composite.Tiled(b.grounds[n-len(kinds)], width, height)
}

// find embeds a photo and returns the face that the truth is of, nil when it is
// not found, and all faces.
func (b *composites) find(ctx context.Context, scene *image.RGBA, t composite.Truth, checks ...photo.Check) (*photo.Face, photo.Result, error) {
	data, err := composite.JPEG(scene)
	if err != nil {
		return nil, photo.Result{}, err
	}
	r, err := b.e.Embed(ctx, b.pack, data, checks...)
	if err != nil {
		return nil, r, err
	}
	for _, f := range r.Faces {
		if f = asItCame(f, r); t.Shows(f.Box) {
			return &f, r, nil
		}
	}
	return nil, r, nil
}

// asItCame is a face where it lies in the photo before that was turned upright.
func asItCame(f photo.Face, r photo.Result) photo.Face {
	width, height := float32(r.Width), float32(r.Height)
	for range r.Rotation / 90 {
		b := f.Box
		f.Box = face.Box{X: b.Y, Y: width - b.X - b.Width, Width: b.Height, Height: b.Width}
		for i, l := range f.Landmarks {
			f.Landmarks[i] = face.Point{X: l.Y, Y: width - l.X}
		}
		width, height = height, width
	}
	return f
}

// keepPhoto keeps a photo that went wrong, where that is wanted.
func (b *composites) keepPhoto(photo *image.RGBA, name string) error {
	if b.keep == "" {
		return nil
	}
	data, err := composite.JPEG(photo)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(b.keep, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.keep, strings.ReplaceAll(name, "/", "-")+".jpg"), data, 0o644)
}

// truly is the template of a face by its true landmarks.
func (b *composites) truly(ctx context.Context, photo *image.RGBA, t composite.Truth) (face.Template, error) {
	f, err := b.e.EmbedAligned(ctx, b.pack, t.Aligned(photo))
	return f.Template, err
}

// landmarkError is the mean distance of a face's landmarks from the true ones,
// as a share of the distance between the eyes.
func landmarkError(f *photo.Face, t composite.Truth) float64 {
	at := func(p face.Point) complex128 { return complex(float64(p.X), float64(p.Y)) }
	sum := 0.0
	for i, l := range f.Landmarks {
		d := at(l) - at(t.Landmarks[i])
		sum += math.Hypot(real(d), imag(d))
	}
	eyes := at(t.Landmarks[1]) - at(t.Landmarks[0])
	return sum / 5 / math.Hypot(real(eyes), imag(eyes))
}

// each runs a measurement for 0 to n-1, as many at once as there are cores.
func each(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(runtime.NumCPU())
	for i := range n {
		work.Go(func() error { return do(ctx, i) })
	}
	return work.Wait()
}

// levels sum up values; of none it is zero.
type levels struct {
	Least  float64 `json:"least"`
	Tenth  float64 `json:"tenth"`
	Median float64 `json:"median"`
}

func levelsOf(v []float64) levels {
	if len(v) == 0 {
		return levels{}
	}
	return levels{slices.Min(v), quantile(v, 0.1), median(v)}
}

// shareOf is the share of values that reach a limit, of so many.
func shareOf(v []float64, limit float64, of int) float64 {
	n := 0
	for _, x := range v {
		if x >= limit {
			n++
		}
	}
	return float64(n) / float64(max(1, of))
}
