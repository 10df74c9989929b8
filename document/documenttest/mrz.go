package documenttest

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"math/rand/v2"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"oneton/document/mrz"
)

// OCRBFile is where Debian's package fonts-ocr-b has the typeface of zones: its cut
// with sharp ends, since two characters of the round one are beyond Go's library.
const OCRBFile = "/usr/share/fonts/opentype/ocr-b/OCRBS.otf"

// OCRB is the typeface of zones. Its error says how to get it.
func OCRB() (Font, error) {
	f, err := os.ReadFile(OCRBFile)
	if err != nil {
		return nil, fmt.Errorf("read the typeface of zones: %w; apt-get install fonts-ocr-b brings it", err)
	}
	return f, nil
}

// How a zone is printed, in millimetres: ten characters to the inch (Doc 9303, part 3,
// section 4.1), lines a quarter of an inch apart, and what a line of OCR-B takes at
// six to the inch, which is what is called its height here.
const (
	Pitch      = 2.54
	Spacing    = 6.35
	LineHeight = 25.4 / 6
)

// sizes of the formats' pages in millimetres, and where their zones begin and the
// feet of their last line lie above the lower edge.
var sizes = map[mrz.Format]struct{ width, height, left, bottom float64 }{
	mrz.TD1:  {CardWidth, CardHeight, 4, 3.9},
	mrz.TD2:  {105, 74, 5, 6},
	mrz.TD3:  {125, 88, 6, 7.5},
	mrz.MRVA: {120, 80, 4, 7},
	mrz.MRVB: {105, 74, 5, 6},
}

// Zone is a page with a document's zone, and the place of the zone's middle.
type Zone struct {
	*Page
	X, Y float64
	// Width and Height are the page's, in millimetres.
	Width, Height float64
}

// Travel draws the page of a travel document: what is written for people, a
// portrait and its pale copy, unless it is nil, and the zone. The seed chooses how it
// is printed.
func Travel(d mrz.Document, ocrb Font, portrait image.Image, seed uint64) Zone {
	rng := rand.New(rand.NewPCG(seed, 3))
	size := sizes[d.Format]
	paper := color.RGBA{uint8(215 + rng.IntN(35)), uint8(215 + rng.IntN(35)), uint8(215 + rng.IntN(35)), 255}
	p := NewPage(size.width, size.height, paper, seed)
	blue := color.RGBA{uint8(rng.IntN(60)), uint8(rng.IntN(60)), uint8(60 + rng.IntN(90)), 255}
	lines := Lines(d)
	spacing := Spacing * (0.9 + 0.1*rng.Float64())
	top := size.height - size.bottom - spacing*float64(len(lines)-1)
	room := top - 5
	p.Text(size.left, 5, 2, Bold, blue, map[bool]string{true: "PASSPORT", false: "IDENTITY CARD"}[d.Format == mrz.TD3]+" / "+d.Issuer)
	if portrait != nil {
		p.Picture(size.left, 7, 0.62*(room-5), 0.8*(room-5), portrait, 1)
		p.Picture(size.width-size.left-12, 10, 10, 12, portrait, 0.35)
	}
	x := size.left + 0.68*(room-5)
	for i, f := range []string{d.Name.Surname, d.Name.Given, d.Nationality + "   " + d.Number, d.Birth.String() + "   " + d.Sex, d.Expiry.String()} {
		y := 9 + float64(i)*(room-7)/5
		p.Text(x, y, 1, Regular, blue, []string{"Surname", "Given names", "Nationality / Number", "Date of birth / Sex", "Date of expiry"}[i])
		p.Text(x, y+2.9, 1.7, Bold, Ink, f)
	}
	ink := color.RGBA{uint8(10 + rng.IntN(50)), uint8(10 + rng.IntN(50)), uint8(10 + rng.IntN(50)), 255}
	for i, line := range lines {
		p.typed(size.left, top+spacing*float64(i), ocrb, ink, line)
	}
	return Zone{
		Page: p, X: size.left + Pitch*float64(d.Format.Length())/2, Y: top + spacing*float64(len(lines)-1)/2 - 1.2,
		Width: size.width, Height: size.height,
	}
}

// typed writes a line of OCR-B, each character in its place.
func (p *Page) typed(x, y float64, f Font, ink color.Color, s string) {
	parsed, err := opentype.Parse(f)
	if err != nil {
		panic("documenttest: a font does not parse: " + err.Error())
	}
	// OCR-B's characters are as wide as this share of the font's size.
	const advance = 0.723
	face, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: Pitch * PerMillimetre / advance, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("documenttest: a font has no such size: " + err.Error())
	}
	defer face.Close()
	for i := range len(s) {
		at := fixed.Point26_6{
			X: fixed.Int26_6(64 * (x + Pitch*float64(i)) * PerMillimetre), Y: fixed.Int26_6(64 * y * PerMillimetre),
		}
		d := font.Drawer{Dst: p.Image, Src: image.NewUniform(ink), Face: face, Dot: at}
		d.DrawString(s[i : i+1])
	}
}

// Shoot photographs the page so that lines of its zone are so many pixels high
// where it lies flat, in a photo that the scene's Fill of it, 0.8 unless it is set,
// is the page.
func (z Zone) Shoot(lineHeight float64, s Scene) Shot {
	per := lineHeight / LineHeight
	sin, cos := math.Sincos(s.Degrees*math.Pi/180 + float64(s.Turn)*math.Pi/2)
	if s.Fill == 0 {
		s.Fill = 0.8
	}
	s.Width = int(per * (math.Abs(cos)*z.Width + math.Abs(sin)*z.Height) / s.Fill)
	s.Height = int(per * (math.Abs(sin)*z.Width + math.Abs(cos)*z.Height) / s.Fill)
	return Shoot(z.Page, s)
}
