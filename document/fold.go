package document

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold is a text's letters and digits alone, in capitals and without accents.
func fold(s string) string {
	var b strings.Builder
	for _, r := range norm.NFD.String(strings.ToUpper(s)) {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// tolerance is for how many characters of a phrase one may be wrong: recognisers
// confuse letters now and then, and short words have neighbours.
const tolerance = 8

// distance is the least number of characters by which some part of a text differs
// from a phrase (P. H. Sellers, 1980), and where that part ends. Both are folded.
func distance(text, phrase string) (least, end int) {
	column := make([]int, len(phrase)+1)
	for i := range column {
		column[i] = i
	}
	least = len(phrase)
	for at := range len(text) {
		diagonal := 0 // column[0] of before, which stays 0: a part may begin anywhere
		for i := range len(phrase) {
			cost := 1
			if text[at] == phrase[i] {
				cost = 0
			}
			next := min(diagonal+cost, column[i]+1, column[i+1]+1)
			diagonal, column[i+1] = column[i+1], next
		}
		if last := column[len(phrase)]; last < least {
			least, end = last, at+1
		}
	}
	return least, end
}

// allowed is by how many characters a phrase may differ.
func allowed(phrase string) int { return len(phrase) / tolerance }

// has says whether a folded text has the folded phrase, but for what a recogniser may
// confuse.
func has(folded, phrase string) bool {
	least, _ := distance(folded, phrase)
	return least <= allowed(phrase)
}
