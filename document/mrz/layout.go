package mrz

// part names what a zone tells.
type part int

const (
	typePart part = iota
	issuerPart
	namePart
	numberPart
	nationalityPart
	birthPart
	sexPart
	expiryPart
	optionalPart
	secondPart // the second optional data of TD1
	checkPart
	compositePart
	fillerPart // which holds nothing
)

// field is where a part lies: a line, and positions from and up to.
type field struct {
	part           part
	line, from, to int
	class          class
	// of is the part that a check digit is of.
	of part
	// composite says that the composite check digit covers the field, too.
	composite bool
}

// layout is a format's fields in the order of the zone, which is that in which
// the composite check digit takes them.
type layout struct {
	lines, length int
	fields        []field
}

// layouts are by the tables of Doc 9303: TD1 of part 5, TD2 of part 6, TD3 of
// part 4, and visas of part 7, which have no composite check digit.
var layouts = map[Format]layout{
	TD1: {3, 30, []field{
		{part: typePart, from: 0, to: 1, class: cards},
		{part: typePart, from: 1, to: 2, class: letters},
		{part: issuerPart, from: 2, to: 5, class: letters},
		{part: numberPart, from: 5, to: 14, class: either, composite: true},
		{part: checkPart, from: 14, to: 15, class: optionalDigit, of: numberPart, composite: true},
		{part: optionalPart, from: 15, to: 30, class: either, composite: true},
		{part: birthPart, line: 1, from: 0, to: 6, class: dated, composite: true},
		{part: checkPart, line: 1, from: 6, to: 7, class: digits, of: birthPart, composite: true},
		{part: sexPart, line: 1, from: 7, to: 8, class: sexes},
		{part: expiryPart, line: 1, from: 8, to: 14, class: dated, composite: true},
		{part: checkPart, line: 1, from: 14, to: 15, class: digits, of: expiryPart, composite: true},
		{part: nationalityPart, line: 1, from: 15, to: 18, class: letters},
		{part: secondPart, line: 1, from: 18, to: 29, class: either, composite: true},
		{part: compositePart, line: 1, from: 29, to: 30, class: digits},
		{part: namePart, line: 2, from: 0, to: 30, class: letters},
	}},
	TD2: {2, 36, append(above(cards, 36), append(below(28, 35, true),
		field{part: compositePart, line: 1, from: 35, to: 36, class: digits})...)},
	TD3: {2, 44, append(above(passports, 44), append(below(28, 42, true),
		field{part: checkPart, line: 1, from: 42, to: 43, class: optionalDigit, of: optionalPart, composite: true},
		field{part: compositePart, line: 1, from: 43, to: 44, class: digits})...)},
	MRVA: {2, 44, append(above(visas, 44), below(28, 44, false)...)},
	MRVB: {2, 36, append(above(visas, 36), below(28, 36, false)...)},
}

// above is the upper of two lines.
func above(first class, length int) []field {
	return []field{
		{part: typePart, from: 0, to: 1, class: first},
		{part: typePart, from: 1, to: 2, class: letters},
		{part: issuerPart, from: 2, to: 5, class: letters},
		{part: namePart, from: 5, to: length, class: letters},
	}
}

// below is the lower of two lines as far as formats share it, with its optional
// data at these positions.
func below(from, to int, composite bool) []field {
	return []field{
		{part: numberPart, line: 1, from: 0, to: 9, class: either, composite: composite},
		{part: checkPart, line: 1, from: 9, to: 10, class: optionalDigit, of: numberPart, composite: composite},
		{part: nationalityPart, line: 1, from: 10, to: 13, class: letters},
		{part: birthPart, line: 1, from: 13, to: 19, class: dated, composite: composite},
		{part: checkPart, line: 1, from: 19, to: 20, class: digits, of: birthPart, composite: composite},
		{part: sexPart, line: 1, from: 20, to: 21, class: sexes},
		{part: expiryPart, line: 1, from: 21, to: 27, class: dated, composite: composite},
		{part: checkPart, line: 1, from: 27, to: 28, class: digits, of: expiryPart, composite: composite},
		{part: optionalPart, line: 1, from: from, to: to, class: either, composite: composite},
	}
}

// continues says whether long numbers go on in the optional data: on cards
// (part 5, section 4.2.2, note j; part 6, section 4.2.2, note j).
func (f Format) continues() bool { return f == TD1 || f == TD2 }

// field is the format's field of a part; parts but the type and check digits
// have one.
func (f Format) field(p part) (field, bool) {
	for _, one := range layouts[f].fields {
		if one.part == p {
			return one, true
		}
	}
	return field{}, false
}

// check is the format's check digit of a part.
func (f Format) check(p part) (field, bool) {
	for _, one := range layouts[f].fields {
		if one.part == checkPart && one.of == p {
			return one, true
		}
	}
	return field{}, false
}

// fields are the format's when so many characters of the number are in the
// optional data, followed by the number's check digit and a filler, while the
// check digit's own place holds a filler.
func (f Format) fields(continued int) []field {
	fields := layouts[f].fields
	if continued == 0 {
		return fields
	}
	var long []field
	for _, one := range fields {
		switch {
		case one.part == checkPart && one.of == numberPart:
			one.part, one.class = fillerPart, fillers
			long = append(long, one)
		case one.part == numberPart:
			one.class = solid
			long = append(long, one)
		case one.part == optionalPart:
			rest, check, filler := one, one, one
			rest.part, rest.class, rest.to = numberPart, solid, one.from+continued
			check.part, check.of, check.class = checkPart, numberPart, digits
			check.from, check.to = rest.to, rest.to+1
			filler.part, filler.class = fillerPart, fillers
			filler.from, filler.to = check.to, check.to+1
			one.from = filler.to
			long = append(long, rest, check, filler, one)
		default:
			long = append(long, one)
		}
	}
	return long
}
