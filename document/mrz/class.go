package mrz

import "strings"

// class is which characters a position may hold.
type class int

const (
	// fillers is the filler alone.
	fillers class = iota
	digits
	// letters is letters and the filler.
	letters
	// either is letters, digits and the filler.
	either
	// solid is letters and digits.
	solid
	// dated is digits, and the filler for what of a date is not known.
	dated
	// optionalDigit is a digit, or the filler where a field is empty.
	optionalDigit
	sexes
	// cards, passports and visas are how the zones of these begin.
	cards
	passports
	visas
)

var members = map[class]string{
	fillers:       "<",
	digits:        "0123456789",
	letters:       "<ABCDEFGHIJKLMNOPQRSTUVWXYZ",
	either:        Characters,
	solid:         Characters[1:],
	dated:         "<0123456789",
	optionalDigit: "<0123456789",
	sexes:         "<FMX",
	cards:         "ACI",
	passports:     "P",
	visas:         "V",
}

// has says whether the class has a character.
func (c class) has(char byte) bool { return strings.IndexByte(members[c], char) >= 0 }

// String names the class for errors.
func (c class) String() string {
	return map[class]string{
		fillers: "a filler", digits: "a digit", letters: "a letter or filler", either: "a letter, digit or filler",
		solid: "a letter or digit", dated: "a digit or filler", optionalDigit: "a digit or filler", sexes: "F, M, X or filler",
		cards: "A, C or I", passports: "P", visas: "V",
	}[c]
}
