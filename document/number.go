package document

import (
	"slices"
	"strings"

	"oneton/document/mrz"
)

// numberLength is how many digits a cédula's number has. The last checks the others:
// digits count once and twice in turn, and the sums of those numbers' digits add up to
// a multiple of ten (ISO/IEC 7812-1, annex B).
const numberLength = 11

// cedulaNumber says whether a text is a cédula's number: eleven digits, of which the
// check digit is right.
func cedulaNumber(digits string) bool {
	if len(digits) != numberLength || strings.Count(digits, digits[:1]) == numberLength {
		return false
	}
	sum := 0
	for i, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return false
		}
		d := int(c-'0') * (1 + i%2)
		sum += d/10 + d%10
	}
	return sum%10 == 0
}

// confused are letters that recognisers see in digits.
var confused = strings.NewReplacer("O", "0", "o", "0", "Q", "0", "I", "1", "l", "1", "|", "1", "S", "5", "B", "8", "Z", "2", "–", "-", "—", "-", "_", "-")

// numbersIn are the texts of eleven digits in a line that stand alone, printed as
// 000-0000000-0, with any or no separators: those whose check digit is right, and how
// many others there are.
func numbersIn(line string) (right []string, wrong int) {
	for word := range strings.FieldsFuncSeq(confused.Replace(separate(line)), func(r rune) bool {
		return r != '-' && (r < '0' || r > '9')
	}) {
		digits := strings.ReplaceAll(word, "-", "")
		switch {
		case len(digits) != numberLength:
		case cedulaNumber(digits):
			right = append(right, digits)
		default:
			wrong++
		}
	}
	return right, wrong
}

// separate takes the spaces around hyphens away, and puts what is between three and
// seven digits, and seven and one, in hyphens' place.
func separate(line string) string {
	for _, s := range []string{" -", "- "} {
		line = strings.ReplaceAll(line, s, "-")
	}
	fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '.' || r == ':' })
	for i := 0; i+2 < len(fields); i++ {
		if len(fields[i]) == 3 && len(fields[i+1]) == 7 && len(fields[i+2]) == 1 {
			fields = slices.Replace(fields, i, i+3, strings.Join(fields[i:i+3], "-"))
		}
	}
	return strings.Join(fields, " ")
}

// numberIn is the cédula's number in a zone: the document's, or the issuer's own data.
// Empty is none.
func numberIn(z mrz.Result) string {
	for _, s := range []string{z.Number, z.Optional, z.Second} {
		if digits := strings.Trim(s, "<"); cedulaNumber(digits) {
			return digits
		}
	}
	return ""
}

// issuer is the Dominican Republic's code.
const issuer = "DOM"

// Travels says whether zones of a format are those of travel documents and visas, whose
// zone tells all that is asked of them.
func Travels(f mrz.Format) bool { return f == mrz.TD3 || f == mrz.MRVA || f == mrz.MRVB }

// cedula says whether a zone is that of a Dominican card.
func cedula(z mrz.Result) bool {
	return z.Format == mrz.TD1 && z.Issuer == issuer && strings.HasPrefix(z.Type, "I")
}

// fromZone takes over what the zone tells.
func (d *Document) fromZone() {
	z := d.Zone
	d.Surname, d.GivenNames = z.Name.Surname, z.Name.Given
	d.Birth, d.Expiry, d.Sex, d.Nationality = z.Birth, z.Expiry, z.Sex, z.Nationality
	d.Sure = z.State == mrz.Read
	d.Ambiguous = z.State == mrz.Ambiguous
	d.Evidence = append(d.Evidence, "zone "+z.Format.String())
}
