package mrz

import (
	"fmt"
	"slices"
)

// Alphabet folds a recogniser's classes into the characters of a zone.
type Alphabet struct {
	// to is, by the recogniser's classes, the symbol: 0 for the blank, -1 for none.
	to []int8
}

// lookalikes are characters that recognisers of all scripts take a zone's for.
// They count as what a zone may show.
var lookalikes = map[rune]byte{
	'«': '<', '‹': '<', '〈': '<', '《': '<', '＜': '<', '≤': '<', '〱': '<', 'く': '<', 'ㄑ': '<',
}

// NewAlphabet takes the classes in the recogniser's order, the blank first. It is
// ErrField when one of a zone's characters is not among them.
func NewAlphabet(classes []string) (*Alphabet, error) {
	a := &Alphabet{to: make([]int8, len(classes))}
	for i, s := range classes {
		a.to[i] = -1
		if i == 0 {
			a.to[i] = 0
			continue
		}
		if k := symbol(s); k >= 0 {
			a.to[i] = int8(1 + k)
		}
	}
	for k := range len(Characters) {
		if !slices.Contains(a.to, int8(1+k)) {
			return nil, fmt.Errorf("%w: the recogniser has no class %q", ErrField, Characters[k])
		}
	}
	return a, nil
}

// symbol is the character that a class counts as, or -1.
func symbol(s string) int {
	runes := []rune(s)
	if len(runes) != 1 {
		return -1
	}
	r := runes[0]
	if r >= '！' && r <= '～' { // full width
		r -= '！' - '!'
	}
	if r >= 'a' && r <= 'z' {
		r += 'A' - 'a'
	}
	if c, ok := lookalikes[r]; ok {
		r = rune(c)
	}
	if r > '~' {
		return -1
	}
	return index(byte(r))
}

// doubt is the share of each frame that is spread over all symbols: networks are
// surer than they are right.
const doubt = 1e-3

// Fold reads frames of as many probabilities as there are classes.
func (a *Alphabet) Fold(p []float32) Line {
	n := len(a.to)
	l := Line{frames: make([][symbols]float64, len(p)/n)}
	for t := range l.frames {
		f := &l.frames[t]
		sum := 0.0
		for i, v := range p[t*n : (t+1)*n] {
			if k := a.to[i]; k >= 0 {
				f[k] += float64(v)
				sum += float64(v)
			}
		}
		for k := range f {
			f[k] = (1-doubt)*f[k]/max(sum, doubt) + doubt/float64(symbols)
		}
	}
	return l
}
