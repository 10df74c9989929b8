package mrz

import (
	"fmt"
	"strings"
)

// Make writes the zone of a document: its format, and what else it tells but
// lines and check digits. Numbers and data are written without their spaces and
// hyphens. It is ErrField when a field cannot hold what it is given.
func Make(d Document) ([]string, error) {
	l, ok := layouts[d.Format]
	if !ok {
		return nil, fmt.Errorf("%w: format %d", ErrField, d.Format)
	}
	name, _ := d.Format.field(namePart)
	written, err := d.Name.zone(name.to - name.from)
	if err != nil {
		return nil, err
	}
	number, optional := plain(d.Number), plain(d.Optional)
	continued := 0
	if field, _ := d.Format.field(numberPart); len(number) > field.to-field.from && d.Format.continues() {
		continued = len(number) - (field.to - field.from)
		optional = number[len(number)-continued:] + string(Check(number)) + "<" + optional
		number = number[:len(number)-continued]
	}
	z := zone{format: d.Format}
	for range l.lines {
		z.lines = append(z.lines, strings.Repeat("<", l.length))
	}
	for p, s := range map[part]string{
		issuerPart: code(d.Issuer), nationalityPart: code(d.Nationality), namePart: written,
		numberPart: number, optionalPart: optional, secondPart: plain(d.Second),
		birthPart: d.Birth.zone(), expiryPart: d.Expiry.zone(), sexPart: d.Sex,
	} {
		if err := z.put(p, s); err != nil {
			return nil, err
		}
	}
	if len(d.Type) > 2 {
		return nil, fmt.Errorf("%w: type %q has more than 2 letters", ErrField, d.Type)
	}
	z.lines[0] = pad(d.Type, 2) + z.lines[0][2:]
	fields := d.Format.fields(continued)
	for _, f := range fields {
		if f.part == checkPart || f.part == compositePart {
			digit := string(Check(z.covered(fields, f)))
			if f.of == optionalPart && optional == "" {
				digit = "<"
			}
			z.set(f, digit)
		}
	}
	for _, f := range fields {
		for _, c := range []byte(z.text(f)) {
			if !f.class.has(c) {
				return nil, fmt.Errorf("%w: %q where a %v has %v", ErrField, c, d.Format, f.class)
			}
		}
	}
	return z.lines, nil
}

// code is a country's in a zone.
func code(country string) string {
	if country == "DEU" {
		return "D"
	}
	return country
}

// plain is a number without spaces and hyphens, in capitals.
func plain(s string) string {
	return strings.ToUpper(strings.NewReplacer(" ", "", "-", "").Replace(s))
}

// put writes a part and fills its field up.
func (z zone) put(p part, s string) error {
	f, ok := z.format.field(p)
	if !ok && s == "" {
		return nil
	}
	if room := f.to - f.from; len(s) > room {
		return fmt.Errorf("%w: %q has more than the %d characters of its field in a %v", ErrField, s, room, z.format)
	}
	z.set(f, pad(s, f.to-f.from))
	return nil
}

func (z zone) set(f field, s string) {
	z.lines[f.line] = z.lines[f.line][:f.from] + s + z.lines[f.line][f.to:]
}
