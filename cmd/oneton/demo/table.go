package demo

import (
	"fmt"
	"io"
	"strconv"
	"strings"
)

const (
	resultRow = "%-27s %4s  %-7s %-14s %6s %6s"
	stageRow  = " %7.1f %7.1f %10.1f %7.1f %6.1f"
)

// printTables writes what was enrolled and what was answered. A photo's times
// stand in the row of its first face.
func printTables(out io.Writer, people []enrolled, results []result) {
	fmt.Fprintf(out, "\nenrolled\n")
	for _, p := range people {
		fmt.Fprintf(out, "  %-14s from %s, %.0f ms\n", p.name, p.origin(), p.timings.Total)
	}
	heading := fmt.Sprintf(resultRow, "photo", "face", "answer", "person", "cosine", "score") +
		fmt.Sprintf(" %7s %7s %10s %7s %6s", "decode", "detect", "recognise", "search", "total")
	fmt.Fprintf(out, "\nsearched, times in ms\n%s\n%s\n", heading, strings.Repeat("-", len(heading)))
	threshold := 0.0
	for _, r := range results {
		if len(r.faces) == 0 {
			fmt.Fprintf(out, resultRow+"\n", r.title(), "-", "no face", "-", "-", "-")
		}
		for i, f := range r.faces {
			threshold = f.Threshold
			title := ""
			if i == 0 {
				title = r.title()
			}
			name, cosine, score := "-", "-", "-"
			if len(f.Candidates) > 0 {
				best := f.Candidates[0]
				name, cosine, score = best.Metadata["name"], fmt.Sprintf("%.3f", best.Cosine), fmt.Sprintf("%.1f", best.Score)
			}
			fmt.Fprintf(out, resultRow, title, strconv.Itoa(i+1), f.Match, name, cosine, score)
			if i == 0 {
				t := r.timings
				fmt.Fprintf(out, stageRow, t.Decode, t.Detect+t.Refine, t.Align+t.Recognise+t.Assess, t.Wait+t.Search+t.Store, t.Total)
			}
			fmt.Fprintln(out)
		}
	}
	fmt.Fprintf(out, "\nwhose cosine is below %.3f is a stranger\n", threshold)
}

// origin is the file that a person was enrolled from.
func (p person) origin() string {
	if p.face == 0 {
		return p.file
	}
	return fmt.Sprintf("%s, face %d cut out", p.file, p.face)
}
