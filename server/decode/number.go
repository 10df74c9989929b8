package decode

import (
	"encoding/json"
	"strconv"
	"strings"
)

// maxDigits is as many as the largest whole number has.
const maxDigits = 19

// whole writes a JSON number that has no fraction as digits alone, as JSON
// Schema counts whole numbers: 5.0 and 50e-1 are 5. What is none stays as it
// is, and so is refused where a whole number is wanted.
func whole(raw []byte) []byte {
	text := strings.ToLower(string(raw))
	if !strings.ContainsAny(text, ".e") || !json.Valid(raw) {
		return raw
	}
	mantissa, power, ok := strings.Cut(text, "e")
	exponent := 0
	if ok {
		var err error
		if exponent, err = strconv.Atoi(power); err != nil {
			return raw
		}
	}
	mantissa, negative := strings.CutPrefix(mantissa, "-")
	integer, fraction, _ := strings.Cut(mantissa, ".")
	digits := strings.TrimLeft(integer+fraction, "0")
	exponent -= len(fraction)
	significant := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(significant)
	switch {
	case significant == "":
		return []byte("0")
	case exponent < 0 || exponent > maxDigits:
		return raw
	}
	significant += strings.Repeat("0", exponent)
	if negative {
		significant = "-" + significant
	}
	return []byte(significant)
}
