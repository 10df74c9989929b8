package config

import "slices"

// mostTypos is how many letters of a name may be wrong for another to be suggested.
const mostTypos = 2

// suggest names the one of the names that was meant, if one is near enough.
func suggest(name string, names []string) string {
	slices.Sort(names)
	best, meant := mostTypos+1, ""
	for _, n := range names {
		if d := distance(name, n); d < best {
			best, meant = d, n
		}
	}
	if meant == "" {
		return ""
	}
	return ", such as " + meant
}

// distance is how many letters must be changed, added, left out, or exchanged with
// the next one, to make one text of the other.
func distance(a, b string) int {
	var before, last []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		before, last, row = last, row, make([]int, len(b)+1)
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
	}
	return row[len(b)]
}
