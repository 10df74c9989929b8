// Package zone finds the machine-readable zone of a document in a photo, sets its
// lines straight, and has them read.
package zone

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"oneton/document/mrz"
	"oneton/document/ocr"
	"oneton/picture"
)

// Zone is one that was found and read.
type Zone struct {
	mrz.Result
	// Corners are around the lines in the picture, from the top left of the text
	// clockwise.
	Corners ocr.Quad
	// Turn is by how many degrees clockwise, 0, 90, 180 or 270, the picture is to be
	// turned for the zone to stand upright.
	Turn int
	// LineHeight is that of a line of OCR-B at six lines to the inch, in the picture's
	// pixels: 5/3 of the distance between characters.
	LineHeight float64
}

// Reader finds and reads zones. It may be used from any number of goroutines at
// once.
type Reader struct {
	ocr      *ocr.Reader
	alphabet *mrz.Alphabet
	glyphs   *glyphs
}

// New makes a reader of what reads text. It is mrz.ErrField when that knows not
// all characters of a zone.
func New(r *ocr.Reader) (*Reader, error) {
	a, err := mrz.NewAlphabet(r.Keys())
	if err != nil {
		return nil, err
	}
	return &Reader{r, a, newGlyphs()}, nil
}

// Limits of what is a zone, and of what is read of it.
const (
	// seeds is how many regions, the longest first, may be a line of a zone.
	seeds = 6
	// seedlike is the least length of such a piece in heights.
	seedlike = 3
	// least is the least LineHeight that is read.
	least = 20
	// legible is the least Fit of a zone; text that is none has less.
	legible = -0.12
	// clearly is the Fit from which on lines are not tried the other way up.
	clearly = -0.05
)

// views are the widths of a line's strips, in those that its height asks for.
var views = []float64{1, 2}

// Read finds the zone among the regions of text that were found in the picture,
// and reads it; now decides centuries. It is ErrNone where no lines lie as those of
// a zone do or read like one, and ErrSmall where the lines are; else its errors are
// those of what reads text.
func (r *Reader) Read(ctx context.Context, p *picture.Picture, regions []ocr.Region, now time.Time) (Zone, error) {
	longest := slices.Clone(regions)
	slices.SortStableFunc(longest, func(a, b ocr.Region) int { return cmp.Compare(b.Width(), a.Width()) })
	best := Zone{Result: mrz.Result{Fit: math.Inf(-1)}}
	longest = longest[:min(seeds, len(longest))]
	var none []lines
	for _, change := range []change{difference, contrast} {
		for _, seed := range longest {
			if seed.Width() < seedlike*seed.Height() || slices.ContainsFunc(none, func(l lines) bool { return l.have(seed) }) {
				continue
			}
			f, rows := rowsOf(p, seed, change)
			z, err := r.along(ctx, p, f, rows, now)
			switch {
			case err != nil:
				return Zone{}, err
			case z.Fit < legible:
				none = append(none, lines{f, rows})
				continue
			case z.LineHeight < least:
				return Zone{}, fmt.Errorf("%w: its lines are %.0f pixels high, and are read from %d on; take the photo from nearer, or with more pixels",
					ErrSmall, z.LineHeight, least)
			case z.State == mrz.Read:
				return z, nil
			}
			// Another line of the same zone sets all of them a little differently, which may
			// end a doubt.
			if z.State > best.State || z.State == best.State && z.Fit > best.Fit {
				best = z
			}
		}
	}
	if best.Fit < legible {
		return Zone{}, fmt.Errorf("%w: no lines of text in the photo read like one; take the photo so that it shows the whole document", ErrNone)
	}
	return best, nil
}

// along reads the rows along with a seed, either way up.
func (r *Reader) along(ctx context.Context, p *picture.Picture, f frame, rows []row, now time.Time) (Zone, error) {
	best := Zone{Result: mrz.Result{Fit: math.Inf(-1)}}
	for range 2 {
		read := map[row][]mrz.Line{}
		for _, run := range runs(rows) {
			z, err := r.run(ctx, p, f, run, read, now)
			if err != nil {
				return Zone{}, err
			}
			if z.Fit > best.Fit {
				best = z
			}
		}
		if best.Fit > clearly || best.State == mrz.Read {
			break
		}
		f = f.turned()
		turned := make([]row, len(rows))
		for i, row := range rows {
			turned[len(rows)-1-i] = row.turned()
		}
		rows = turned
	}
	return best, nil
}

// run reads rows as the lines of a zone: in one view, and where that leaves doubt in
// two.
func (r *Reader) run(ctx context.Context, p *picture.Picture, f frame, run []row, read map[row][]mrz.Line, now time.Time) (Zone, error) {
	from, to := run[0].from, run[0].to
	for _, row := range run {
		from, to = min(from, row.from), max(to, row.to)
	}
	glyphs := func(line int, places []float64) [][len(mrz.Characters)]float64 {
		return r.glyphs.look(p, f, run[line], straighten(places, from, to))
	}
	var res mrz.Result
	lines := make([][]mrz.Line, len(run))
	for n := range views {
		for i, row := range run {
			if len(read[row]) <= n {
				seen, err := r.look(ctx, p, f.quad(row, from, to, 1), views[n])
				if err != nil {
					return Zone{}, err
				}
				read[row] = append(read[row], seen)
			}
			lines[i] = read[row][:n+1]
		}
		var err error
		if res, err = mrz.Decode(lines, glyphs, now); err != nil {
			return Zone{Result: mrz.Result{Fit: math.Inf(-1)}}, nil //nolint:nilerr // rows that are no zone's are not a failure
		}
		if res.State == mrz.Read || res.Fit < legible {
			break
		}
	}
	z := Zone{Result: res, Turn: (4 - int(math.Round(math.Atan2(f.uy, f.ux)/(math.Pi/2)))) % 4 * 90}
	for i := range run {
		places := straighten(res.Places[i], from, to)
		pitch := (places[len(places)-1] - places[0]) / float64(len(places)-1)
		z.LineHeight += 5.0 / 3 * pitch / float64(len(run))
	}
	top, bottom := f.quad(run[0], from, to, 1), f.quad(run[len(run)-1], from, to, 1)
	z.Corners = ocr.Quad{top[0], top[1], bottom[2], bottom[3]}
	return z, nil
}

// look sees a line at so many times its width.
func (r *Reader) look(ctx context.Context, p *picture.Picture, q ocr.Quad, stretch float64) (mrz.Line, error) {
	_, probabilities, err := r.ocr.Probabilities(ctx, ocr.CutStretched(p, q, stretch).Raster)
	if err != nil {
		return mrz.Line{}, fmt.Errorf("read a zone's line: %w", err)
	}
	return r.alphabet.Fold(probabilities), nil
}
