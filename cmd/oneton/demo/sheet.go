package demo

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
)

// Sizes of the contact sheet, in pixels.
const (
	sheetWidth     = 1536
	sheetMargin    = 40
	gap            = 20
	portraitWidth  = (sheetWidth - 2*sheetMargin - 5*gap) / 6
	portraitHeight = 280
	groupWidth     = (sheetWidth - 2*sheetMargin - gap) / 2
	groupHeight    = 440
	captionHeight  = 84
	headerHeight   = 130
	sectionHeight  = 48
)

var (
	paper = color.RGBA{0xf8, 0xfa, 0xfc, 0xff}
	ink   = color.RGBA{0x0f, 0x17, 0x2a, 0xff}
	faint = color.RGBA{0x64, 0x74, 0x8b, 0xff}
	known = color.RGBA{0x15, 0x80, 0x3d, 0xff}
	other = color.RGBA{0x33, 0x4e, 0x8a, 0xff}
	wrong = color.RGBA{0xdc, 0x26, 0x26, 0xff}
)

// card is one photo on the sheet.
type card struct {
	photo  photo
	title  string
	answer string
	note   string
	ink    color.Color
	marks  []mark
}

// mark is a face on a card.
type mark struct {
	box  box
	text string
	ink  color.Color
}

// writeSheet draws everyone enrolled and every answer, each face in a box with
// a name: green is a person, blue a stranger, red a wrong answer.
func writeSheet(path string, people []enrolled, results []result) error {
	var faces, portraits, groups []card
	searched := 0
	for _, p := range people {
		faces = append(faces, card{
			photo: p.photo, title: p.origin(), answer: p.name, note: fmt.Sprintf("%.0f ms", p.timings.Total), ink: ink,
			marks: []mark{{box: p.box, ink: faint}},
		})
	}
	for _, r := range results {
		searched += len(r.faces)
		if r.group {
			groups = append(groups, r.card())
		} else {
			portraits = append(portraits, r.card())
		}
	}
	height := headerHeight + 2*sectionHeight + rows(faces, 6)*(portraitHeight+captionHeight) +
		rows(portraits, 6)*(portraitHeight+captionHeight) + rows(groups, 2)*(groupHeight+captionHeight) + sheetMargin/2
	c, err := newCanvas(sheetWidth, height, paper)
	if err != nil {
		return err
	}
	c.text(sheetMargin, 70, "Who is this, if anyone I know?", c.title, ink)
	c.text(sheetMargin, 102, fmt.Sprintf("%d people enrolled, %d photos with %d faces searched through the REST API",
		len(people), len(results), searched), c.plain, faint)
	y := c.section(headerHeight, "Enrolled", faces, portraitWidth, portraitHeight)
	y = c.section(y, "Searched", portraits, portraitWidth, portraitHeight)
	if len(groups) > 0 {
		c.section(y-sectionHeight, "", groups, groupWidth, groupHeight)
	}
	var encoded bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := encoder.Encode(&encoded, c.RGBA); err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make its folder: %w", err)
	}
	return os.WriteFile(path, encoded.Bytes(), 0o644)
}

func rows(cards []card, across int) int { return (len(cards) + across - 1) / across }

// card is the result as the sheet shows it.
func (r result) card() card {
	c := card{photo: r.photo, title: r.title(), ink: other, note: fmt.Sprintf("%.0f ms", r.timings.Total)}
	names := 0
	for i, f := range r.faces {
		m := mark{box: f.Probe.Box, text: f.Match, ink: other}
		if len(f.Candidates) > 0 {
			best := f.Candidates[0]
			names++
			m.text, m.ink = fmt.Sprintf("%s %.2f", best.Metadata["name"], best.Cosine), known
			c.ink, c.answer = known, best.Metadata["name"]
			c.note = fmt.Sprintf("cosine %.2f, score %.0f, %.0f ms", best.Cosine, best.Score, r.timings.Total)
		} else if names == 0 {
			c.answer = f.Match
		}
		if !r.right(i) {
			m.ink = wrong
		}
		c.marks = append(c.marks, m)
	}
	switch {
	case len(r.faces) == 0:
		c.answer, c.note, c.ink = "no face", "", faint
	case r.group:
		c.answer = fmt.Sprintf("%d of %d known", names, len(r.faces))
		c.note = fmt.Sprintf("%.0f ms for all faces", r.timings.Total)
	}
	if r.wrong() != nil {
		c.ink = wrong
	}
	return c
}

// section draws cards of one size in rows from y down, and returns where the
// next section begins.
func (c *canvas) section(y int, title string, cards []card, width, height int) int {
	c.text(sheetMargin, y+28, title, c.bold, ink)
	y += sectionHeight
	x := sheetMargin
	for i, card := range cards {
		if x+width > sheetWidth-sheetMargin {
			x, y = sheetMargin, y+height+captionHeight
		}
		r := image.Rect(x, y, x+width, y+height)
		c.card(r, card)
		x += width + gap
		if i == len(cards)-1 {
			y += height + captionHeight
		}
	}
	return y
}

func (c *canvas) card(r image.Rectangle, d card) {
	window := d.window(r.Dx(), r.Dy())
	c.fill(r, color.Black)
	c.picture(r, d.photo.image, window)
	scale := float64(r.Dx()) / float64(window.Dx())
	for _, m := range d.marks {
		b := image.Rect(
			r.Min.X+int(scale*(m.box.X-float64(window.Min.X))),
			r.Min.Y+int(scale*(m.box.Y-float64(window.Min.Y))),
			r.Min.X+int(scale*(m.box.X+m.box.Width-float64(window.Min.X))),
			r.Min.Y+int(scale*(m.box.Y+m.box.Height-float64(window.Min.Y))),
		).Intersect(r)
		c.frame(b, 3, m.ink)
		if m.text != "" {
			c.tag(b.Min.X, b.Min.Y, m.text, m.ink, r)
		}
	}
	c.text(r.Min.X, r.Max.Y+24, d.title, c.plain, faint)
	c.text(r.Min.X, r.Max.Y+46, d.answer, c.bold, d.ink)
	c.text(r.Min.X, r.Max.Y+67, d.note, c.plain, faint)
}

// window is the part of the photo that a card of this size shows: about the
// faces when there are any, otherwise about the middle.
func (d card) window(width, height int) image.Rectangle {
	// How much of the card's width the faces take, how far down their middle
	// is, and how far down their top is at least.
	const share, middle, top = 0.45, 0.45, 0.08
	b := d.photo.image.Bounds()
	aspect := float64(width) / float64(height)
	w := min(float64(b.Dx()), aspect*float64(b.Dy()))
	x, y := float64(b.Dx())/2, float64(b.Dy())/2
	if len(d.marks) > 0 {
		faces := d.marks[0].box
		for _, m := range d.marks[1:] {
			faces = faces.union(m.box)
		}
		w = min(w, faces.Width/share)
		h := w / aspect
		x = faces.X + faces.Width/2
		y = min(faces.Y+faces.Height/2+(0.5-middle)*h, faces.Y+(0.5-top)*h)
	}
	h := w / aspect
	x = max(w/2, min(x, float64(b.Dx())-w/2))
	y = max(h/2, min(y, float64(b.Dy())-h/2))
	return image.Rect(int(x-w/2), int(y-h/2), int(x+w/2), int(y+h/2)).Add(b.Min)
}

func (b box) union(o box) box {
	x, y := min(b.X, o.X), min(b.Y, o.Y)
	return box{X: x, Y: y, Width: max(b.X+b.Width, o.X+o.Width) - x, Height: max(b.Y+b.Height, o.Y+o.Height) - y}
}
