package mrz

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Document is what a zone tells.
type Document struct {
	Format Format
	// Lines are the zone's characters.
	Lines []string
	// Type is the document's code of one or two letters: P of a passport, V of a
	// visa; A, C or I of a card.
	Type string
	// Issuer and Nationality are ISO 3166-1 alpha-3 codes or those that Doc 9303
	// adds. Germany is DEU, though zones have D.
	Issuer, Nationality string
	Name                Name
	// Number is the document's, without fillers at its end.
	Number string
	Birth  Date
	Expiry Date
	// Sex is F, M or X, and empty where it is not told.
	Sex string
	// Optional is the issuer's own data, such as a personal number, and Second the
	// lower line's of a TD1. Fillers at their ends are left out.
	Optional, Second string
	// Checks are the check digits in the zone's order.
	Checks []CheckDigit
}

// CheckDigit is one of a zone.
type CheckDigit struct {
	// Of is what it is of: number, birth, expiry, optional or composite.
	Of string
	// Right says that it is that of the characters it is of.
	Right bool
}

// Parse reads a zone, with now deciding centuries. Spaces around lines do not
// matter. It is ErrFormat when there is no such zone and ErrCharacter where a
// position holds what its format does not have there. A zone with wrong check
// digits is read; see Verify.
func Parse(lines []string, now time.Time) (Document, error) {
	trimmed := make([]string, len(lines))
	for i, line := range lines {
		trimmed[i] = strings.TrimSpace(line)
	}
	f, err := formatOf(trimmed)
	if err != nil {
		return Document{}, err
	}
	z := zone{format: f, lines: trimmed}
	for _, fd := range z.fields() {
		for i, c := range []byte(z.text(fd)) {
			if !fd.class.has(c) {
				return Document{}, fmt.Errorf("%w: line %d, position %d of a %v is %v, not %q",
					ErrCharacter, fd.line+1, fd.from+i+1, f, fd.class, c)
			}
		}
	}
	return z.document(now), nil
}

// formatOf tells lines' format by their number, length and first letter.
func formatOf(lines []string) (Format, error) {
	for _, f := range Formats() {
		if len(lines) != f.Lines() {
			continue
		}
		fits := layouts[f].fields[0].class.has((lines[0] + " ")[0])
		for _, line := range lines {
			fits = fits && len(line) == f.Length()
		}
		if fits {
			return f, nil
		}
	}
	lengths := make([]int, len(lines))
	for i, line := range lines {
		lengths[i] = len(line)
	}
	return 0, fmt.Errorf("%w: %d lines of %v characters, of which the first decides the document; a zone has 3 lines of 30 that begin with A, C or I (TD1), "+
		"2 of 36 that begin with A, C, I or V (TD2, MRV-B), or 2 of 44 that begin with P or V (TD3, MRV-A)", ErrFormat, len(lines), lengths)
}

// Verify is nil when every check digit is right, both dates are in the calendar
// and both countries are known; otherwise it tells all that is wrong, by
// ErrCheck, ErrDate and ErrCountry.
func (d Document) Verify() error {
	var problems []error
	for _, c := range d.Checks {
		if !c.Right {
			problems = append(problems, fmt.Errorf("%w of the %s", ErrCheck, c.Of))
		}
	}
	z := zone{format: d.Format, lines: d.Lines}
	for _, p := range []struct {
		part part
		name string
	}{{birthPart, "birth"}, {expiryPart, "expiry"}} {
		if s := z.part(p.part); !calendar(s) {
			problems = append(problems, fmt.Errorf("%w: %s of %s", ErrDate, s, p.name))
		}
	}
	for _, p := range []part{issuerPart, nationalityPart} {
		if s := z.part(p); !countries[s] {
			problems = append(problems, fmt.Errorf("%w: %s", ErrCountry, s))
		}
	}
	return errors.Join(problems...)
}

// zone is lines of a format.
type zone struct {
	format Format
	lines  []string
}

// text is what a field holds.
func (z zone) text(f field) string { return z.lines[f.line][f.from:f.to] }

// part is what the field of a part holds.
func (z zone) part(p part) string {
	f, ok := z.format.field(p)
	if !ok {
		return ""
	}
	return z.text(f)
}

// fields are the format's, with a long number's where the zone has one.
func (z zone) fields() []field {
	return z.format.fields(z.continued())
}

// continued is how many characters of the number are in the optional data: those
// up to the check digit before the first filler there, if the number's own is a
// filler.
func (z zone) continued() int {
	if !z.format.continues() {
		return 0
	}
	check, _ := z.format.check(numberPart)
	if z.text(check) != "<" || strings.Contains(z.part(numberPart), "<") {
		return 0
	}
	rest := z.part(optionalPart)
	end := strings.IndexByte(rest, Filler)
	if end < 2 || rest[end-1] < '0' || rest[end-1] > '9' {
		return 0
	}
	return end - 1
}

// document reads the fields.
func (z zone) document(now time.Time) Document {
	trim := func(p part) string { return strings.TrimRight(z.part(p), "<") }
	d := Document{
		Format: z.format, Lines: z.lines,
		Type:   strings.TrimRight(z.lines[0][:2], "<"),
		Issuer: country(z.part(issuerPart)), Nationality: country(z.part(nationalityPart)),
		Name:   nameOf(z.part(namePart)),
		Number: trim(numberPart), Optional: trim(optionalPart), Second: trim(secondPart),
		Birth: birthOf(z.part(birthPart), now), Expiry: expiryOf(z.part(expiryPart), now),
		Sex: trim(sexPart),
	}
	if n := z.continued(); n > 0 {
		rest := z.part(optionalPart)
		d.Number += rest[:n]
		d.Optional = strings.TrimRight(rest[n+2:], "<")
	}
	fields := z.fields()
	for _, f := range fields {
		if f.part != checkPart && f.part != compositePart {
			continue
		}
		covered := z.covered(fields, f)
		digit := z.text(f)
		right := digit == string(Check(covered))
		if f.class == optionalDigit && digit == "<" {
			// A field that is empty may have no check digit.
			right = strings.Trim(covered, "<") == ""
		}
		d.Checks = append(d.Checks, CheckDigit{Of: checked[f.of], Right: right})
	}
	return d
}

// checked names what check digits are of; the composite one is of no part.
var checked = map[part]string{
	numberPart: "number", birthPart: "birth", expiryPart: "expiry", optionalPart: "optional", typePart: "composite",
}

// covered are the characters that a check digit is of, when the fields are these.
func (z zone) covered(fields []field, check field) string {
	var b strings.Builder
	for _, f := range fields {
		if check.part == compositePart && f.composite || check.part == checkPart && f.part == check.of {
			b.WriteString(z.text(f))
		}
	}
	return b.String()
}
