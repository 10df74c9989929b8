package zone

import (
	"cmp"
	"math"
	"slices"

	"oneton/document/ocr"
	"oneton/picture"
)

// row is one line of text: a box along a direction that all rows of a zone share.
type row struct {
	// from and to are where it lies along the direction, and middle and slope its
	// middle line across it: at place x it is at middle + slope·x.
	from, to      float64
	middle, slope float64
	height        float64
}

func (r row) length() float64 { return r.to - r.from }

func (r row) at(x float64) float64 { return r.middle + float64(r.slope*x) }

// frame is a direction in a picture and the one across it.
type frame struct {
	ux, uy float64
}

func direction(angle float64) frame {
	sin, cos := math.Sincos(angle)
	return frame{cos, sin}
}

// to is a place in the frame, and back the place of the picture.
func (f frame) to(p ocr.Point) (along, across float64) {
	return float64(p.X*f.ux) + float64(p.Y*f.uy), float64(p.Y*f.ux) - float64(p.X*f.uy)
}

func (f frame) back(along, across float64) ocr.Point {
	return ocr.Point{X: float64(along*f.ux) - float64(across*f.uy), Y: float64(along*f.uy) + float64(across*f.ux)}
}

// turned is the frame the other way up.
func (f frame) turned() frame { return frame{-f.ux, -f.uy} }

// turned are rows the other way up, from top to bottom.
func turned(rows []row) []row {
	all := make([]row, len(rows))
	for i, r := range rows {
		all[len(rows)-1-i] = row{from: -r.to, to: -r.from, middle: -r.middle, slope: r.slope, height: r.height}
	}
	return all
}

// quad is the row's box from one place along the direction to another, grown to so
// many times its height.
func (f frame) quad(r row, from, to, grown float64) ocr.Quad {
	half := float64(0.5*grown) * r.height
	// The sides stand at right angles to the row's middle.
	n := math.Sqrt(1 + float64(r.slope*r.slope))
	dx, dy := -float64(r.slope*half)/n, half/n
	at := func(x, sign float64) ocr.Point { return f.back(x+float64(sign*dx), r.at(x)+float64(sign*dy)) }
	return ocr.Quad{at(from, -1), at(to, -1), at(to, 1), at(from, 1)}
}

// lines are the rows that were found along with a seed.
type lines struct {
	frame
	rows []row
}

// have says whether a seed lies in one of the lines, and along it.
func (l lines) have(seed ocr.Region) bool {
	const aligned = 0.05 // radians
	if math.Abs(math.Sin(seed.Angle()-math.Atan2(l.uy, l.ux))) > aligned {
		return false
	}
	x, y := l.to(seed.Centre())
	return slices.ContainsFunc(l.rows, func(r row) bool {
		return x > r.from && x < r.to && math.Abs(y-r.at(x)) < r.height/2
	})
}

// Rows are sought in a raster along the seed in which its height is tall pixels, and
// which reaches so many heights above and below.
const (
	tall  = 16
	reach = 6
)

// raster is the neighbourhood of a seed: how much the grey changes along the
// direction, which it does wherever there are characters, fillers included.
type raster struct {
	frame
	width, height int
	// scale is the picture's pixels for one, and along and across the place of the
	// first.
	scale, along, across float64
	grey, change         []float32
}

// change is how much grey levels differ.
type change func(a, b float32) float64

// difference is in levels, and contrast in shares, which shadow leaves as they are.
func difference(a, b float32) float64 { return math.Abs(float64(a - b)) }

// dim is added to levels whose shares count, so that what is nearly black is not all
// change.
const dim = 16

func contrast(a, b float32) float64 {
	return math.Abs(math.Log((float64(a) + dim) / (float64(b) + dim)))
}

// around looks at the seed's neighbourhood, as far as the picture goes.
func around(p *picture.Picture, f frame, seed ocr.Region, by change) raster {
	r := raster{frame: f, scale: seed.Height() / tall}
	_, y := f.to(seed.Centre())
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range []ocr.Point{{}, {X: float64(p.Width)}, {Y: float64(p.Height)}, {X: float64(p.Width), Y: float64(p.Height)}} {
		x, _ := f.to(c)
		low, high = min(low, x), max(high, x)
	}
	const widest = 4000
	r.along, r.across = low, y-float64(reach*seed.Height())
	r.width, r.height = min(int((high-low)/r.scale), widest), 2*reach*tall
	grey := picture.NewRaster(max(r.width, 1), r.height)
	origin := f.back(r.along, r.across)
	p.WarpRepeating(grey, picture.Affine{
		A: float64(f.ux * r.scale), B: -float64(f.uy * r.scale), C: origin.X,
		D: float64(f.uy * r.scale), E: float64(f.ux * r.scale), F: origin.Y,
	})
	r.grey, r.change = grey.G, make([]float32, len(grey.G))
	for y := range r.height {
		line, out := grey.G[y*grey.Width:(y+1)*grey.Width], r.change[y*grey.Width:]
		for x := 1; x+1 < len(line); x++ {
			out[x] = float32(by(line[x+1], line[x-1]))
		}
	}
	return r
}

// columns are the mean changes of each column of a band around a row, over a window
// of two characters.
func (r raster) columns(middle, slope float64, half int) []float64 {
	sums := make([]float64, r.width)
	for x := range sums {
		centre := int(math.Round(middle + float64(slope*float64(x))))
		for y := max(0, centre-half); y <= min(r.height-1, centre+half); y++ {
			sums[x] += float64(r.change[y*r.width+x]) / float64(2*half+1)
		}
	}
	return smooth(sums, tall*3/4)
}

// smooth is the mean over so many values on either side.
func smooth(v []float64, half int) []float64 {
	sums := make([]float64, len(v)+1)
	for i, x := range v {
		sums[i+1] = sums[i] + x
	}
	out := make([]float64, len(v))
	for i := range v {
		from, to := max(0, i-half), min(len(v), i+half+1)
		out[i] = (sums[to] - sums[from]) / float64(to-from)
	}
	return out
}

// weak is the share of a line's change below which it ends.
const weak = 0.35

// extent goes on from both ends of a piece of a line while there is as much change as
// in it.
func (r raster) extent(middle, slope float64, from, to int) (int, int) {
	c := r.columns(middle, slope, tall/4)
	from, to = min(max(from, 0), len(c)-1), min(max(to, 1), len(c))
	if from >= to {
		return from, from
	}
	level := slices.Sorted(slices.Values(c[from:to]))[(to-from)/2] * weak
	for from > 0 && c[from-1] > level {
		from--
	}
	for to < len(c) && c[to] > level {
		to++
	}
	// What the window adds on either side is not of the line.
	return from + tall/2, to - tall/2
}

// profile is the mean change of each line of the raster between two places, with
// lines that slope.
func (r raster) profile(slope float64, from, to int) []float64 {
	sums := make([]float64, r.height)
	centre := float64(from+to) / 2
	for x := from; x < to; x++ {
		shift := int(math.Round(slope * (float64(x) - centre)))
		for y := max(0, -shift); y < min(r.height, r.height-shift); y++ {
			sums[y] += float64(r.change[(y+shift)*r.width+x])
		}
	}
	for i := range sums {
		sums[i] /= float64(max(1, to-from))
	}
	return smooth(sums, 1)
}

// steepest is the most that a row may slope against its seed.
const steepest = 0.06

// slope is that at which the profile of the raster between two places is sharpest.
func (r raster) slope(from, to int) float64 {
	best, sharpest := 0.0, 0.0
	for s := -steepest; s <= steepest; s += 0.004 {
		sum := 0.0
		p := r.profile(s, from, to)
		for i := 1; i < len(p); i++ {
			sum += float64((p[i] - p[i-1]) * (p[i] - p[i-1]))
		}
		if sum > sharpest {
			best, sharpest = s, sum
		}
	}
	return best
}

// rowsOf are the lines of text along with the seed and near it that are as long as a
// zone's, from top to bottom.
func rowsOf(p *picture.Picture, seed ocr.Region, by change) (raster, []row) {
	f := direction(seed.Angle())
	r := around(p, f, seed, by)
	x, _ := f.to(seed.Centre())
	place := func(v float64) int { return int((v - r.along) / r.scale) }
	from, to := r.extent(reach*tall, 0, place(x-seed.Width()/2), place(x+seed.Width()/2))
	if to-from < elongated*tall/2 {
		return r, nil
	}
	slope := r.slope(from, to)
	centre := float64(from+to) / 2
	from, to = r.extent(reach*tall-float64(slope*(centre-float64(place(x)))), slope, from, to)
	profile := r.profile(slope, from, to)
	peak := 0.0
	for y := (reach - 1) * tall; y < (reach+1)*tall; y++ {
		peak = max(peak, profile[y])
	}
	var rows []row
	for y := 0; y < len(profile); y++ {
		top := y
		for y < len(profile) && profile[y] > 0.45*peak {
			y++
		}
		if high := y - top; high >= tall/3 && high <= tall*3/2 {
			if one, ok := r.row(float64(top+y-1)/2, slope, float64(high), from, to); ok {
				rows = append(rows, one)
			}
		}
	}
	return r, rows
}

// row is the line whose middle and height, of its capitals, the profile tells
// between two places.
func (r raster) row(middle, slope, high float64, from, to int) (row, bool) {
	centre := float64(from+to) / 2
	first := middle - float64(slope*centre)
	// Its own slope is that of the middles of its two halves.
	half := (to - from) / 2
	left := r.centre(middle-float64(slope*float64(half/2)), slope, from, from+half)
	right := r.centre(middle+float64(slope*float64(half/2)), slope, from+half, to)
	if half > 0 {
		own := (right - left) / float64(half)
		if math.Abs(own-slope) < steepest/4 {
			slope, middle = own, (left+right)/2
			first = middle - float64(slope*centre)
		}
	}
	begin, end := r.extent(first, slope, from, to)
	if end-begin < elongated*tall {
		return row{}, false
	}
	return row{
		from: r.along + float64(float64(begin)*r.scale), to: r.along + float64(float64(end)*r.scale),
		middle: r.across + float64(first*r.scale) - float64(slope*r.along), slope: slope,
		height: float64(grown*high) * r.scale,
	}, true
}

// grown is the height of a strip, by that of the capitals in it, at which the
// recogniser learnt to read.
const grown = 1.45

// centre is where across the direction a row lies that is near a place.
func (r raster) centre(near, slope float64, from, to int) float64 {
	p := r.profile(slope, from, to)
	sum, moment := 0.0, 0.0
	least := slices.Min(p)
	for y := max(0, int(near)-tall/2); y <= min(len(p)-1, int(near)+tall/2+1); y++ {
		v := p[y] - least
		sum += v
		moment += float64(v * float64(y))
	}
	if sum == 0 {
		return near
	}
	return moment / sum
}

// The limits by which rows are lines of a zone.
const (
	// elongated is the least length of a line in heights of its text's box; those of
	// zones have 20 and more.
	elongated = 12
	// nearby is the greatest distance between neighbouring lines in such heights, and
	// alike the least length of a line as a share of the longest's.
	nearby = 2.6
	alike  = 0.6
)

// runs are the ways to take three rows or two of the raster, one below the other, as
// a zone's lines: as far as the longest goes, and where print beside the document goes on
// from one of them, as far as all do.
func (r raster) runs(rows []row) [][]row {
	var all [][]row
	for n := 3; n >= 2; n-- {
		for i := range len(rows) - n + 1 {
			run := rows[i : i+n]
			if !together(run) {
				continue
			}
			if r.pitched(run) {
				all = append(all, run)
			}
			if inner := clipped(run); inner != nil && r.pitched(inner) {
				all = append(all, inner)
			}
		}
	}
	return all
}

// clipped are rows as far as all of them go, or nil where that is nearly as far as the
// longest goes.
func clipped(run []row) []row {
	from, to := ends(run)
	inner := slices.Clone(run)
	low, high := from, to
	for _, row := range run {
		low, high = max(low, row.from), min(high, row.to)
	}
	if max(low-from, to-high) < meanHeight(run) {
		return nil
	}
	for i := range inner {
		inner[i].from, inner[i].to = low, high
	}
	return inner
}

// ends are where the longest of the rows lie along the direction.
func ends(run []row) (from, to float64) {
	from, to = run[0].from, run[0].to
	for _, row := range run {
		from, to = min(from, row.from), max(to, row.to)
	}
	return from, to
}

// margin is by how many of their heights rows are read beyond their ends: the change
// along a line tells those only nearly, one that begins with I or L seems to begin after
// it, and recognisers misread what is cut off.
const margin = 0.5

// margins are the ends with a margin.
func margins(run []row) (from, to float64) {
	from, to = ends(run)
	by := margin * meanHeight(run)
	return from - by, to + by
}

// together says whether rows may be the lines of one zone.
func together(run []row) bool {
	longest := slices.MaxFunc(run, func(a, b row) int { return cmp.Compare(a.length(), b.length()) })
	x := (longest.from + longest.to) / 2
	for i, r := range run {
		if r.length() < alike*longest.length() {
			return false
		}
		if i > 0 && r.at(x)-run[i-1].at(x) > nearby*longest.height {
			return false
		}
	}
	return true
}
