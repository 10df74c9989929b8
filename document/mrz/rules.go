package mrz

import "slices"

// anything allows everything that positions are likely to hold.
type anything struct{}

func (anything) states() int          { return 1 }
func (anything) next(_, _, _ int) int { return 0 }
func (anything) ends(int) bool        { return true }

// listed allows the codes of a list, all as long as the field.
type listed struct {
	prefixes map[string]int
	step     [][len(Characters)]int
}

func newListed(codes map[string]bool) *listed {
	l := &listed{prefixes: map[string]int{}}
	l.state("")
	for code := range codes {
		for i := range len(code) {
			from, to := l.state(code[:i]), l.state(code[:i+1])
			l.step[from][index(code[i])] = to
		}
	}
	return l
}

func (l *listed) state(prefix string) int {
	if s, ok := l.prefixes[prefix]; ok {
		return s
	}
	s := len(l.step)
	l.prefixes[prefix] = s
	l.step = append(l.step, [len(Characters)]int{})
	return s
}

func (l *listed) states() int { return len(l.step) }

func (l *listed) next(state, _, k int) int {
	if s := l.step[state][k]; s > 0 {
		return s
	}
	return -1
}

func (l *listed) ends(int) bool { return true }

// nameRule allows a surname of words, two fillers, and given names of words; and
// after two fillers again, or with no given names, fillers to the end.
type nameRule struct{}

// The states of a name.
const (
	nameStart = iota
	surnameWord
	surnameGap
	nameGap
	givenWord
	givenGap
	nameTail
	nameStates
)

func (nameRule) states() int { return nameStates }

func (nameRule) next(state, _, k int) int {
	if Characters[k] != Filler {
		return [nameStates]int{surnameWord, surnameWord, surnameWord, givenWord, givenWord, givenWord, -1}[state]
	}
	return [nameStates]int{-1, surnameGap, nameGap, nameTail, givenGap, nameTail, nameTail}[state]
}

func (nameRule) ends(int) bool { return true }

// checkRule allows what satisfies check digits: a field's own, and the composite
// one. Dates must have a month and a day.
type checkRule struct {
	steps []checkStep
}

// checkStep is what a position is to check digits.
type checkStep struct {
	// weight and composite are the character's in the sums of its field and of the
	// composite check digit.
	weight, composite int
	// digit and whole say that it is a field's check digit, or the composite one.
	digit, whole bool
	// empty says that a filler stands for the check digit of a field of fillers.
	empty bool
	// date is the place in a date, from 1; 0 is none.
	date int
}

// checkState counts, both modulo 10, the sums of the field and of the composite
// check digit; whether the field has more than fillers; and a date's first digit of
// a pair, plus one.
type checkState struct {
	field, whole, filled, first int
}

const checkStates = 10 * 10 * 2 * 12

func (s checkState) number() int { return ((s.first*2+s.filled)*10+s.whole)*10 + s.field }

func stateOf(n int) checkState {
	return checkState{field: n % 10, whole: n / 10 % 10, filled: n / 100 % 2, first: n / 200}
}

func (r checkRule) states() int { return checkStates }

func (r checkRule) next(state, i, k int) int {
	s, step := stateOf(state), r.steps[i]
	if step.whole && (k == 0 || value(k) != s.whole) {
		return -1
	}
	if step.digit {
		if k == 0 && (!step.empty || s.filled == 1) || k > 0 && value(k) != s.field {
			return -1
		}
		s.field, s.filled = 0, 0
	}
	switch {
	case step.date == 0:
	case step.date%2 == 1:
		s.first = k + 1
	default:
		if !follows(step.date, s.first-1, k) {
			return -1
		}
		s.first = 0
	}
	s.field = (s.field + step.weight*value(k)) % 10
	s.whole = (s.whole + step.composite*value(k)) % 10
	if step.weight > 0 && k > 0 {
		s.filled = 1
	}
	return s.number()
}

func (r checkRule) ends(int) bool { return true }

// follows says whether two characters, by their indexes, may be the pair of a
// date that ends at the place.
func follows(place, first, second int) bool {
	if first == 0 || second == 0 {
		return first == second
	}
	n := 10*value(first) + value(second)
	switch place {
	case 2:
		return true
	case 4:
		return n >= 1 && n <= 12
	}
	return n >= 1 && n <= 31
}

// newCheckRule is the rule of fields in the zone's order.
func newCheckRule(fields []field) checkRule {
	var r checkRule
	of := map[part]int{}
	composite := 0
	for _, f := range fields {
		for i := f.from; i < f.to; i++ {
			var s checkStep
			switch f.part {
			case checkPart:
				s.digit, s.empty = true, f.class == optionalDigit
			case compositePart:
				s.whole = true
			case birthPart, expiryPart:
				s.date = 1 + i - f.from
			}
			if f.checked(fields) {
				s.weight = weight(of[f.part])
				of[f.part]++
			}
			if f.composite {
				s.composite = weight(composite)
				composite++
			}
			r.steps = append(r.steps, s)
		}
	}
	return r
}

// checked says whether one of the fields is the check digit of the field's part.
func (f field) checked(fields []field) bool {
	return slices.ContainsFunc(fields, func(c field) bool { return c.part == checkPart && c.of == f.part })
}
