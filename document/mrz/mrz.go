// Package mrz knows the machine-readable zones of travel documents as ICAO Doc
// 9303 has them (eighth edition, parts 3 to 7): it writes them, parses them, and
// decodes what a text recogniser saw of them. It is pure: no pictures, no I/O.
package mrz

// Format is the layout of a zone.
type Format int

// The formats of Doc 9303: cards of the size of a credit card (part 5), larger
// cards (part 6), passports (part 4), and visas of two sizes (part 7).
const (
	TD1 Format = iota + 1
	TD2
	TD3
	MRVA
	MRVB
)

// Formats are all of them.
func Formats() []Format { return []Format{TD1, TD2, TD3, MRVA, MRVB} }

// String is the format's name in Doc 9303.
func (f Format) String() string {
	return map[Format]string{TD1: "TD1", TD2: "TD2", TD3: "TD3", MRVA: "MRV-A", MRVB: "MRV-B"}[f]
}

// Lines and Length are how many lines the format has, and characters a line.
func (f Format) Lines() int { return layouts[f].lines }

// Length is how many characters each line has.
func (f Format) Length() int { return layouts[f].length }

// Filler stands for what is empty, and between names.
const Filler = '<'

// Characters are those of a zone. The index of each but the filler's is its
// value in check digits, plus one.
const Characters = "<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"

// index is a character's place in Characters, or -1.
func index(c byte) int {
	switch {
	case c == Filler:
		return 0
	case c >= '0' && c <= '9':
		return 1 + int(c-'0')
	case c >= 'A' && c <= 'Z':
		return 11 + int(c-'A')
	}
	return -1
}

// Check is the check digit of characters of a zone: the sum of their values,
// weighted 7, 3, 1 in turn, modulo 10 (part 3, section 4.9).
func Check(s string) byte {
	sum := 0
	for i := range len(s) {
		sum += weight(i) * value(index(s[i]))
	}
	return '0' + byte(sum%10)
}

func weight(i int) int { return [3]int{7, 3, 1}[i%3] }

// value is what the character of an index counts in check digits.
func value(index int) int { return max(0, index-1) }
