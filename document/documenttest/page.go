// Package documenttest draws documents and photographs them: paper with a pattern,
// text and portraits, and a camera that leans, blurs and darkens. Nobody's real
// document is in it, and what it draws is good for tests alone.
package documenttest

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// PerMillimetre is how many pixels of a page a millimetre has: 300 dots an inch.
const PerMillimetre = 11.81

// Font is a typeface.
type Font []byte

// The fonts that come with Go's image library.
var (
	Regular Font = goregular.TTF
	Bold    Font = gobold.TTF
	Mono    Font = gomono.TTF
)

// The colours of most texts, and of plain paper.
var (
	Ink   = color.RGBA{25, 25, 40, 255}
	White = color.RGBA{248, 248, 248, 255}
)

// Page is a sheet seen from straight above. Places and sizes are in millimetres
// from its top left corner.
type Page struct {
	Image *image.RGBA
}

// NewPage is a sheet of the size in the colour, with a pattern of waves as papers
// that are hard to copy have, which the seed chooses.
func NewPage(width, height float64, paper color.RGBA, seed uint64) *Page {
	p := &Page{image.NewRGBA(image.Rect(0, 0, pixels(width), pixels(height)))}
	rng := rand.New(rand.NewPCG(seed, 1))
	a, b, c := rng.Float64()+0.6, rng.Float64()+0.6, rng.Float64()*2*math.Pi
	for y := range p.Image.Rect.Max.Y {
		for x := range p.Image.Rect.Max.X {
			u, v := float64(x)/PerMillimetre, float64(y)/PerMillimetre
			wave := math.Sin(3.1*a*u+2*math.Sin(0.35*v+c)) * math.Sin(2.7*b*v+2.5*math.Sin(0.22*u))
			shade := 7 * wave
			p.Image.SetRGBA(x, y, color.RGBA{level(float64(paper.R) + shade), level(float64(paper.G) + 0.5*shade), level(float64(paper.B) - shade), 255})
		}
	}
	return p
}

func pixels(millimetres float64) int { return int(math.Round(millimetres * PerMillimetre)) }

func level(v float64) uint8 { return uint8(min(max(math.Round(v), 0), 255)) }

// Text writes a line whose capitals are so high. The place is where the line of its
// feet begins.
func (p *Page) Text(x, y, height float64, f Font, ink color.Color, s string) {
	parsed, err := opentype.Parse(f)
	if err != nil {
		panic("documenttest: a font does not parse: " + err.Error())
	}
	// Capitals of most typefaces are 0.7 of the font's size.
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: height * PerMillimetre / 0.7, DPI: 72})
	if err != nil {
		panic("documenttest: a font has no such size: " + err.Error())
	}
	defer face.Close()
	d := font.Drawer{Dst: p.Image, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(pixels(x), pixels(y))}
	d.DrawString(s)
}

// Picture draws a picture into a rectangle, all of which it fills: what is beyond its
// proportions is cut off. Strength is from 0, nothing, to 1; a ghost picture has less.
func (p *Page) Picture(x, y, width, height float64, img image.Image, strength float64) {
	at := image.Rect(pixels(x), pixels(y), pixels(x+width), pixels(y+height))
	from := img.Bounds()
	if w := from.Dy() * at.Dx() / at.Dy(); w < from.Dx() {
		from = image.Rect(0, 0, w, from.Dy()).Add(from.Min).Add(image.Pt((from.Dx()-w)/2, 0))
	} else {
		h := from.Dx() * at.Dy() / at.Dx()
		from = image.Rect(0, 0, from.Dx(), h).Add(from.Min).Add(image.Pt(0, (from.Dy()-h)/2))
	}
	scaled := image.NewRGBA(at)
	xdraw.CatmullRom.Scale(scaled, at, img, from, draw.Src, nil)
	mask := image.NewUniform(color.Alpha{level(255 * strength)})
	draw.DrawMask(p.Image, at, scaled, at.Min, mask, image.Point{}, draw.Over)
}

// Bar fills a rectangle.
func (p *Page) Bar(x, y, width, height float64, c color.Color) {
	draw.Draw(p.Image, image.Rect(pixels(x), pixels(y), pixels(x+width), pixels(y+height)), image.NewUniform(c), image.Point{}, draw.Src)
}
