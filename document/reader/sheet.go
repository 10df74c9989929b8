package reader

import (
	"context"
	"errors"
	"math"
	"time"

	"oneton/document"
	"oneton/document/ocr"
	"oneton/document/zone"
	"oneton/face"
	"oneton/photo"
	"oneton/picture"
)

// sheet is the text of a photo, its machine-readable zone, and the direction in which
// both are read.
type sheet struct {
	lines []ocr.Region
	texts []ocr.Text
	// zone is nil when there is none that can be read, and coarse says that there is one
	// which is too small.
	zone   *zone.Zone
	coarse bool
	// across and down are unit vectors along the lines and to the next line.
	across, down ocr.Point
}

// budget is how many pixels of strips are read of one photo: a document has some 12,000,
// and each thousand takes a processor some tenth of a second.
const budget = 30_000

// readable is the height in pixels from which on text can be read.
const readable = 10

// sheet reads the photo's zone and, unless that says all, its text, the largest first,
// as far as the budget goes.
func (r *Reader) sheet(ctx context.Context, p *picture.Picture) (sheet, error) {
	s := sheet{across: ocr.Point{X: 1}, down: ocr.Point{Y: 1}}
	found, err := r.text.Find(ctx, p)
	if err != nil {
		return s, err
	}
	z, err := r.zones.Read(ctx, p, found, time.Now())
	switch {
	case err == nil:
		s.zone = &z
		s.direct([]ocr.Region{{Quad: z.Corners}})
		if document.Travels(z.Format) {
			return s, nil
		}
	case errors.Is(err, zone.ErrSmall):
		s.coarse = true
	case !errors.Is(err, zone.ErrNone):
		return s, err
	}
	if s.lines, _, err = r.text.Upright(ctx, p, found); err != nil {
		return s, err
	}
	if s.zone == nil {
		s.direct(s.lines)
	}
	var strips []ocr.Strip
	left := budget
	for _, l := range s.lines {
		strip := ocr.Cut(p, l.Quad)
		if left -= max(strip.Width, ocr.LeastStripWidth); left < 0 {
			break
		}
		strips = append(strips, strip)
	}
	s.lines = s.lines[:len(strips)]
	s.texts, err = r.text.Texts(ctx, strips)
	return s, err
}

// direct finds the direction that the lines have together, the longer ones more than
// the shorter ones.
func (s *sheet) direct(lines []ocr.Region) {
	var sum ocr.Point
	for _, l := range lines {
		a, w := l.Angle(), l.Width()
		sum.X += float64(w * math.Cos(a))
		sum.Y += float64(w * math.Sin(a))
	}
	if n := math.Hypot(sum.X, sum.Y); n > 0 {
		s.across = ocr.Point{X: sum.X / n, Y: sum.Y / n}
		s.down = ocr.Point{X: -s.across.Y, Y: s.across.X}
	}
}

// levelled are a point's coordinates along the lines and across them.
func (s *sheet) levelled(p ocr.Point) (x, y float64) {
	return float64(p.X*s.across.X) + float64(p.Y*s.across.Y), float64(p.X*s.down.X) + float64(p.Y*s.down.Y)
}

// box is that of a size around a point.
func (s *sheet) box(centre ocr.Point, width, height float64) face.Box {
	x, y := s.levelled(centre)
	return face.Box{X: float32(x - width/2), Y: float32(y - height/2), Width: float32(width), Height: float32(height)}
}

// level is a box of the photo among the lines.
func (s *sheet) level(b face.Box) face.Box {
	centre := ocr.Point{X: float64(b.X + b.Width/2), Y: float64(b.Y + b.Height/2)}
	return s.box(centre, float64(b.Width), float64(b.Height))
}

// faces are those found in the photo, among the lines.
func (s *sheet) faces(found photo.Result, p *picture.Picture) []photo.Face {
	var all []photo.Face
	for _, f := range found.Faces {
		f.Box = s.level(fromTurned(f.Box, f.Rotation, p.Width, p.Height))
		all = append(all, f)
	}
	return all
}

// legible is the confidence from which on a line is text of the document, for where it
// lies, and around is how far beyond its text a document reaches, as a share of the
// text's own width and height.
const (
	legible = 0.6
	around  = 0.4
)

// page is the text as document takes it.
func (s *sheet) page() document.Page {
	var page document.Page
	if s.zone != nil {
		page.Zone = &s.zone.Result
	}
	left, top, right, bottom := math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)
	for i, l := range s.lines {
		line := document.Line{
			Text: s.texts[i].String, Confidence: s.texts[i].Confidence, Least: s.texts[i].Least,
			Box: s.box(l.Centre(), l.Width(), l.Height()),
		}
		page.Lines = append(page.Lines, line)
		if line.Confidence < legible {
			continue
		}
		for _, c := range l.Quad {
			x, y := s.levelled(c)
			left, top, right, bottom = min(left, x), min(top, y), max(right, x), max(bottom, y)
		}
	}
	if len(s.lines) == 0 && s.zone != nil {
		page.Bounds = s.dataPage()
		return page
	}
	if w, h := right-left, bottom-top; w > 0 && h > 0 {
		page.Bounds = face.Box{
			X: float32(left - around*w), Y: float32(top - around*h),
			Width: float32(w * (1 + 2*around)), Height: float32(h * (1 + 2*around)),
		}
	}
	return page
}

// dataPage is where the page of a travel document is of which the zone is at the bottom:
// the zone has ten characters an inch, and the page is up to 125 by 88 millimetres and has
// some 10 beside the zone and below it (ICAO 9303, part 4, sections 4.2 and 4.3).
func (s *sheet) dataPage() face.Box {
	const pitch, width, height, margin = 2.54, 125, 88, 10
	q := s.zone.Corners
	millimetre := q.Width() / (float64(s.zone.Format.Length()) * pitch)
	left, bottom := s.levelled(q[3])
	return face.Box{
		X: float32(left - margin*millimetre), Y: float32(bottom - height*millimetre),
		Width: float32((width + margin) * millimetre), Height: float32((height + margin) * millimetre),
	}
}

// small says that there is text, most of which is too small, or a zone that is.
func (s *sheet) small() bool {
	if s.coarse {
		return true
	}
	n := 0
	for _, l := range s.lines {
		if l.Height() < readable {
			n++
		}
	}
	return n > len(s.lines)/2
}

// fromTurned brings a box of a photo that was turned clockwise by so many degrees back
// to the photo, whose sides are given.
func fromTurned(b face.Box, degrees, width, height int) face.Box {
	w, h := float32(width), float32(height)
	switch degrees {
	case 90:
		return face.Box{X: b.Y, Y: h - b.X - b.Width, Width: b.Height, Height: b.Width}
	case 180:
		return face.Box{X: w - b.X - b.Width, Y: h - b.Y - b.Height, Width: b.Width, Height: b.Height}
	case 270:
		return face.Box{X: w - b.Y - b.Height, Y: b.X, Width: b.Height, Height: b.Width}
	}
	return b
}
