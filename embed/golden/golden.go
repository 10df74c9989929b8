// Package golden knows what packs make of known pictures, so that it can be told
// whether models, the library and this processor compute what they did where a pack was
// made. The pictures are aligned crops of official portraits of two presidents of the
// United States, which are in the public domain; package embed's tests hold what the
// default pack makes of the same crops against an independent program.
package golden

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"image/png"
	"io/fs"
	"math"
	"path"
	"strings"

	"oneton/face"
	"oneton/photo"
)

//go:embed pictures/*.png outputs/*.json
var files embed.FS

// LeastCosine is how alike a template must be to the one that was recorded. Kernels of
// other processors round otherwise, which moves a template by some 1e-5; another model,
// or one that is fed wrongly, by much more.
const LeastCosine = 0.999

var (
	// ErrDiffers means that a pack makes something else of the pictures.
	ErrDiffers = errors.New("golden: the pack does not compute what was recorded")
	// ErrNone means that nothing is recorded of a pack's version.
	ErrNone = errors.New("golden: nothing is recorded of this pack")
)

// Outputs are the templates that a version of a pack makes of the pictures, by their
// names.
type Outputs struct {
	Pack      string                   `json:"pack"`
	Version   string                   `json:"version"`
	Templates map[string]face.Template `json:"templates"`
}

// Embedder makes templates of aligned crops.
type Embedder interface {
	Version(pack string) (string, error)
	EmbedAligned(ctx context.Context, pack string, crop []byte) (photo.Face, error)
}

// Compute lets a pack see the pictures.
func Compute(ctx context.Context, e Embedder, pack string) (Outputs, error) {
	version, err := e.Version(pack)
	if err != nil {
		return Outputs{}, err
	}
	out := Outputs{Pack: pack, Version: version, Templates: map[string]face.Template{}}
	entries, err := files.ReadDir("pictures")
	if err != nil {
		return Outputs{}, err
	}
	for _, entry := range entries {
		crop, err := read(entry)
		if err != nil {
			return Outputs{}, err
		}
		f, err := e.EmbedAligned(ctx, pack, crop)
		if err != nil {
			return Outputs{}, fmt.Errorf("compute %s: %w", entry.Name(), err)
		}
		for _, v := range f.Template {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return Outputs{}, fmt.Errorf("%w: %s has a coordinate that is no number", ErrDiffers, entry.Name())
			}
		}
		out.Templates[strings.TrimSuffix(entry.Name(), ".png")] = f.Template
	}
	return out, nil
}

// read is a picture's red, green and blue, row after row.
func read(entry fs.DirEntry) ([]byte, error) {
	content, err := files.ReadFile(path.Join("pictures", entry.Name()))
	if err != nil {
		return nil, err
	}
	img, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	var crop []byte
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			r, g, b, _ := img.At(x, y).RGBA()
			crop = append(crop, byte(r>>8), byte(g>>8), byte(b>>8))
		}
	}
	return crop, nil
}

// Recorded is what a built-in pack's version makes of the pictures, or ErrNone.
func Recorded(pack, version string) (Outputs, error) {
	content, err := files.ReadFile("outputs/" + pack + ".json")
	if errors.Is(err, fs.ErrNotExist) {
		return Outputs{}, fmt.Errorf("%w: %s", ErrNone, pack)
	}
	if err != nil {
		return Outputs{}, err
	}
	o, err := Parse(content)
	if err == nil && o.Version != version {
		err = fmt.Errorf("%w: version %s of %s, but of version %s", ErrNone, version, pack, o.Version)
	}
	return o, err
}

// Parse reads what Write wrote.
func Parse(content []byte) (Outputs, error) {
	var o Outputs
	if err := json.Unmarshal(content, &o); err != nil {
		return Outputs{}, fmt.Errorf("read recorded outputs: %w", err)
	}
	return o, nil
}

// Compare tells how alike the least alike template is to what was recorded, and is
// ErrDiffers where that is under LeastCosine, or where the two are not of one version.
func (o Outputs) Compare(recorded Outputs) (least float64, err error) {
	if o.Pack != recorded.Pack || o.Version != recorded.Version {
		return 0, fmt.Errorf("%w: %s@%s, but %s@%s is recorded", ErrDiffers, o.Pack, o.Version, recorded.Pack, recorded.Version)
	}
	least = 1
	for name, want := range recorded.Templates {
		got, ok := o.Templates[name]
		if !ok {
			return 0, fmt.Errorf("%w: there is no picture %q", ErrDiffers, name)
		}
		cosine, err := got.Cosine(want)
		if err != nil {
			return 0, fmt.Errorf("%w: %s: %w", ErrDiffers, name, err)
		}
		least = min(least, cosine)
	}
	if least < LeastCosine || len(recorded.Templates) == 0 {
		return least, fmt.Errorf("%w: cosine %.6f to what was recorded, at least %g is needed", ErrDiffers, least, LeastCosine)
	}
	return least, nil
}
