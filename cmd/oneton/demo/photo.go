package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	_ "image/png" // Two of the photos are PNG files.
	"os"

	"golang.org/x/image/draw"
)

// photo is a picture and the bytes of it that are sent.
type photo struct {
	image   image.Image
	encoded []byte
}

func load(path string) (photo, error) {
	encoded, err := os.ReadFile(path)
	if err != nil {
		return photo{}, fmt.Errorf("read photo: %w", err)
	}
	m, _, err := image.Decode(bytes.NewReader(encoded))
	if err != nil {
		return photo{}, fmt.Errorf("decode photo: %w", err)
	}
	return photo{image: m, encoded: encoded}, nil
}

const quality = 90

func encode(m image.Image) (photo, error) {
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
		return photo{}, fmt.Errorf("encode photo: %w", err)
	}
	return photo{image: m, encoded: b.Bytes()}, nil
}

// cut is the part of the photo around a face.
func (p photo) cut(b box) (photo, error) {
	const margin = 0.4
	r := image.Rect(
		int(b.X-margin*b.Width), int(b.Y-margin*b.Height),
		int(b.X+(1+margin)*b.Width), int(b.Y+(1+margin)*b.Height),
	).Intersect(p.image.Bounds())
	part := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(part, part.Bounds(), p.image, r.Min, draw.Src)
	return encode(part)
}

// edit makes another picture of a picture.
type edit func(image.Image) image.Image

func edits(all ...edit) edit {
	return func(m image.Image) image.Image {
		for _, e := range all {
			m = e(m)
		}
		return m
	}
}

func mirrored(m image.Image) image.Image {
	from := copied(m)
	out := image.NewRGBA(from.Rect)
	for y := range from.Rect.Dy() {
		for x := range from.Rect.Dx() {
			out.SetRGBA(from.Rect.Dx()-1-x, y, from.RGBAAt(x, y))
		}
	}
	return out
}

func dimmed(m image.Image) image.Image {
	const veil = 110 // Of 255 black, laid over the picture.
	out := copied(m)
	draw.Draw(out, out.Rect, image.NewUniform(color.NRGBA{A: veil}), image.Point{}, draw.Over)
	return out
}

// copied is the picture in a form that is quick to edit, with its corner at
// the origin.
func copied(m image.Image) *image.RGBA {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	draw.Draw(out, out.Rect, m, b.Min, draw.Src)
	return out
}

func halved(m image.Image) image.Image {
	b := m.Bounds()
	out := image.NewRGBA(image.Rect(0, 0, b.Dx()/2, b.Dy()/2))
	draw.CatmullRom.Scale(out, out.Bounds(), m, b, draw.Src, nil)
	return out
}
