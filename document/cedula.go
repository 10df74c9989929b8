package document

import (
	"slices"
	"strings"
	"unicode"

	"oneton/document/mrz"
)

// Words that cédulas have, folded. What no other document of the country has tells the
// card: licences and passports are issued by the republic as well, and have its numbers.
var (
	republic = "REPUBLICADOMINICANA"
	own      = []string{"JUNTACENTRALELECTORAL", "CEDULADEIDENTIDADYELECTORAL"}
	foreign  = []string{"LICENCIADECONDUCIR", "PASAPORTE", "PASSPORT", "SEGURONACIONALDESALUD", "CARNET"}
	backs    = []string{"COLEGIOELECTORAL", "UBICACIONDELCOLEGIO", "DIRECCIONDERESIDENCIA", "CODIGOPOSTAL", "MUNICIPIO", "CEDULAANTERIOR"}
)

// The labels of a card's fields, folded.
const (
	birthLabel       = "FECHADENACIMIENTO"
	nationalityLabel = "NACIONALIDAD"
	sexLabel         = "SEXO"
	surnameLabel     = "APELLIDOS"
	givenLabel       = "NOMBRES"
)

var (
	expiryLabels = []string{"FECHADEEXPIRACION", "FECHADEVENCIMIENTO", "VALIDAHASTA", "EXPIRA", "VENCE"}
	otherLabels  = []string{"LUGARDENACIMIENTO", "ESTADOCIVIL", "OCUPACION", "SANGRE", "FIRMA", "DONANTE"}
	labels       = slices.Concat(expiryLabels, otherLabels, []string{birthLabel, nationalityLabel, sexLabel, surnameLabel, givenLabel})
)

// front is what a page tells if it is a cédula.
type front struct {
	rows []row
	// numbers are those whose check digit is right, each once, and faint is whether the
	// recogniser was unsure of a character of the first. Coded says that a barcode has
	// the first.
	numbers      []string
	faint, coded bool
	// wrong is how many others look like a number.
	wrong int
	// country says that the republic is named; card and back name the words found.
	country    bool
	card, back []string
	other      bool
}

// certain is the probability that the least likely character of a number must have.
const certain = 0.5

func readFront(p Page) front {
	f := front{rows: rows(p.Lines)}
	for _, code := range p.Codes {
		if n := strings.NewReplacer("-", "", " ", "").Replace(code); cedulaNumber(n) && !slices.Contains(f.numbers, n) {
			f.numbers, f.coded = append(f.numbers, n), true
		}
	}
	for _, l := range f.rows {
		right, wrong := numbersIn(l.Text)
		f.wrong += wrong
		for _, n := range right {
			if !slices.Contains(f.numbers, n) {
				f.numbers = append(f.numbers, n)
				f.faint = f.faint || l.Least < certain
			}
		}
		f.country = f.country || has(l.folded, republic)
		f.other = f.other || slices.ContainsFunc(foreign, func(w string) bool { return has(l.folded, w) })
		f.card = found(l.folded, own, f.card)
		f.back = found(l.folded, backs, f.back)
	}
	return f
}

// found adds the phrases that a folded text has.
func found(text string, phrases, to []string) []string {
	for _, w := range phrases {
		if !slices.Contains(to, w) && has(text, w) {
			to = append(to, w)
		}
	}
	return to
}

// isFront says whether the words are those of the front of a card: words that only
// cards have, and either both of them, or the republic's name or a number besides. A
// face on it must be there, too.
func (f front) isFront() bool {
	number := len(f.numbers) > 0
	return !f.other && len(f.card) > 0 && (len(f.card) == len(own) || f.country || number)
}

// isBack says whether the evidence is for the back of a card: two of its words, or one
// and a number.
func (f front) isBack() bool {
	return !f.other && (len(f.back) >= 2 || len(f.back) == 1 && len(f.numbers) > 0)
}

// tell gives the document what the card tells.
func (f front) tell(d *Document) {
	d.Evidence = append(append(d.Evidence, f.card...), f.back...)
	if f.country {
		d.Evidence = append(d.Evidence, republic)
	}
	if len(f.numbers) > 0 {
		d.Number, d.Sure = f.numbers[0], len(f.numbers) == 1 && !f.faint
		d.Evidence = append(d.Evidence, "number")
	}
	if f.coded {
		d.Evidence = append(d.Evidence, "barcode")
	}
	d.Birth, d.Expiry = f.dates()
	d.Nationality = f.nationality()
	switch s := fold(value(f.rows, sexLabel)); {
	case strings.HasPrefix(s, "F"):
		d.Sex = "F"
	case strings.HasPrefix(s, "M"):
		d.Sex = "M"
	}
	d.GivenNames, d.Surname = f.names()
}

// nationality is the country's code where the card names it.
func (f front) nationality() string {
	v := value(f.rows, nationalityLabel)
	if has(fold(v), "DOMINICANA") {
		return issuer
	}
	return strings.TrimSpace(strings.ToUpper(v))
}

// dates are those of birth and expiry: by their labels, or else, of two or more, the
// first and the last there are.
func (f front) dates() (birth, expiry mrz.Date) {
	birth, _ = dateIn(value(f.rows, birthLabel))
	for _, label := range expiryLabels {
		if d, ok := dateIn(value(f.rows, label)); ok {
			expiry = d
			break
		}
	}
	var all []mrz.Date
	for _, l := range f.rows {
		if d, ok := dateIn(l.Text); ok {
			all = append(all, d)
		}
	}
	if len(all) < 2 {
		return birth, expiry
	}
	slices.SortFunc(all, func(a, b mrz.Date) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	if !birth.Known() {
		birth = all[0]
	}
	if last := all[len(all)-1]; !expiry.Known() && before(birth, last) {
		expiry = last
	}
	return birth, expiry
}

// names are the given names and the surnames: by their labels or, as cards have none,
// the last two lines of capitals that are no field's, of which the given names come
// first.
func (f front) names() (given, surname string) {
	given, surname = name(value(f.rows, givenLabel)), name(value(f.rows, surnameLabel))
	if given != "" && surname != "" {
		return given, surname
	}
	var values []string
	for _, label := range slices.Concat(otherLabels, []string{nationalityLabel, sexLabel, birthLabel}) {
		values = append(values, value(f.rows, label))
	}
	var free []string
	for _, l := range f.rows {
		n := name(l.Text)
		if n == "" || l.label || slices.Contains(values, l.Text) || isHeading(l.folded) {
			continue
		}
		free = append(free, n)
	}
	if len(free) < 2 {
		return "", ""
	}
	return free[len(free)-2], free[len(free)-1]
}

func isHeading(folded string) bool {
	return has(folded, republic) || slices.ContainsFunc(own, func(w string) bool { return has(folded, w) })
}

// name is a text in capitals if it may be a name: letters, spaces, hyphens and
// apostrophes, and at least two letters; else it is empty.
func name(text string) string {
	upper := strings.ToUpper(strings.TrimSpace(text))
	letters := 0
	for _, r := range upper {
		switch {
		case unicode.IsLetter(r):
			letters++
		case !strings.ContainsRune(" -'’.", r):
			return ""
		}
	}
	if letters < 2 {
		return ""
	}
	return upper
}
