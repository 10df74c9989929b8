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
	// The pattern is sin(3.1·a·u + 2·sin(0.35·v + c)) · sin(2.7·b·v + 2.5·sin(0.22·u)), of
	// sines and cosines of columns and of rows.
	type waves struct{ sinU, cosU, sinBend, cosBend float64 }
	columns := make([]waves, p.Image.Rect.Max.X)
	for x := range columns {
		u := float64(x) / PerMillimetre
		w := &columns[x]
		w.sinU, w.cosU = math.Sincos(3.1 * a * u)
		w.sinBend, w.cosBend = math.Sincos(2.5 * math.Sin(0.22*u))
	}
	for y := range p.Image.Rect.Max.Y {
		v := float64(y) / PerMillimetre
		sinBend, cosBend := math.Sincos(2 * math.Sin(0.35*v+c))
		sinV, cosV := math.Sincos(2.7 * b * v)
		row := p.Image.Pix[y*p.Image.Stride:]
		for x, w := range columns {
			shade := 7 * (w.sinU*cosBend + w.cosU*sinBend) * (sinV*w.cosBend + cosV*w.sinBend)
			pix := row[4*x : 4*x+4]
			pix[0], pix[1], pix[2], pix[3] = level(float64(paper.R)+shade), level(float64(paper.G)+0.5*shade), level(float64(paper.B)-shade), 255
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
// proportions is cut off, at both sides or at the bottom, so that heads stay. Strength is from 0, nothing, to 1; a ghost picture has less.
func (p *Page) Picture(x, y, width, height float64, img image.Image, strength float64) {
	at := image.Rect(pixels(x), pixels(y), pixels(x+width), pixels(y+height))
	from := img.Bounds()
	if w := from.Dy() * at.Dx() / at.Dy(); w < from.Dx() {
		from = image.Rect(0, 0, w, from.Dy()).Add(from.Min).Add(image.Pt((from.Dx()-w)/2, 0))
	} else {
		h := from.Dx() * at.Dy() / at.Dx()
		from = image.Rect(0, 0, from.Dx(), h).Add(from.Min)
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

// Letter is a sheet of paper of the size that is full of print, as what documents lie
// on in photos; the seed chooses what it says.
func Letter(width, height float64, seed uint64) *Page {
	p := NewPage(width, height, White, seed)
	rng := rand.New(rand.NewPCG(seed, 4))
	for y := 8.0; y < height-4; y += 5.5 {
		p.Text(6, y, 2.2, []Font{Regular, Bold, Mono}[rng.IntN(3)], Ink, prose(rng, int(width/1.5)))
	}
	return p
}
