package ocr

import (
	"cmp"
	"math"
	"slices"
)

// MaxRegions is the most that are found in one picture. An identity document has
// some forty.
const MaxRegions = 120

// The detector's map of probabilities becomes regions by these (PaddleOCR,
// configs/det/PP-OCRv5/PP-OCRv5_mobile_det.yml, and ppocr/postprocess/
// db_postprocess.py): a pixel of text has textLevel, a region's mean has
// regionLevel, and as the network learnt regions that are shrunk, they grow again
// by their area and unclip over their perimeter. Regions narrower than leastSide
// are noise, and of more than maxCandidates the largest count.
const (
	textLevel     = 0.3
	regionLevel   = 0.6
	unclip        = 1.5
	leastSide     = 3
	maxCandidates = 1000
)

// regions are the places of text in a map of probabilities, the largest first.
func regions(probability []float32, width, height int) []Region {
	found := components(probability, width, height)
	slices.SortStableFunc(found, func(a, b component) int { return cmp.Compare(b.size, a.size) })
	var all []Region
	for _, c := range found[:min(len(found), maxCandidates)] {
		box := leastRectangle(hull(c.outline))
		if min(box.Width(), box.Height()) < leastSide {
			continue
		}
		score := meanWithin(probability, width, height, box)
		if score < regionLevel {
			continue
		}
		grown := grow(box)
		if min(grown.Width(), grown.Height()) < leastSide+2 {
			continue
		}
		all = append(all, Region{Quad: reading(grown), Score: score})
	}
	slices.SortStableFunc(all, func(a, b Region) int { return cmp.Compare(area(b.Quad), area(a.Quad)) })
	return all[:min(len(all), MaxRegions)]
}

func area(q Quad) float64 { return q.Width() * q.Height() }

// component is a set of pixels of text that touch, by their sides or corners: the
// first and the last of each of its rows, and how many pixels it has.
type component struct {
	outline []Point
	size    int
}

// components are those of the pixels that reach textLevel.
func components(probability []float32, width, height int) []component {
	seen := make([]bool, len(probability))
	var all []component
	var stack []int
	for start, v := range probability {
		if seen[start] || !(v > textLevel) { // no NaN is
			continue
		}
		seen[start] = true
		stack = append(stack[:0], start)
		rows := map[int][2]int{}
		size := 0
		for len(stack) > 0 {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			size++
			x, y := at%width, at/width
			if ends, ok := rows[y]; ok {
				rows[y] = [2]int{min(ends[0], x), max(ends[1], x)}
			} else {
				rows[y] = [2]int{x, x}
			}
			for ny := max(0, y-1); ny <= min(height-1, y+1); ny++ {
				for nx := max(0, x-1); nx <= min(width-1, x+1); nx++ {
					if next := ny*width + nx; !seen[next] && probability[next] > textLevel {
						seen[next] = true
						stack = append(stack, next)
					}
				}
			}
		}
		c := component{size: size}
		for y, ends := range rows {
			c.outline = append(c.outline, Point{float64(ends[0]), float64(y)}, Point{float64(ends[1]), float64(y)})
		}
		all = append(all, c)
	}
	return all
}

// hull is the convex hull of points, by Andrew's monotone chain, in the order in
// which the cross product of successive sides is positive.
func hull(points []Point) []Point {
	slices.SortFunc(points, func(a, b Point) int { return cmp.Or(cmp.Compare(a.X, b.X), cmp.Compare(a.Y, b.Y)) })
	points = slices.Compact(points)
	if len(points) < 3 {
		return points
	}
	chain := func(from []Point) []Point {
		var side []Point
		for _, p := range from {
			for len(side) >= 2 && side[len(side)-1].minus(side[len(side)-2]).cross(p.minus(side[len(side)-1])) <= 0 {
				side = side[:len(side)-1]
			}
			side = append(side, p)
		}
		return side[:len(side)-1]
	}
	lower := chain(points)
	back := slices.Clone(points)
	slices.Reverse(back)
	return append(lower, chain(back)...)
}

// leastRectangle is the rectangle of the least area around a convex hull: one of
// its sides lies on one of the hull's (Freeman and Shapira, 1975).
func leastRectangle(hull []Point) Quad {
	if len(hull) == 1 {
		return Quad{hull[0], hull[0], hull[0], hull[0]}
	}
	var best Quad
	least := math.Inf(1)
	for i, p := range hull {
		side := hull[(i+1)%len(hull)].minus(p)
		across := side.times(1 / side.length())
		down := Point{-across.Y, across.X}
		left, right, top, bottom := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
		for _, q := range hull {
			x, y := q.dot(across), q.dot(down)
			left, right, top, bottom = min(left, x), max(right, x), min(top, y), max(bottom, y)
		}
		if a := (right - left) * (bottom - top); a < least {
			least = a
			at := func(x, y float64) Point { return across.times(x).plus(down.times(y)) }
			best = Quad{at(left, top), at(right, top), at(right, bottom), at(left, bottom)}
		}
	}
	return best
}

// grow moves a rectangle's sides outwards, as PaddleOCR does by an offset of the
// polygon and the rectangle around that.
func grow(q Quad) Quad {
	w, h := q.Width(), q.Height()
	by := w * h * unclip / (2 * (w + h))
	across, down := q[1].minus(q[0]).times(by/w), q[3].minus(q[0]).times(by/h)
	return Quad{
		q[0].minus(across).minus(down), q[1].plus(across).minus(down),
		q[2].plus(across).plus(down), q[3].minus(across).plus(down),
	}
}

// upended is how many times as high as wide a region is before it is a line that
// stands on its end (PaddleOCR, tools/infer/utility.py, get_rotate_crop_image).
const upended = 1.5

// reading is the rectangle from the corner where a reader of the picture as it is
// begins: the line goes to the right, or down where it is upended.
func reading(q Quad) Quad {
	best, at := math.Inf(1), 0
	for i := range q {
		// The corner whose next is furthest to the right and not up or down.
		if a := math.Abs(q.Turned(i).Angle()); a < best {
			best, at = a, i
		}
	}
	q = q.Turned(at)
	if q.Height() >= upended*q.Width() {
		q = q.Turned(3)
		if q.Angle() < 0 {
			q = q.Turned(2)
		}
	}
	return q
}

// meanWithin is the mean of the map's values at the pixels that a rectangle
// covers; 0 when it covers none.
func meanWithin(probability []float32, width, height int, q Quad) float64 {
	sum, n := 0.0, 0
	_, top, _, bottom := bounds(q)
	for y := max(0, int(math.Ceil(top))); y <= min(height-1, int(math.Floor(bottom))); y++ {
		left, right := span(q, float64(y))
		for x := max(0, int(math.Ceil(left))); x <= min(width-1, int(math.Floor(right))); x++ {
			sum += float64(probability[y*width+x])
			n++
		}
	}
	return sum / float64(max(n, 1))
}

func bounds(q Quad) (left, top, right, bottom float64) {
	left, top, right, bottom = q[0].X, q[0].Y, q[0].X, q[0].Y
	for _, p := range q[1:] {
		left, top, right, bottom = min(left, p.X), min(top, p.Y), max(right, p.X), max(bottom, p.Y)
	}
	return left, top, right, bottom
}

// span is from where to where a convex quad covers a row.
func span(q Quad, y float64) (left, right float64) {
	// Corners are sums of products: a row through one may miss it by rounding.
	const rounding = 1e-9
	left, right = math.Inf(1), math.Inf(-1)
	for i, a := range q {
		b := q[(i+1)%len(q)]
		if y < min(a.Y, b.Y)-rounding || y > max(a.Y, b.Y)+rounding {
			continue
		}
		ends := []float64{a.X, b.X}
		if math.Abs(b.Y-a.Y) > rounding {
			share := min(max((y-a.Y)/(b.Y-a.Y), 0), 1)
			ends = []float64{a.X + float64(share*(b.X-a.X))}
		}
		for _, x := range ends {
			left, right = min(left, x-rounding), max(right, x+rounding)
		}
	}
	return left, right
}
