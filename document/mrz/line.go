package mrz

import "math"

// symbols are the blank and the characters of a zone.
const symbols = 1 + len(Characters)

// Line is what a recogniser that is trained by connectionist temporal
// classification saw of a line: for each of its frames, from left to right, the
// probabilities of the blank and of each character.
type Line struct {
	frames [][symbols]float64
}

// Frames is how many there are.
func (l Line) Frames() int { return len(l.frames) }

// odds are logarithms of the probabilities of each character at a position.
type odds [len(Characters)]float64

// states are values by what a frame may show of a line: the blank before each
// position and after the last, and each position's characters. Those of positions
// outside of from and up to are 0.
type states struct {
	from, to int
	blank    []float64
	char     [][len(Characters)]float64
}

const (
	// tiny stands for probabilities that are lost in rounding.
	tiny = 1e-12
	// negligible is the share of a frame below which a position is left out: that
	// of eight characters which the network did not see at all.
	negligible = 1e-40
)

// masks are, by position, the indexes of the characters that it may hold.
type masks [][]int

func masksOf(classes []class) masks {
	m := make(masks, len(classes))
	for i, c := range classes {
		for k := range len(Characters) {
			if c.has(Characters[k]) {
				m[i] = append(m[i], k)
			}
		}
	}
	return m
}

// read tells, of a line whose characters are of these classes, the odds at each
// position, the frame at which each is expected to begin, and the logarithm of how likely such a line is altogether: the sum over all
// alignments, by the forward-backward algorithm (Graves and others, Connectionist
// Temporal Classification, 2006, section 4.1). A line that cannot be so has no
// odds.
func (l Line) read(classes []class) (positions []odds, places []float64, likelihood float64) {
	n, m := len(classes), masksOf(classes)
	forward := []states{{to: 1, blank: []float64{1}, char: make([][len(Characters)]float64, 1)}}
	scales := make([]float64, len(l.frames))
	for t := range l.frames {
		next, scale := forward[t].step(&l.frames[t], m)
		if scale == 0 {
			return nil, nil, math.Inf(-1)
		}
		scales[t] = scale
		likelihood += math.Log(scale)
		forward = append(forward, next)
	}
	end := states{from: n - 1, to: n + 1, blank: []float64{0, 1}, char: make([][len(Characters)]float64, 2)}
	for _, k := range m[n-1] {
		end.char[0][k] = 1
	}
	ended := forward[len(forward)-1].before(n)
	if ended == 0 {
		return nil, nil, math.Inf(-1)
	}
	likelihood += math.Log(ended)

	positions = make([]odds, n)
	places = make([]float64, n)
	for t := len(l.frames) - 1; t >= 0; t-- {
		p := &l.frames[t]
		for i := max(end.from, forward[t].from); i < min(end.to, forward[t].to+1, n); i++ {
			all := forward[t].before(i)
			after := end.at(i)
			for _, k := range m[i] {
				entered := p[k+1] * (all - forward[t].same(i, k)) * after[k] / scales[t]
				positions[i][k] += entered
				places[i] += float64(t) * entered
			}
		}
		end = end.back(p, m, scales[t], forward[t])
	}
	for i := range positions {
		total := 0.0
		for _, v := range positions[i] {
			total += v
		}
		if total == 0 {
			return nil, nil, math.Inf(-1)
		}
		places[i] /= total
		for k, v := range positions[i] {
			positions[i][k] = math.Log(max(v/total, tiny))
		}
	}
	return positions, places, likelihood
}

var nothing [len(Characters)]float64

// at are a position's characters.
func (s states) at(i int) *[len(Characters)]float64 {
	if i < s.from || i >= s.to {
		return &nothing
	}
	return &s.char[i-s.from]
}

// gap is the blank before a position.
func (s states) gap(i int) float64 {
	if i < s.from || i >= s.to {
		return 0
	}
	return s.blank[i-s.from]
}

// before is the sum of all states from which a position can be entered: the
// blank before it and the characters of the position before.
func (s states) before(i int) float64 {
	sum := s.gap(i)
	for _, v := range s.at(i - 1) {
		sum += v
	}
	return sum
}

// same is the part of before that a blank has to follow: the same character.
func (s states) same(i, k int) float64 { return s.at(i - 1)[k] }

// step makes the values at a frame from those at the frame before, scaled so
// that their sum is 1, and returns what it was.
func (s states) step(p *[symbols]float64, m masks) (next states, sum float64) {
	next.from, next.to = s.from, min(s.to+1, len(m)+1)
	next.blank = make([]float64, next.to-next.from)
	next.char = make([][len(Characters)]float64, next.to-next.from)
	for i := next.from; i < next.to; i++ {
		all := s.before(i)
		next.blank[i-next.from] = p[0] * all
		sum += p[0] * all
		if i == len(m) {
			break
		}
		stay, char := s.at(i), &next.char[i-next.from]
		for _, k := range m[i] {
			char[k] = p[k+1] * (stay[k] + all - s.same(i, k))
			sum += char[k]
		}
	}
	if sum == 0 {
		return next, 0
	}
	for i := range next.blank {
		next.blank[i] /= sum
		for k := range next.char[i] {
			next.char[i][k] /= sum
		}
	}
	next.trim()
	return next, sum
}

// trim leaves out what is negligible at both ends.
func (s *states) trim() {
	share := func(i int) float64 {
		sum := s.blank[i]
		for _, v := range s.char[i] {
			sum += v
		}
		return sum
	}
	for len(s.blank) > 1 && share(0) < negligible {
		s.blank, s.char = s.blank[1:], s.char[1:]
		s.from++
	}
	for last := len(s.blank) - 1; last > 0 && share(last) < negligible; last-- {
		s.blank, s.char = s.blank[:last], s.char[:last]
		s.to--
	}
}

// back makes what follows the states that a frame before has, of what follows
// those of a frame, in the same scale.
func (s states) back(p *[symbols]float64, m masks, scale float64, like states) states {
	before := states{from: like.from, to: like.to}
	before.blank = make([]float64, before.to-before.from)
	before.char = make([][len(Characters)]float64, before.to-before.from)
	for i := before.from; i <= min(before.to, len(m)); i++ {
		// onwards is what follows when the position is entered, or its blank kept.
		onwards := p[0] * s.gap(i)
		after := s.at(i)
		if i < len(m) {
			for _, k := range m[i] {
				onwards += p[k+1] * after[k]
			}
		}
		if i < before.to {
			before.blank[i-before.from] = onwards / scale
		}
		if i == before.from {
			continue
		}
		stay, char := s.at(i-1), &before.char[i-1-before.from]
		for _, k := range m[i-1] {
			char[k] = (p[k+1]*(stay[k]-after[k]) + onwards) / scale
		}
	}
	return before
}
