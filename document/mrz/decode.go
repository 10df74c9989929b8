package mrz

import (
	"fmt"
	"math"
	"time"
)

// State is how far a decoded zone may be trusted.
type State int

const (
	// Unsure is a zone of which no likely reading satisfies the check digits, the
	// calendar and the lists of countries. What is told of it is what it most
	// looks like.
	Unsure State = iota
	// Ambiguous is a zone of which readings that satisfy all of that are nearly
	// as likely as each other. It validates nothing by itself.
	Ambiguous
	// Read is a zone with one likely reading that satisfies all of that.
	Read
)

// String names the state.
func (s State) String() string {
	return map[State]string{Unsure: "unsure", Ambiguous: "ambiguous", Read: "read"}[s]
}

// Result is a decoded zone.
type Result struct {
	Document
	State State
	// Ratio is the logarithm of how many times likelier the reading is than the
	// next that satisfies the check digits and lists as well; Repair is that of
	// how many times likelier the zone's likeliest reading is without regard to
	// them.
	Ratio, Repair float64
	// Fit is how clearly a zone is seen: the mean, over its characters, of the
	// logarithm of the probability of the likeliest that may be there. It is at most 0,
	// and far less for what is no zone, or one upside down.
	Fit float64
	// Places are, by lines, the share of the first view's frames at which each
	// character is expected.
	Places [][]float64
}

// Limits of what is Read; docs/adr/0030 says how they follow from data.
const (
	// Surely is the least Ratio.
	Surely = 5
	// Repaired is the greatest Repair: that of one character, about which one of two
	// views is wrong and as sure as it may be.
	Repaired = 11
	// resembling is the least, and blank the most, mean by characters of the
	// logarithm of how many times likelier all alignments of a format are than the
	// frames' likeliest symbols: less is text of another kind, and more is where the
	// recogniser sees next to nothing.
	resembling = -0.8
	blank      = 0.3
)

// Glyphs look at the characters of a line again, one by one, once it is known how
// many there are and where: at which share of the first view's frames each is
// expected. They are told as logarithms of probabilities, by
// the order of Characters; none is no second look.
type Glyphs func(line int, places []float64) [][len(Characters)]float64

// Decode reads a zone from what a recogniser saw of its lines, from top to
// bottom: of each line, one view or several, which count alike. The format is
// that which the lines fit best. Glyphs, which may be nil, are independent
// evidence of each character: the probabilities of both are multiplied. Now decides
// centuries. It is ErrFormat where no format has so many lines, or so few frames for
// its characters, or where the lines are far from reading like any format's.
func Decode(lines [][]Line, glyphs Glyphs, now time.Time) (Result, error) {
	best := evidence{fit: math.Inf(-1)}
	for _, f := range Formats() {
		if f.Lines() == len(lines) {
			if e := weigh(f, lines); e.fit > best.fit {
				best = e
			}
		}
	}
	if math.IsInf(best.fit, -1) {
		return Result{}, fmt.Errorf("%w: %d lines, of which no format could have been seen so", ErrFormat, len(lines))
	}
	if best.fit < resembling || best.fit > blank {
		return Result{}, fmt.Errorf("%w: %d lines that read like no format's", ErrFormat, len(lines))
	}
	if glyphs != nil {
		best.look(glyphs)
	}
	return best.decide(now), nil
}

// evidence is what views of all lines tell, if they are of the format.
type evidence struct {
	format Format
	lines  [][]odds
	places [][]float64
	fit    float64
}

// weigh reads the lines as the format's.
func weigh(f Format, lines [][]Line) evidence {
	e := evidence{format: f}
	for n, views := range lines {
		classes := make([]class, f.Length())
		for _, fd := range layouts[f].fields {
			if fd.line == n {
				for i := fd.from; i < fd.to; i++ {
					classes[i] = fd.class
				}
			}
		}
		mean := make([]odds, f.Length())
		for i, view := range views {
			positions, places, likelihood := view.read(classes)
			if i == 0 {
				frames := float64(len(view.frames))
				for k := range places {
					places[k] /= frames
				}
				e.places = append(e.places, places)
			}
			for i := range positions {
				for k, v := range positions[i] {
					mean[i][k] += v / float64(len(views))
				}
			}
			e.fit += (likelihood - view.free()) / float64(len(views)*f.Lines()*f.Length())
		}
		for i := range mean {
			mean[i].normalise()
		}
		e.lines = append(e.lines, mean)
	}
	return e
}

// look adds what the glyphs tell.
func (e evidence) look(glyphs Glyphs) {
	for n, line := range e.lines {
		for i, told := range glyphs(n, e.places[n]) {
			for k, v := range told {
				line[i][k] += v
			}
			line[i].normalise()
		}
	}
}

// free is the logarithm of the probability of each frame's likeliest symbol.
func (l Line) free() float64 {
	sum := 0.0
	for _, f := range l.frames {
		best := 0.0
		for _, v := range f {
			best = max(best, v)
		}
		sum += math.Log(best)
	}
	return sum
}

func (o *odds) normalise() {
	sum := 0.0
	for _, v := range o {
		sum += math.Exp(v)
	}
	for k := range o {
		o[k] -= math.Log(sum)
	}
}

// group is fields that are read together, under a rule.
type group struct {
	fields []field
	rule   rule
}

// decide finds the likeliest reading that satisfies everything.
func (e evidence) decide(now time.Time) Result {
	free, _ := e.reading(0, false)
	best, second := reading{log: math.Inf(-1)}, math.Inf(-1)
	for n := range e.longest() + 1 {
		r, next := e.reading(n, true)
		second = max(second, min(r.log, best.log), next)
		if r.log > best.log {
			best = r
		}
	}
	res := Result{Fit: free.log / float64(e.format.Lines()*e.format.Length()), Places: e.places}
	if math.IsInf(best.log, -1) {
		res.Document = zone{e.format, free.lines}.document(now)
		return res
	}
	res.Document = zone{e.format, best.lines}.document(now)
	res.Ratio, res.Repair = best.log-second, max(0, free.log-best.log)
	switch {
	case res.Verify() != nil:
	case res.Ratio < Surely || res.Repair > Repaired:
		res.State = Ambiguous
	default:
		res.State = Read
	}
	return res
}

// longest is the most characters of a long number that may be in the optional
// data, as far as the number's check digit may be a filler.
func (e evidence) longest() int {
	if !e.format.continues() {
		return 0
	}
	check, _ := e.format.check(numberPart)
	at := e.lines[check.line][check.from]
	best := math.Inf(-1)
	for k := 1; k < len(at); k++ {
		best = max(best, at[k])
	}
	if at[0] < best-Repaired {
		return 0
	}
	f, _ := e.format.field(optionalPart)
	return f.to - f.from - len("0<")
}

// reading is the lines of one and the logarithm of its probability.
type reading struct {
	lines []string
	log   float64
}

// reading finds the likeliest, and how likely the next one is, when so many
// characters of the number are in the optional data: of those that satisfy
// everything, or of all.
func (e evidence) reading(continued int, satisfying bool) (best reading, next float64) {
	lines := make([][]byte, len(e.lines))
	for i := range lines {
		lines[i] = make([]byte, e.format.Length())
	}
	gap := math.Inf(1)
	for _, g := range e.format.groups(continued) {
		var positions []odds
		for _, f := range g.fields {
			for _, o := range e.lines[f.line][f.from:f.to] {
				for k := range o {
					if !f.class.has(Characters[k]) {
						o[k] = math.Inf(-1)
					}
				}
				positions = append(positions, o)
			}
		}
		if !satisfying {
			g.rule = anything{}
		}
		found := search(positions, g.rule)
		if len(found) == 0 {
			return reading{log: math.Inf(-1)}, math.Inf(-1)
		}
		best.log += found[0].log
		if len(found) > 1 {
			gap = min(gap, found[0].log-found[1].log)
		}
		at := 0
		for _, f := range g.fields {
			at += copy(lines[f.line][f.from:f.to], found[0].text[at:])
		}
	}
	for _, l := range lines {
		best.lines = append(best.lines, string(l))
	}
	return best, best.log - gap
}

// groups are the format's fields by the rules that they satisfy.
func (f Format) groups(continued int) []group {
	var groups []group
	var checked []field
	for _, fd := range f.fields(continued) {
		switch fd.part {
		case numberPart, checkPart, compositePart, birthPart, expiryPart:
			checked = append(checked, fd)
		case optionalPart, secondPart, fillerPart:
			if fd.composite {
				checked = append(checked, fd)
			} else {
				groups = append(groups, group{[]field{fd}, anything{}})
			}
		case issuerPart, nationalityPart:
			groups = append(groups, group{[]field{fd}, newListed(countries)})
		case namePart:
			groups = append(groups, group{[]field{fd}, nameRule{}})
		default:
			groups = append(groups, group{[]field{fd}, anything{}})
		}
	}
	return append(groups, group{checked, newCheckRule(checked)})
}
