package main

import (
	"fmt"
	"math"
	"strconv"

	"github.com/dustin/go-humanize"
)

// mostScore is the highest score that there is; what is rarer has it, too.
const mostScore = 100

// alike says in words how rare it is that two strangers look as alike as a score says:
// ten points are a factor of ten.
func alike(score float64) string {
	switch {
	case score >= mostScore:
		return "fewer than 1 in 10 billion strangers look this alike"
	case math.Round(math.Pow(10, score/10)) <= 1:
		return "any two strangers look this alike"
	}
	return "1 in " + round(math.Pow(10, score/10)) + " strangers look this alike"
}

// round is a number of one digit, in words.
func round(n float64) string {
	scale := math.Pow(10, math.Floor(math.Log10(n)))
	n = math.Round(n/scale) * scale
	for _, unit := range []struct {
		of   float64
		name string
	}{{1e9, "billion"}, {1e6, "million"}} {
		if n >= unit.of {
			return fmt.Sprintf("%.0f %s", n/unit.of, unit.name)
		}
	}
	if n >= 1000 {
		return humanize.Comma(int64(n))
	}
	return strconv.FormatFloat(n, 'f', 0, 64)
}
