// Package zone finds the machine-readable zone of a document in a photo, sets its
// lines straight, and has them read.
package zone

import (
	"cmp"
	"context"
	"errors"
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

// Text reads strips of text, and finds lines that stand on end; see ocr.Reader.
type Text interface {
	Keys() []string
	Probabilities(ctx context.Context, strips []ocr.Strip, do func(strip int, p []float32)) error
	FindOnEnd(ctx context.Context, p *picture.Picture) ([]ocr.Region, error)
}

// Reader finds and reads zones. It may be used from any number of goroutines at
// once.
type Reader struct {
	text     Text
	alphabet *mrz.Alphabet
	glyphs   *glyphs
}

// New makes a reader of what reads text. It is mrz.ErrField when that knows not
// all characters of a zone.
func New(text Text) (*Reader, error) {
	a, err := mrz.NewAlphabet(text.Keys())
	if err != nil {
		return nil, err
	}
	return &Reader{text, a, newGlyphs()}, nil
}

// Limits of what is a zone, and of what is read of it.
const (
	// seeds is how many regions, the longest first, may be a line of a zone.
	seeds = 10
	// doubts is how often a zone is read that is not read without doubt: each time is
	// another chance of a mistake, too.
	doubts = 3
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
// those of what reads text. Where there is none among regions that stand on end, it
// looks for more of them.
func (r *Reader) Read(ctx context.Context, p *picture.Picture, regions []ocr.Region, now time.Time) (Zone, error) {
	z, err := r.among(ctx, p, regions, now)
	if !errors.Is(err, ErrNone) || !ocr.OnEnd(regions) {
		return z, err
	}
	if regions, err = r.text.FindOnEnd(ctx, p); err != nil {
		return Zone{}, fmt.Errorf("look for a zone that stands on end: %w", err)
	}
	return r.among(ctx, p, regions, now)
}

// among is Read among regions as they are.
func (r *Reader) among(ctx context.Context, p *picture.Picture, regions []ocr.Region, now time.Time) (Zone, error) {
	longest := slices.Clone(regions)
	slices.SortStableFunc(longest, func(a, b ocr.Region) int { return cmp.Compare(b.Width(), a.Width()) })
	best := Zone{Result: mrz.Result{Fit: math.Inf(-1)}}
	longest = longest[:min(seeds, len(longest))]
	var none []lines
	doubtful := 0
	for _, change := range []change{difference, contrast} {
		for _, seed := range longest {
			if seed.Width() < seedlike*seed.Height() || slices.ContainsFunc(none, func(l lines) bool { return l.have(seed) }) {
				continue
			}
			around, rows := rowsOf(p, seed, change)
			z, err := r.along(ctx, p, around.frame, around.runs(rows), now)
			switch {
			case err != nil:
				return Zone{}, err
			case z.Fit < legible:
				none = append(none, lines{around.frame, rows})
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
			if doubtful++; doubtful == doubts {
				return best, nil
			}
		}
	}
	if best.Fit < legible {
		return Zone{}, fmt.Errorf("%w: no lines of text in the photo read like one; take the photo so that it shows the whole document", ErrNone)
	}
	return best, nil
}

// stretch is a row between two places, where it was looked at.
type stretch struct {
	row
	from, to float64
}

// along reads the runs of rows along with a seed, either way up.
func (r *Reader) along(ctx context.Context, p *picture.Picture, f frame, runs [][]row, now time.Time) (Zone, error) {
	best := Zone{Result: mrz.Result{Fit: math.Inf(-1)}}
	for range 2 {
		read := map[stretch][]mrz.Line{}
		for _, run := range runs {
			z, err := r.run(ctx, p, f, run, read, now)
			if err != nil {
				return Zone{}, err
			}
			if z.State == mrz.Read {
				return z, nil
			}
			if z.Fit > best.Fit {
				best = z
			}
		}
		if best.Fit > clearly {
			break
		}
		f = f.turned()
		for i, run := range runs {
			runs[i] = turned(run)
		}
	}
	return best, nil
}

// run reads rows as the lines of a zone: in one view, and where that leaves doubt in
// two.
func (r *Reader) run(ctx context.Context, p *picture.Picture, f frame, run []row, read map[stretch][]mrz.Line, now time.Time) (Zone, error) {
	from, to := margins(run)
	glyphs := func(line int, places []float64) [][len(mrz.Characters)]float64 {
		return r.glyphs.look(p, f, run[line], straighten(places, from, to))
	}
	var res mrz.Result
	lines := make([][]mrz.Line, len(run))
	for n := range views {
		if err := r.look(ctx, p, f, run, views[:n+1], read); err != nil {
			return Zone{}, err
		}
		for i, row := range run {
			lines[i] = read[stretch{row, from, to}][:n+1]
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
	from, to = ends(run)
	top, bottom := f.quad(run[0], from, to, 1), f.quad(run[len(run)-1], from, to, 1)
	z.Corners = ocr.Quad{top[0], top[1], bottom[2], bottom[3]}
	return z, nil
}

// look sees the rows in the views that they were not yet read in, all at once.
func (r *Reader) look(ctx context.Context, p *picture.Picture, f frame, run []row, views []float64, read map[stretch][]mrz.Line) error {
	from, to := margins(run)
	var strips []ocr.Strip
	var of []stretch
	for _, row := range run {
		s := stretch{row, from, to}
		for _, by := range views[min(len(read[s]), len(views)):] {
			strips, of = append(strips, ocr.CutStretched(p, f.quad(row, from, to, 1), by)), append(of, s)
		}
	}
	seen := make([]mrz.Line, len(strips))
	if err := r.text.Probabilities(ctx, strips, func(i int, p []float32) { seen[i] = r.alphabet.Fold(p) }); err != nil {
		return fmt.Errorf("read a zone's lines: %w", err)
	}
	for i, s := range of {
		read[s] = append(read[s], seen[i])
	}
	return nil
}
