package document

import (
	"cmp"
	"slices"
	"strings"
)

// legible is the confidence from which on a line is text. Below it are patterns and
// pictures that look a little like text.
const legible = 0.6

// row is a line with its folded text, and whether it begins with a label.
type row struct {
	Line
	folded string
	label  bool
}

// rows joins lines that stand side by side with no more than a word's space between
// them, such as a name that the detector saw in two parts, and puts all in the order in
// which a page is read.
func rows(lines []Line) []row {
	sorted := slices.DeleteFunc(slices.Clone(lines), func(l Line) bool {
		return l.Confidence < legible || strings.TrimSpace(l.Text) == ""
	})
	slices.SortStableFunc(sorted, func(a, b Line) int { return cmp.Compare(a.Box.X, b.Box.X) })
	var joined []Line
	for _, l := range sorted {
		at := slices.IndexFunc(joined, func(left Line) bool { return continues(left, l) })
		if at < 0 {
			joined = append(joined, l)
			continue
		}
		left := joined[at]
		joined[at] = Line{
			Text: left.Text + " " + l.Text, Confidence: min(left.Confidence, l.Confidence),
			Least: min(left.Least, l.Least), Box: union(left.Box, l.Box),
		}
	}
	slices.SortStableFunc(joined, func(a, b Line) int { return cmp.Compare(middle(a), middle(b)) })
	all := make([]row, len(joined))
	for i, l := range joined {
		all[i] = row{Line: l, folded: fold(l.Text)}
		all[i].label = slices.ContainsFunc(labels, all[i].begins)
	}
	return all
}

// continues says whether a line goes on in another of its height.
func continues(left, right Line) bool {
	const space, alike = 0.8, 1.4
	gap := right.Box.X - (left.Box.X + left.Box.Width)
	low, high := min(left.Box.Height, right.Box.Height), max(left.Box.Height, right.Box.Height)
	return beside(left, right) && gap > -low && gap < space*low && high < alike*low
}

// beside says whether two lines share most of their height.
func beside(a, b Line) bool {
	top := max(a.Box.Y, b.Box.Y)
	bottom := min(a.Box.Y+a.Box.Height, b.Box.Y+b.Box.Height)
	return bottom-top > 0.5*min(a.Box.Height, b.Box.Height)
}

func middle(l Line) float32 { return l.Box.Y + l.Box.Height/2 }

// value is what a page has for a label: the rest of its line, the next line beside it,
// or the nearest line below it. Empty is none.
func value(rows []row, label string) string {
	for _, r := range rows {
		if !r.begins(label) {
			continue
		}
		if rest := r.after(label); fold(rest) != "" {
			return rest
		}
		if v := nearest(rows, r.Line); v != "" {
			return v
		}
	}
	return ""
}

// begins says whether a row begins with a label, which is folded.
func (r row) begins(label string) bool {
	head := r.folded[:min(len(r.folded), len(label)+allowed(label))]
	least, _ := distance(head, label)
	return least <= allowed(label)
}

// after is what a row has behind the label with which it begins.
func (r row) after(label string) string {
	_, end := distance(r.folded, label)
	// The folded text has an end; the text has it where as many of its characters
	// have passed.
	passed := 0
	for i, c := range r.Text {
		if passed >= end {
			return strings.TrimLeft(r.Text[i:], " :.-")
		}
		passed += len(fold(string(c)))
	}
	return ""
}

// nearest is the text that belongs to a label that stands alone.
func nearest(rows []row, label Line) string {
	best, least := "", float32(0)
	for _, r := range rows {
		if r.label || r.Box == label.Box {
			continue
		}
		var far float32
		switch h := max(r.Box.Height, label.Box.Height); {
		case beside(label, r.Line):
			far = r.Box.X - (label.Box.X + label.Box.Width)
			if far < -h || far > 6*h {
				continue
			}
		default:
			far = middle(r.Line) - middle(label)
			aside := r.Box.X - label.Box.X
			if far <= 0 || far > 2.5*h || aside < -3*h || aside > max(label.Box.Width, 3*h) {
				continue
			}
		}
		if best == "" || far < least {
			best, least = r.Text, far
		}
	}
	return best
}
