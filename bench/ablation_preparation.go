package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"

	"golang.org/x/image/draw"
	"golang.org/x/image/math/f64"
	"golang.org/x/sync/errgroup"

	"oneton/embed"
	"oneton/face"
	"oneton/spoil"
)

// preparation is a way from an aligned crop to a face. The crop is either
// changed and recognised as it then is, or made into photos that go through
// detection and alignment; the templates of several photos are averaged.
type preparation struct {
	name   string
	crop   func(c *spoil.Canvas) *spoil.Canvas
	photos func(c *spoil.Canvas) []*spoil.Canvas
}

// preparations are the ways, the first that of the service. Of a photo, the
// service interpolates linearly, and what lies outside is black.
func preparations() []preparation {
	crop := func(name string, change func(c *spoil.Canvas) *spoil.Canvas) preparation {
		return preparation{name: name, crop: change}
	}
	ways := []preparation{
		crop("aligned crop as it is", func(c *spoil.Canvas) *spoil.Canvas { return c }),
		crop("crop 5 % tighter", func(c *spoil.Canvas) *spoil.Canvas { return zoomed(c, 1.05) }),
		crop("crop 5 % wider", func(c *spoil.Canvas) *spoil.Canvas { return zoomed(c, 1/1.05) }),
	}
	for _, size := range []struct {
		name  string
		scale float64
	}{{"photo twice as large", 2}, {"photo half as large", 0.5}} {
		for _, k := range []struct {
			name string
			by   draw.Interpolator
		}{
			{"nearest pixel", draw.NearestNeighbor},
			{"linear between four pixels", draw.ApproxBiLinear},
			{"linear, averaging what is left out", draw.BiLinear},
			{"cubic, averaging what is left out", draw.CatmullRom},
		} {
			ways = append(ways, crop(size.name+", "+k.name, func(c *spoil.Canvas) *spoil.Canvas {
				side := int(size.scale * float64(c.Width))
				return transformed(c.Scaled(side, side, draw.CatmullRom), k.by, 1/size.scale, c.Width, c.Height)
			}))
		}
	}
	black, grey := [spoil.Channels]float64{}, [spoil.Channels]float64{128, 128, 128}
	return append(ways,
		preparation{name: "found and aligned, black around", photos: func(c *spoil.Canvas) []*spoil.Canvas { return []*spoil.Canvas{framed(c, &black)} }},
		preparation{name: "found and aligned, grey around", photos: func(c *spoil.Canvas) []*spoil.Canvas { return []*spoil.Canvas{framed(c, &grey)} }},
		preparation{name: "found and aligned, edge repeated around", photos: func(c *spoil.Canvas) []*spoil.Canvas { return []*spoil.Canvas{framed(c, nil)} }},
		preparation{name: "found at two scales and averaged, grey around", photos: func(c *spoil.Canvas) []*spoil.Canvas {
			f := framed(c, &grey)
			return []*spoil.Canvas{f, f.Scaled(2*f.Width, 2*f.Height, draw.CatmullRom)}
		}},
	)
}

// transformed draws the picture, scaled about its centre, into another of the
// size; what lies outside is black.
func transformed(c *spoil.Canvas, by draw.Interpolator, scale float64, width, height int) *spoil.Canvas {
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	x, y := (float64(width)-scale*float64(c.Width))/2, (float64(height)-scale*float64(c.Height))/2
	by.Transform(m, f64.Aff3{scale, 0, x, 0, scale, y}, c.Image(), image.Rect(0, 0, c.Width, c.Height), draw.Src, nil)
	return spoil.From(m)
}

func zoomed(c *spoil.Canvas, scale float64) *spoil.Canvas {
	return transformed(c, draw.BiLinear, scale, c.Width, c.Height)
}

// framed has half a side more on each side, of the colour or, without one, of
// the edge's.
func framed(c *spoil.Canvas, colour *[spoil.Channels]float64) *spoil.Canvas {
	f := spoil.New(2*c.Width, 2*c.Height)
	left, top := c.Width/2, c.Height/2
	for y := range f.Height {
		for x := range f.Width {
			u, v := max(0, min(c.Width-1, x-left)), max(0, min(c.Height-1, y-top))
			at := f.Pix[spoil.Channels*(y*f.Width+x):]
			if colour != nil && (u != x-left || v != y-top) {
				copy(at, colour[:])
				continue
			}
			copy(at, c.Pix[spoil.Channels*(v*c.Width+u):spoil.Channels*(v*c.Width+u+1)])
		}
	}
	return f
}

// prepare makes a template of each photo in the way; nil where no face was
// found that can be compared.
func (s *photoSet) prepare(ctx context.Context, e *embed.Embedder, pack string, way preparation) ([]face.Template, error) {
	templates := make([]face.Template, len(s.photos))
	work, ctx := errgroup.WithContext(ctx)
	work.SetLimit(workers())
	for i, p := range s.photos {
		work.Go(func() error {
			data, err := os.ReadFile(p.path)
			if err != nil {
				return err
			}
			rgb, err := alignedCrop(ctx, data)
			if err != nil {
				return fmt.Errorf("%s: %w", p.path, err)
			}
			c := spoil.Of(rgb, alignedSide)
			if way.crop != nil {
				f, err := e.EmbedAligned(ctx, pack, way.crop(c).Bytes())
				if f.Comparable() {
					templates[i] = f.Template
				}
				return err
			}
			templates[i], err = found(ctx, e, pack, way.photos(c))
			return err
		})
	}
	return templates, work.Wait()
}

// found is the mean template of the largest faces of the photos that show one
// that can be compared; nil when none does.
func found(ctx context.Context, e *embed.Embedder, pack string, photos []*spoil.Canvas) (face.Template, error) {
	var sum []float32
	for _, p := range photos {
		var data bytes.Buffer
		if err := png.Encode(&data, p.Image()); err != nil {
			return nil, err
		}
		r, err := e.Embed(ctx, pack, data.Bytes())
		if err != nil {
			return nil, err
		}
		if len(r.Faces) == 0 || !r.Faces[0].Comparable() {
			continue
		}
		t := r.Faces[0].Template
		if sum == nil {
			sum = make([]float32, len(t))
		}
		for i, v := range t {
			sum[i] += v
		}
	}
	if sum == nil {
		return nil, nil
	}
	return face.NewTemplate(sum)
}
